"""What the student sees: traces as tokens, which of them carry loss, in which order and batches."""
