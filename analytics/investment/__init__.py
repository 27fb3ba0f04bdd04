"""Investment: what winning and keeping a customer is worth, and where the next amount of money should go."""
