"""What came of money spent: cost per customer won, and returns, each under its own name."""
