"""The import wizard: a file is sent, understood, checked and written, and its result shown."""
