"""Suggestions: from the names of the columns and from what is in them, each with its confidence and reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from core.imports.detection.columns import Column
from core.imports.mapping import synonyms
from core.imports.mapping.synonyms import Export
from core.imports.mapping.targets import Target
from core.registry.types import Boolean, Date, DateTime, DecimalNumber, Email, Id, Integer, Number, Phone, Url

SURE, LIKELY, GUESS = 1.0, 0.9, 0.6
# A word that stands for several things stands for the first of them, where that is free.
RANK = 0.05
# From here on the name itself says it.
NAMED = 0.8
CUTOFF = 84
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Suggestion:
    """What a column is proposed to become: a target's name, between 0 and 1 how sure that is, and why."""

    target: str
    confidence: float
    reason: str


def suggest(entity: str, columns: Sequence[Column], targets: Mapping[str, Target]) -> dict[str, Suggestion]:
    """The best suggestion for each column; no target is proposed twice."""
    program = synonyms.export_of(entity, {plain(column.name) for column in columns})
    offers = [
        (offer, column.name)
        for column in columns
        for offer in (_told(program, column, targets) if program else _offers(entity, column, targets))
    ]
    found: dict[str, Suggestion] = {}
    for offer, column in sorted(offers, key=lambda item: -item[0].confidence):
        if column not in found and not any(_clash(offer.target, other.target, targets) for other in found.values()):
            found[column] = offer
    return {column.name: found[column.name] for column in columns if column.name in found}


def _clash(target: str, other: str, targets: Mapping[str, Target]) -> bool:
    """Whether two columns would write the same field."""
    one, two = targets[target], targets[other]
    return target == other or (one.field is not None and one.field is two.field)


def _told(program: Export, column: Column, targets: Mapping[str, Target]) -> list[Suggestion]:
    """In the export of a known program, a column is what that program calls so, and nothing else."""
    target = program.words.get(plain(column.name), "")
    if target not in targets:
        return []
    return [Suggestion(target, SURE, f"In an export of {program.title}, {column.name!r} is {target}.")]


def _offers(entity: str, column: Column, targets: Mapping[str, Target]) -> list[Suggestion]:
    name = plain(column.name)
    offers = []
    by_label = {plain(item.label): item.name for item in targets.values()}
    by_label |= {plain(item.name): item.name for item in targets.values()}
    exact = by_label.get(name)
    if exact:
        offers.append(Suggestion(exact, SURE, f"The column is called {column.name!r}."))
    for rank, known in enumerate(item for item in synonyms.of(entity, name) if item in targets):
        text = f"{column.name!r} is another word for {known}."
        offers.append(Suggestion(known, round(LIKELY - rank * RANK, 2), text))
    if not offers and len(name) > 3:
        label = _closest(name, list(by_label))
        if label:
            score = round(fuzz.token_sort_ratio(name, label) / 100 * LIKELY, 2)
            offers.append(Suggestion(by_label[label], score, f"{column.name!r} is close to {label!r}."))
    offers = [offer for offer in offers if _fits(column, targets[offer.target], named=offer.confidence >= NAMED)]
    for kind, shape in ((Email, "email"), (Phone, "phone"), (Url, "url")):
        if column.shape == shape:
            offers += [
                Suggestion(item.name, GUESS, f"The values are of the kind {shape}.")
                for item in targets.values()
                if isinstance(item.type, kind) and item.relation is None and item.custom is None
            ]
    return offers


def _closest(name: str, labels: Sequence[str]) -> str | None:
    found = process.extractOne(name, labels, scorer=fuzz.token_sort_ratio, score_cutoff=CUTOFF)
    return str(found[0]) if found else None


def _fits(column: Column, target: Target, *, named: bool) -> bool:
    """Whether what is in the column could be of the target's type; texts may be faults, where the name says it."""
    kind, shape = target.type, column.shape
    if shape == "empty" or (named and shape == "text"):
        return True
    if isinstance(kind, Email):
        return shape == "email"
    if isinstance(kind, Date | DateTime):
        return shape == "date" or column.date_format == "excel" or (shape == "number" and column.date_format != "y-m-d")
    if isinstance(kind, Integer | DecimalNumber | Number):
        return shape in ("number", "boolean")
    if isinstance(kind, Boolean):
        return shape in ("boolean", "number")
    return shape == "id" if isinstance(kind, Id) else True


def plain(name: str) -> str:
    """A name without case, accents, punctuation and the seams of camelCase."""
    spaced = _CAMEL.sub(" ", name)
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(mark))
    return " ".join(re.sub(r"[^\w]+|_", " ", bare).split()).casefold()
