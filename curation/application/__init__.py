"""The inside of an application of a recipe: rows, states, verdicts, ledger."""
