"""How fast the APIs are, against a bare WSGI application over the same rows; and how they hold at a million contacts."""
