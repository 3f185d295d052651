"""What ships with Winnow: sample traces, a benchmark, a base student and their generator."""
