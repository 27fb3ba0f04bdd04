"""Writes of analytics: computations and what they store."""
