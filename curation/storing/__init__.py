"""What the store rests on: versions of its tables, the scores, what is taken in, damage, and making it anew."""
