"""Writes: validation, scope, history and events on one path."""
