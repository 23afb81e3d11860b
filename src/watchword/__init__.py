"""Watchword decides when an action needs proof, sends the code, checks it and hands over a grant."""

__version__ = "0.1.0.dev0"
