"""Which column becomes what."""
