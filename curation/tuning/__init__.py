"""What a researcher asks of a recipe while tuning it."""
