"""What to offer a customer next: what they buy again, what goes with it, or anything at all. Pure mathematics."""
