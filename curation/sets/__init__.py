"""What is done with curated sets: freezing, rebuilding, comparing, certifying."""
