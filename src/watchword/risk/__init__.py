"""Turns what is known about an action into signals, a score and a decision; pure, and ignorant of where its facts came from."""
