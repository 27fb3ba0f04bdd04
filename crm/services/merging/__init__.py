"""The engine of merges: moves what points at one record to another, folds their values, and undoes both exactly.

It knows no kind of record by name: `rules.MergeRules` says what is particular to one.
"""
