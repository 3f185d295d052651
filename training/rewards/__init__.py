"""Rewards of rollouts: parts, and one expression over them."""
