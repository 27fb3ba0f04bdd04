"""The database engine and what is prepared on it."""
