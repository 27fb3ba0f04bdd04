"""Invented names for the households of the grocery data, which has none: plainly fictional, the same at every load."""

from __future__ import annotations

_FIRST = (
    "Alba", "Bran", "Cleo", "Dario", "Edda", "Falk", "Gwen", "Hugo", "Inga", "Jonas", "Kaia", "Leif", "Mira", "Nico",
    "Odile", "Piet", "Quinn", "Runa", "Sven", "Thea", "Ulla", "Vito", "Wilma", "Xaver", "Yara", "Zeno", "Ansel",
    "Berit", "Corin", "Delia", "Emil",
)  # fmt: skip
_BEFORE = (
    "Amber", "Birch", "Clover", "Dapple", "Elder", "Fennel", "Ginger", "Hazel", "Ivory", "Juniper", "Kestrel", "Linden",
    "Maple", "Nettle", "Oaken", "Pepper", "Quince", "Rowan", "Saffron", "Thistle", "Umber", "Violet", "Willow",
)  # fmt: skip
_AFTER = ("basket", "crumb", "dale", "field", "ford", "kettle", "larder", "mead", "pantry", "spoon", "well")


def household_name(number: int) -> tuple[str, str]:
    """First and last name of a household; numbers up to 7,843 get different ones."""
    rest, first = divmod(number, len(_FIRST))
    rest, before = divmod(rest, len(_BEFORE))
    return _FIRST[first], _BEFORE[before] + _AFTER[rest % len(_AFTER)]


def household_email(number: int) -> str:
    """An address in a domain that is reserved for examples."""
    first, last = household_name(number)
    return f"{first}.{last}.{number}@example.com".lower()


def staff_email(name: str) -> str:
    return f"{name.replace(' ', '.')}@example.com".lower()
