"""Names of the registry (snake_case, plural-with-dashes) as GraphQL spells them."""

from __future__ import annotations

import re

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
# A value of an enum may be any name but these.
_NO_ENUM_VALUES = frozenset({"true", "false", "null"})


def camel(name: str) -> str:
    """created_at -> createdAt, price-tiers -> priceTiers, analytics/runs -> analyticsRuns."""
    first, *rest = re.split(r"[_/-]+", name)
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def pascal(name: str) -> str:
    """created_at -> CreatedAt."""
    spelled = camel(name)
    return spelled[:1].upper() + spelled[1:]


def is_enum(words: tuple[str, ...]) -> bool:
    """Whether these words can be the values of an enum, spelled as they are."""
    return bool(words) and all(
        _NAME.fullmatch(word) and not word.startswith("__") and word not in _NO_ENUM_VALUES for word in words
    )
