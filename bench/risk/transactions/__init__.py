"""Measures the purchase part of the risk score on simulated card transactions."""
