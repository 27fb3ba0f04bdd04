"""Segments: their definitions, their members, and how these are kept in step with what is recorded."""
