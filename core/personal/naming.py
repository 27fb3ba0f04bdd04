"""Texts beside records of people in which somebody may be named: a rule's criteria, a kept mapping, a job's message.

Their models say which (`Record.may_name`). When a person is erased, their words there are replaced by others of the
same form, so that criteria stay criteria, and find nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from core.models.change import Change
from core.models.record import Record
from core.personal.forgetting import forget_history

# What stands in the place of a word. Addresses that are nobody's (RFC 2606; numbers set aside for fiction).
NAME, EMAIL, PHONE = "erased", "erased@example.com", "+12025550100"
# Shorter words are found in too much that means nobody.
SHORTEST = 4
_NAME_FIELDS = frozenset({"name", "last_name", "external_id"})


@dataclass(frozen=True)
class Words:
    """By what somebody is recognised in a text.

    names: whole ones. loose: last names and external ids, which may be words for other things too: in criteria and
    other structures they count where the field beside them holds such.
    """

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()

    @cached_property
    def kinds(self) -> tuple[tuple[str | None, str], ...]:
        """Patterns, each with what takes the place of what it finds; sure ones before loose ones."""
        phones = (r"\+?" + r"[ ().\-]*".join(re.sub(r"\D", "", one)) for one in self.phones)
        given = (
            (map(re.escape, self.emails), EMAIL),
            (phones, PHONE),
            (map(re.escape, _long(self.names)), NAME),
        )
        return tuple((_pattern(words), place) for words, place in given)

    @cached_property
    def loose_pattern(self) -> str | None:
        return _pattern(map(re.escape, _long(self.loose)))

    @property
    def any_pattern(self) -> str | None:
        """One pattern for all, for PostgreSQL as for Python; None where there is no word."""
        found = [one for one in (*(one for one, _ in self.kinds), self.loose_pattern) if one]
        return "|".join(found) or None

    def out_of(self, text: str, *, loosely: bool = True) -> str:
        """The text without them."""
        for pattern, place in (*self.kinds, *([(self.loose_pattern, NAME)] if loosely else [])):
            if pattern:
                text = re.sub(f"(?<![^\\W_])(?:{pattern})(?![^\\W_])", place, text, flags=re.IGNORECASE)
        return text

    def out_of_json(self, value: Any, *, field: str = "") -> Any:
        """The value without them, names of keys included."""
        if isinstance(value, str):
            return self.out_of(value, loosely=field.rpartition(".")[2] in _NAME_FIELDS)
        if isinstance(value, list):
            return [self.out_of_json(item, field=field) for item in value]
        if isinstance(value, dict):
            about = value.get("field")
            named = about if isinstance(about, str) else ""
            return {
                self.out_of(key, loosely=False): self.out_of_json(item, field=named if key == "value" else key)
                for key, item in value.items()
            }
        return value


def forget(words: Words) -> None:
    """Replace the words in every text that may name somebody, and drop old values with them from the history."""
    pattern = words.any_pattern
    if pattern is None:
        return
    for model in _models():
        _forget_history(model, pattern)
        rows = model._default_manager.filter(_holds(model.may_name, pattern)).order_by("pk")
        for row in rows.values("pk", *model.may_name).iterator():
            key = row.pop("pk")
            left = {name: _cleaner(model, name, words)(value) for name, value in row.items() if value is not None}
            changed = {name: value for name, value in left.items() if value != row[name]}
            if changed:
                model._default_manager.filter(pk=key).update(**changed)
                # After it: the update itself is noted with what was there before.
                forget_history(model, [key], sorted(changed))


def _forget_history(model: type[Record], pattern: str) -> None:
    told = Change.objects.filter(entity=model.entity_name(), record_id__in=model._default_manager.values("pk"))
    ids = told.filter(_holds(("before", "after"), pattern)).values_list("record_id", flat=True).distinct()
    forget_history(model, sorted(ids), list(model.may_name))


def _models() -> Iterator[type[Record]]:
    for model in sorted(apps.get_models(), key=lambda item: item._meta.label):
        if issubclass(model, Record) and model.may_name:
            yield model


def _holds(columns: tuple[str, ...], pattern: str) -> Q:
    return reduce(or_, (Q(**{f"{name}__iregex": pattern}) for name in columns))


def _cleaner(model: type[Record], name: str, words: Words) -> Callable[[Any], Any]:
    column: Any = model._meta.get_field(name)
    if isinstance(column, models.JSONField):
        return words.out_of_json
    return lambda text: words.out_of(text)[: column.max_length]


def _long(words: frozenset[str]) -> list[str]:
    return [word for word in words if len(word) >= SHORTEST]


def _pattern(words: Any) -> str | None:
    # The longest first: of two that begin alike the whole is found.
    return "|".join(sorted(words, key=lambda word: (-len(word), word))) or None
