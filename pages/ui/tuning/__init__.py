"""A recipe on screen while it is edited: steps, funnel, and what is asked of its outcome."""
