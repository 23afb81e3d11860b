"""Turns what is known about an action into signals, a score and a decision; it asks nobody for facts."""
