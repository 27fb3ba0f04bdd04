"""Import: files of rows become records, by the same rules as through any other door."""
