"""How fast the APIs are, against a bare application over the same rows; and how they hold at a million contacts."""
