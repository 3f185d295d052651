"""Evaluations, comparisons and studies on screen."""
