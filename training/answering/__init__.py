"""What strategies and evaluations share: votes, samples, journals, step scorers."""
