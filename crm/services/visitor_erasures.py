"""What somebody did before anybody knew who they are, and what was taken from them since: it is erased with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import orjson
from django.db.models import Q

from core.ids import new_id
from core.personal import forgetting
from crm.models import Event, Identifier, IdentifierKind, Tie, TieRows, Touch
from crm.models.event import MAY_NAME
from crm.models.touch import MAY_LEAD_TO
from crm.services.visitor_ties import kinds_of_visitors

_ADDRESS = re.compile(r"[\w.+'-]+@[\w.-]+\w")
_PHONE = re.compile(r"\+[\d ().-]{6,}\d")
_TEXTS: Mapping[Any, tuple[str, ...]] = {Event: ("context", "properties"), Touch: ("url", "referrer")}
_CHUNK = 2_000


def visitors(people: Collection[UUID]) -> set[str]:
    """The anonymous ids by which they were ever known."""
    known = Identifier.objects.filter(contact__in=people, kind=IdentifierKind.ANONYMOUS_ID)
    found = set(known.values_list("value", flat=True))
    for model in kinds_of_visitors():
        rows = model._default_manager.filter(contact__in=people, anonymous_id__isnull=False)
        found |= set(rows.values_list("anonymous_id", flat=True).distinct())
    return found


def forget(found: Collection[str], *, at: datetime) -> None:
    """Empty what these visitors did and is nobody's. They get another name: counts of visitors stay as they were."""
    for visitor in sorted(found):
        changed = {"anonymous_id": f"erased-{new_id()}"}
        for model in kinds_of_visitors():
            rows = model._default_manager.filter(anonymous_id=visitor, contact__isnull=True)
            ids = list(rows.order_by("pk").values_list("pk", flat=True))
            forgetting.forget_rows(model, ids, at=at, remove=False, changed=changed)


def forget_taken(people: Collection[UUID], words: Collection[str], *, at: datetime) -> None:
    """What was tied from them to others, or untied: it is emptied where it names them. Before their ties are."""
    found = Tie.objects.filter(Q(previous_contact__in=people) | Q(contact__in=people, untied_at__isnull=False))
    by_model = {Event: set(found.exclude(event=None).values_list("event_id", flat=True)), Touch: set[UUID]()}
    for label, ids in TieRows.objects.filter(tie__in=found).values_list("model", "ids"):
        for model, keys in by_model.items():
            keys.update(ids if model._meta.label == label else ())
    lowered = [word.lower() for word in words]
    for model, keys in by_model.items():
        rows = model._default_manager.filter(pk__in=keys).exclude(contact__in=people)
        named = [
            key
            for key, *texts in rows.values_list("pk", *_TEXTS[model])
            if any(word in text for text in [_plain(texts).lower()] for word in lowered)
        ]
        _empty(model, named, at)


def forget_named(knows: Callable[[str, str], bool], *, at: datetime) -> None:
    """Nobody's events and touches that hold an address of theirs, and whatever else the same visitors did."""
    found: set[str] = set()
    for model, condition in ((Event, MAY_NAME), (Touch, MAY_LEAD_TO)):
        rows = model._default_manager.filter(condition).values_list("pk", "anonymous_id", *_TEXTS[model])
        named: list[UUID] = []
        for key, visitor, *texts in rows.iterator(chunk_size=_CHUNK):
            if not _names(_plain(texts), knows):
                continue
            if visitor:
                found.add(visitor)
            else:
                named.append(key)
        _empty(model, named, at)
    forget(found, at=at)


def _empty(model: Any, ids: Sequence[UUID], at: datetime) -> None:
    # A touch without a contact needs a visitor.
    changed = {"anonymous_id": f"erased-{new_id()}"} if model is Touch else {}
    forgetting.forget_rows(model, ids, at=at, remove=False, changed=changed)


def _plain(texts: Sequence[Any]) -> str:
    """What they say, with addresses as they are read."""
    return unquote(" ".join(text if isinstance(text, str) else orjson.dumps(text).decode() for text in texts if text))


def _names(text: str, knows: Callable[[str, str], bool]) -> bool:
    return any(knows(channel, address) for channel, address in _addresses(text))


def _addresses(text: str) -> Iterator[tuple[str, str]]:
    yield from (("email", one) for one in _ADDRESS.findall(text))
    yield from (("phone", one) for one in _PHONE.findall(text))
