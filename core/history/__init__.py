"""History of every change: triggers that write it, the context that says who acts, and the feed that reads it."""
