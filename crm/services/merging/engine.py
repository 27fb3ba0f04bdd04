"""Merging two locked records, and undoing it. Who may, and what is told of it, is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from core.models.record import Record
from crm.models import Merge
from crm.services.merging import atoms, custom_references, made, moves
from crm.services.merging.atoms import Snapshot
from crm.services.merging.references import references_to
from crm.services.merging.rules import MergeRules


def merge(
    rules: MergeRules, *, winner: Record, loser: Record, chosen: Mapping[str, str], by: str, at: datetime
) -> Merge:
    """Move everything that points at the loser to the winner, fold their values, and delete the loser.

    Both are locked and alive. The order matters to unique values: the loser gives them up before the winner takes them.
    """
    before = atoms.read(rules, [winner.pk, loser.pk])
    ours, theirs = before[winner.pk], before[loser.pk]
    result = atoms.fold(rules, ours, theirs, chosen)
    record = Merge(
        winner_id=winner.pk, loser_id=loser.pk, position=_next_position(winner.pk), at=at, by=by, chosen=dict(chosen),
        created_at=at, updated_at=at, state=_state(ours, theirs, result),
    )  # fmt: skip
    record.save(force_insert=True)
    record.counts = _move_all(rules, record, at)
    rules.model.objects.filter(pk=loser.pk).update(
        deleted_at=at, merged_into=winner.pk, version=loser.version + 1, updated_at=at
    )
    atoms.write(rules, winner.pk, ours, result, at)
    rules.make_further(record, at)
    record.save(update_fields=["counts"])
    return record


def unmerge(rules: MergeRules, *, record: Merge, winner: Record, loser: Record, by: str, at: datetime) -> None:
    """Undo one merge: the rows that it moved and that still point at the winner go back, and so do values that nobody
    has changed since. Later merges into the same winner are put on the ground that is there without this one.
    """
    later = list(
        Merge.objects.filter(winner=winner.pk, undone_at=None, position__gt=record.position).order_by("position")
    )
    present = atoms.read(rules, [winner.pk])[winner.pk]
    wanted = without(rules, record, later, present)
    made.remove(record)
    atoms.write(rules, winner.pk, present, wanted, at)
    for other in later:
        made.remove_needless(other)
    rules.model.objects.filter(pk=loser.pk).update(
        deleted_at=None, merged_into=None, version=loser.version + 1, updated_at=at
    )
    for reference in references_to(rules.model):
        moves.move_back(record, reference, later=[other.pk for other in later], at=at)
    for place in custom_references.places(rules.model):
        custom_references.move_back(record, place, later=[other.pk for other in later], at=at)
    for other in later:
        other.save(update_fields=["state"])
        rules.make_further(other, at)
    record.undone_at, record.undone_by = at, by
    record.version, record.updated_at = record.version + 1, at
    record.save(update_fields=["undone_at", "undone_by", "version", "updated_at"])


def without(rules: MergeRules, record: Merge, later: Sequence[Merge], present: Snapshot) -> Snapshot:
    """The winner without this merge. The states of the later ones are changed to what they would have found.

    Each atom is followed through the later merges as long as each found what the one before left; where somebody
    changed it in between, that change stands.
    """
    states = {item.pk: {name: Snapshot.of(part) for name, part in item.state.items()} for item in (record, *later)}
    own = states[record.pk]
    wanted = dict(present.atoms)
    for key in {key for state in states.values() for part in state.values() for key in part.atoms}:
        value, left = own["before"].atoms.get(key), own["after"].atoms.get(key)
        for other in later:
            state = states[other.pk]
            if state["before"].atoms.get(key) != left:
                break
            left = state["after"].atoms.get(key)
            _put(state["before"].atoms, key, value)
            value = rules.fold(key, value, state["loser"].atoms.get(key), other.chosen)
            _put(state["after"].atoms, key, value)
        else:
            if present.atoms.get(key) == left:
                _put(wanted, key, value)
    for other in later:
        state = states[other.pk]
        for part in ("before", "after"):
            state[part].tags = atoms.tags_of(state[part].atoms, own["before"], state[part])
        other.state = {name: part.as_json() for name, part in state.items()}
    return Snapshot(wanted, atoms.tags_of(wanted, present, own["before"]))


def _put(values: dict[str, str], key: str, value: str | None) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def _state(before: Snapshot, loser: Snapshot, after: Snapshot) -> dict[str, Any]:
    return {"before": before.as_json(), "loser": loser.as_json(), "after": after.as_json()}


def _next_position(winner: UUID) -> int:
    last: int | None = Merge.objects.filter(winner=winner).aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _move_all(rules: MergeRules, record: Merge, at: datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reference in references_to(rules.model):
        clashing = reference.clashing(record.winner_id, record.loser_id)
        moves.keep(record, reference, clashing)
        stay = clashing | reference.derived_ids(record.loser_id)
        moved = moves.move(record, reference, stay=stay, at=at)
        if moved:
            counts[reference.entity] = counts.get(reference.entity, 0) + moved
    for place in custom_references.places(rules.model):
        moved = custom_references.move(record, place, at=at)
        if moved:
            counts[place.entity] = counts.get(place.entity, 0) + moved
    return counts
