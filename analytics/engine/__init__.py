"""The engine: DuckDB over the lake's files, within limits of memory and threads."""
