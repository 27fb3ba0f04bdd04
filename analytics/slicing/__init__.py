"""Slices: any dimension by any measure, over a derived store of numbers that web processes map into their memory."""
