"""Django's PostgreSQL backend, with two savings on the way of every request: see `base` and `cursors`."""
