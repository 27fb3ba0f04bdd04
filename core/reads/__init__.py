"""Reads: scoped rows in wire form for every transport, keyset pages, aggregates."""
