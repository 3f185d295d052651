"""Training: objectives, strategies, evaluation and comparison of students."""
