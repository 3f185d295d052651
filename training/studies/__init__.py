"""Studies: what changes in a student when a parameter of its recipe, objective or strategy changes."""
