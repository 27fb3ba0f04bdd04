"""Reads of analytics: stored results."""
