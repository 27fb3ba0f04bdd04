"""How many entries a page has."""

from __future__ import annotations

from core.errors import Invalid

MAX_LIMIT = 200


def check_limit(limit: int, most: int = MAX_LIMIT) -> None:
    """Raises Invalid for a page of none, or of more than `most`."""
    if not 1 <= limit <= most:
        raise Invalid.one("/limit", "out_of_range", f"Must be between 1 and {most}.")
