"""What the cells of a column mean: numbers, dates, yes and no, in the ways that people write them."""
