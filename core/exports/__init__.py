"""Export: everything that a search finds as a file, as its asker may see it, in one consistent snapshot."""
