"""What goes on around a trainer: metrics, checkpoints, held-out problems, several processes."""
