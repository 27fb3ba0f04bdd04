"""Writers of files, one per kind."""
