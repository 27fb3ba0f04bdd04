"""Identifiers that a merge makes for the winner: what the two were known by and the winner's columns do not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from core.ids import new_id
from crm.models import Identifier, IdentifierKind, Merge, MergeMove
from crm.selectors.identifiers import Key

_COLUMNS = {"email": IdentifierKind.EMAIL, "phone": IdentifierKind.PHONE, "external_id": IdentifierKind.EXTERNAL_ID}
_LABEL = Identifier._meta.label


def make(record: Merge, at: datetime) -> None:
    """Make those that the winner is not known by yet."""
    known = _live(record)
    wanted = [(key, whose) for key, whose in _known_by(record) if key not in known]
    rows = [
        Identifier(
            id=new_id(), contact_id=record.winner_id, kind=key.kind, system=key.system, value=key.value,
            evidence={"merge_id": str(record.pk), "contact_id": whose}, first_seen_at=record.at,
            last_seen_at=record.at, created_at=at, updated_at=at,
        )
        for key, whose in dict(wanted).items()
    ]  # fmt: skip
    # Somebody else may have taken one in the meantime: then it is theirs.
    Identifier.objects.bulk_create(rows, ignore_conflicts=True)
    ids = [str(key) for key in Identifier.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)]
    if ids:
        MergeMove.objects.create(
            merge=record, kind=MergeMove.Kind.MADE, model=_LABEL, column="contact", ids=sorted(ids)
        )


def remove(record: Merge) -> None:
    """Take back all that the merge made."""
    Identifier.objects.filter(pk__in=_made(record), contact=record.winner_id).delete()


def remove_needless(record: Merge) -> None:
    """Take back what the merge would not have made, as its state is now."""
    needed = {key for key, _ in _known_by(record)}
    for row in Identifier.objects.filter(pk__in=_made(record), contact=record.winner_id):
        if Key(row.kind, row.value, row.system) not in needed:
            row.delete()


def _made(record: Merge) -> list[str]:
    found = MergeMove.objects.filter(merge=record, kind=MergeMove.Kind.MADE, model=_LABEL).values_list("ids", flat=True)
    return [key for ids in found for key in ids]


def _known_by(record: Merge) -> Iterator[tuple[Key, str]]:
    """The own columns of both as they were, and whose each was."""
    for side, whose in (("before", record.winner_id), ("loser", record.loser_id)):
        values = record.state[side]["atoms"]
        for column, kind in _COLUMNS.items():
            text = values.get(f"column:{column}")
            if text is not None:
                yield Key(str(kind), json.loads(text)), str(whose)


def _live(record: Merge) -> set[Key]:
    rows = Identifier.objects.alive().filter(contact=record.winner_id).values_list("kind", "value", "system")
    return {Key(*row) for row in rows}
