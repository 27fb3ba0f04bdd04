"""How sure it is that two contacts are one person: what speaks for it and against it, and the score of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from rapidfuzz import fuzz, utils

from crm.selectors import nicknames

# What the scoring reads of a contact.
COLUMNS = ("id", "name", "first_name", "last_name", "email", "phone", "company_id", "city", "birth_date")
# What a different birth date leaves of the score: the most that such a pair can reach.
OTHER_BIRTH_DATE = 0.3
# A short form of a name says a little less than the name.
NICKNAME = 0.95


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for two contacts being one person, or (below 0) against it."""

    name: str
    text: str
    weight: float


def signals(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[Signal, ...]:
    """What two contacts have in common, and what tells them apart."""
    found = [*_of_name(one, other), *_of_email(one, other)]
    found += _same("phone", one, other, same=0.75, text="same phone")
    found += _same("birth_date", one, other, same=0.6, text="same birth date", differs=OTHER_BIRTH_DATE - 1)
    found += _same("company_id", one, other, same=0.3, text="same company")
    found += _same("city", one, other, same=0.15, text="same city")
    return tuple(sorted(found, key=lambda item: (-item.weight, item.name)))


def score(found: Iterable[Signal]) -> Decimal:
    """The signals together: each takes its share of the doubt that the others leave; what differs takes away."""
    doubt, against = 1.0, 1.0
    for item in found:
        if item.weight >= 0:
            doubt *= 1 - item.weight
        else:
            against *= 1 + item.weight
    return Decimal(str(round((1 - doubt) * against, 3)))


def reasons(found: Iterable[Signal]) -> list[dict[str, str]]:
    """The signals in their wire form."""
    return [{"signal": item.name, "text": item.text, "weight": f"{item.weight:.3f}"} for item in found]


def _of_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Signal]:
    ours, theirs = (_words(row) for row in (one, other))
    if not ours or not theirs:
        return
    # Words in any order: "Alder, Ada" is "Ada Alder".
    alike = fuzz.token_sort_ratio(ours, theirs) / 100
    if alike < NICKNAME:
        full = fuzz.token_sort_ratio(nicknames.spelled_out(ours), nicknames.spelled_out(theirs)) / 100
        alike = max(alike, NICKNAME * full)
    if alike >= 0.6:
        # From nothing at 0.6 to 0.45 for the same name: a name alone is shared by many.
        yield Signal("name", f"name {alike:.2f}", round(0.45 * ((alike - 0.6) / 0.4), 3))
    else:
        yield Signal("name", f"name {alike:.2f}", -0.4)


def _words(row: Mapping[str, Any]) -> str:
    return _plain(" ".join(filter(None, (row["first_name"], row["last_name"]))))


# A scan meets the same people again and again.
@lru_cache(maxsize=20_000)
def _plain(text: str) -> str:
    return str(utils.default_process(text))


def _of_email(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Signal]:
    if not one["email"] or not other["email"]:
        return
    (ours, _, domain), (theirs, _, domain_of_other) = (row["email"].partition("@") for row in (one, other))
    if ours == theirs and len(ours) > 4:
        yield Signal("email", "same e-mail name", 0.5)
    elif fuzz.ratio(ours, theirs) >= 85:
        yield Signal("email", f"e-mail {fuzz.ratio(ours, theirs) / 100:.2f}", 0.35)
    if domain == domain_of_other and domain not in settings.COMMON_MAIL_DOMAINS:
        yield Signal("domain", "same e-mail domain", 0.2)


def _same(
    column: str, one: Mapping[str, Any], other: Mapping[str, Any], *, same: float, text: str, differs: float = 0
) -> list[Signal]:
    ours, theirs = one[column], other[column]
    if ours is None or theirs is None:
        return []
    if ours == theirs:
        return [Signal(column.removesuffix("_id"), text, same)]
    return [Signal(column.removesuffix("_id"), text.replace("same", "other"), differs)] if differs else []
