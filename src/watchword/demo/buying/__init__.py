"""Buying: shelves, basket, checkout and what was ordered."""
