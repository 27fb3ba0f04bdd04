"""Many records created or updated in a few statements: what comes of it is what one by one would have left behind.

Validation, rules, references, scope, history and events are those of `Writes`; only the number of statements differs.
Every record succeeds or fails by itself. Rules are asked for all records at once (`prepare_many`, `saved_many`); where
they refuse, it is found out for whom, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from core import events
from core.actors import Actor
from core.database.copying import copy_records
from core.errors import DomainError, Forbidden
from core.history.context import acting
from core.personal import erased
from core.writes import inputs, many
from core.writes.base import Write, Writes, has_unstored
from core.writes.settling import Draft, Later, Refused, Result, reason, settle


def create_many(
    writes: Writes[Any], *, actor: Actor, values: Sequence[Mapping[str, Any]], at: datetime, cleaned: bool = False
) -> list[Result]:
    """Make records from raw input (or from what `inputs.clean` has made of it); a result for each, in their order.

    Raises Forbidden where the actor may create none at all, and what says that the database cannot do it now.
    """
    writes._offer("create", actor)
    results = [Result() for _ in values]
    drafts = _drafts(writes, actor, values, results, cleaned=cleaned)
    if not many.may_be_together(writes, "create"):
        raw = _raw(writes, values, cleaned)
        return _one_by_one(drafts, results, lambda draft: writes.create(actor=actor, values=raw[draft.index], at=at))
    with transaction.atomic():
        writes.begin_many([draft.values for draft in drafts])
        drafts = _with_custom(writes, drafts, results)
        acting(actor, at)
        drafts = _with_references(writes, actor, drafts, results)
        settle(drafts, results, lambda some: _create(writes, some, actor, at))
    return results


def update_many(
    writes: Writes[Any],
    *,
    actor: Actor,
    ids: Sequence[UUID],
    values: Sequence[Mapping[str, Any]],
    at: datetime,
    cleaned: bool = False,
) -> list[Result]:
    """Change the named fields of records, each named once; a result for each, in their order. Raises Forbidden."""
    writes._offer("update", actor)
    results = [Result() for _ in values]
    drafts = _drafts(writes, actor, values, results, cleaned=cleaned, partial=True)
    for draft in drafts:
        draft.record_id = ids[draft.index]
    if not many.may_be_together(writes, "update"):
        raw = _raw(writes, values, cleaned)
        return _one_by_one(drafts, results, lambda draft: _updated(writes, actor, ids, raw, at, draft))
    with transaction.atomic():
        writes.begin_many([draft.values for draft in drafts])
        drafts = _with_custom(writes, drafts, results)
        acting(actor, at)
        settle(drafts, results, lambda some: _update(writes, some, actor, at, results))
    return results


def _updated(
    writes: Writes[Any],
    actor: Actor,
    ids: Sequence[UUID],
    values: Sequence[Mapping[str, Any]],
    at: datetime,
    one: Draft,
) -> Any:
    return writes.update(actor=actor, record_id=ids[one.index], values=values[one.index], at=at)


def _drafts(
    writes: Writes[Any],
    actor: Actor,
    values: Sequence[Mapping[str, Any]],
    results: list[Result],
    *,
    cleaned: bool,
    partial: bool = False,
) -> list[Draft]:
    if cleaned:
        return [Draft(index, given) for index, given in enumerate(values)]
    drafts = []
    for index, given in enumerate(values):
        try:
            drafts.append(
                Draft(index, inputs.clean(writes.entity, given, actor=actor, partial=partial, with_custom=False))
            )
        except DomainError as refusal:
            results[index].error = refusal
    return drafts


def _with_custom(writes: Writes[Any], drafts: Sequence[Draft], results: list[Result]) -> list[Draft]:
    """The drafts whose custom fields fit the definitions that hold now, which are locked by now and read once."""
    entity, column = writes.entity, writes.entity.custom_column or ""
    definitions = entity.definitions() if any(column in draft.values for draft in drafts) else {}
    fitting = []
    for draft in drafts:
        try:
            if column in draft.values:
                given = inputs.clean_custom(entity, draft.values[column], definitions)
                draft.values = {**draft.values, column: given}
            fitting.append(draft)
        except DomainError as refusal:
            results[draft.index].error = refusal
    return fitting


def _raw(writes: Writes[Any], values: Sequence[Mapping[str, Any]], cleaned: bool) -> Sequence[Mapping[str, Any]]:
    """The values as the verbs for one take them, which read them themselves."""
    if not cleaned:
        return values
    kinds = writes.entity.by_name
    return [
        {name: None if value is None else kinds[name].type.dump(value) for name, value in given.items()}
        for given in values
    ]


def _one_by_one(drafts: Sequence[Draft], results: list[Result], write: Callable[[Draft], Any]) -> list[Result]:
    """For entities whose writing is more than their rules."""
    for draft in drafts:
        result = results[draft.index]
        try:
            with transaction.atomic():
                result.record = write(draft)
            result.changed = True
        except (DomainError, DatabaseError) as refusal:
            result.error = reason(refusal)
    return results


def _with_references(writes: Writes[Any], actor: Actor, drafts: Sequence[Draft], results: list[Result]) -> list[Draft]:
    wrong = many.missing_references(writes.entity, [draft.values for draft in drafts], actor=actor)
    for place, refusal in wrong.items():
        results[drafts[place].index].error = refusal
    return [draft for place, draft in enumerate(drafts) if place not in wrong]


def _create(writes: Writes[Any], drafts: list[Draft], actor: Actor, at: datetime) -> None:
    entity = writes.entity
    records = many.blanks(entity.model, at, len(drafts))
    inputs.assign_new(entity, records, [draft.values for draft in drafts])
    changes = []
    for draft, record in zip(drafts, records, strict=True):
        # A copy: rules note what they work out among the values.
        change = Write(actor=actor, at=at, record=record, values=dict(draft.values), created=True)
        inputs.default_scope(record, change.values, actor)
        draft.change = change
        changes.append(change)
    _prepare(writes, drafts, changes)
    taken, later = many.taken(entity.model, [change.record for change in changes])
    if taken:
        raise Refused({drafts[place].index: error for place, error in taken.items()})
    if later:
        raise Later(frozenset(drafts[place].index for place in later))
    with inputs.translated_integrity():
        copy_records(entity.model, [change.record for change in changes])
    _finish(writes, drafts, changes, "create", "created")


def _update(writes: Writes[Any], drafts: list[Draft], actor: Actor, at: datetime, results: list[Result]) -> None:
    entity = writes.entity
    found = many.locked(writes, [draft.record_id for draft in drafts], actor=actor)
    _refuse({draft.index: found[draft.record_id] for draft in drafts}, DomainError)
    why: dict[int, DomainError] = {}
    for draft in drafts:
        record = found[draft.record_id]
        draft.old = dict(record.__dict__)
        draft.change = Write(actor=actor, at=at, record=record, values=dict(draft.values), created=False)
        draft.change.before = inputs.assign(entity, record, draft.change.values)
    wrong = many.missing_references(
        entity,
        [draft.values for draft in drafts],
        actor=actor,
        unless=[draft.change.before for draft in drafts if draft.change],
    )
    why |= {drafts[place].index: error for place, error in wrong.items()}
    for draft in drafts:
        if draft.change is None or draft.index in why:
            continue
        try:
            inputs.refuse_handing_over(entity, draft.change.before, actor)
        except Forbidden as refusal:
            why[draft.index] = refusal
    if why:
        raise Refused(why)
    _prepare(writes, drafts, [draft.change for draft in drafts if draft.change])
    gone = erased.refused([draft.change for draft in drafts if draft.change])
    _refuse({draft.index: gone.get(draft.record_id) for draft in drafts if draft.record_id}, DomainError)
    moved = [
        draft for draft in drafts if draft.change and (draft.change.before or has_unstored(entity, draft.change.values))
    ]
    if moved:
        changes = [draft.change for draft in moved if draft.change]
        with inputs.translated_integrity():
            many.save(entity.model, [(draft.old, change) for draft, change in zip(moved, changes, strict=True)], at)
        _finish(writes, moved, changes, "update", "updated")


def _refuse(by_index: Mapping[int, Any], kind: type[DomainError]) -> None:
    why = {index: found for index, found in by_index.items() if isinstance(found, kind)}
    if why:
        raise Refused(why)


def _prepare(writes: Writes[Any], drafts: Sequence[Draft], changes: Sequence[Write[Any]]) -> None:
    """The rules before saving; where they refuse, each record is asked for by itself."""
    try:
        with transaction.atomic():
            writes.prepare_many(changes)
        return
    except DomainError as refusal:
        if len(changes) == 1:
            raise Refused({drafts[0].index: refusal}) from None
    why: dict[int, DomainError] = {}
    for draft, change in zip(drafts, changes, strict=True):
        try:
            with transaction.atomic():
                writes.prepare(change)
        except DomainError as refusal:
            why[draft.index] = refusal
    if why:
        raise Refused(why)


def _finish(
    writes: Writes[Any], drafts: Sequence[Draft], changes: Sequence[Write[Any]], action: str, verb: str
) -> None:
    writes.saved_many(changes)
    actor, entity = changes[0].actor, writes.entity
    if not (actor.is_superuser or entity.model.scope.sees_all(actor, actor.visibilities(entity.name, action))):
        keys = [change.record.pk for change in changes]
        inside = set(
            entity.model._default_manager.filter(pk__in=keys).visible_to(actor, action).values_list("pk", flat=True)
        )
        text = "The record would be outside of what you may write."
        outside = {
            draft.index: Forbidden(text, entity=entity.name, action=action)
            for draft, key in zip(drafts, keys, strict=True)
            if key not in inside
        }
        if outside:
            raise Refused(dict(outside))
    events.publish(*(writes.event(verb, change) for change in changes), actor=actor, at=changes[0].at)
