"""Rows as records of one entity: created, updated or skipped by a key, with the records at the end of relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core import registry
from core.actors import Actor
from core.database.lookups import AnyOf
from core.errors import DomainError, Duplicate, Invalid
from core.imports import kinds
from core.imports.kinds import Context, Counts
from core.imports.mapping import targets
from core.imports.mapping.targets import Target
from core.imports.plan import CellError, Parsed, Plan
from core.imports.relations import Relations
from core.registry.entities import Entity
from core.writes import bulk
from core.writes.settling import Result


class Records:
    """The kind of every entity that has none of its own."""

    grouped: str | None = None
    phased: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def entity(self) -> Entity:
        return registry.entity(self.name)

    def targets(self, actor: Actor) -> dict[str, Target]:
        return targets.of_entity(self.entity, actor)

    def words(self) -> kinds.Words:
        return kinds.words_of(self.name)

    def check(self, used: frozenset[str], options: Mapping[str, Any]) -> dict[str, Any]:
        """Mode and key by what is mapped; a key that is asked for must be mapped."""
        found = dict(options)
        keys = [key for key in self.entity.keys if key in used]
        key = found.get("key")
        if key is not None and key not in self.entity.keys:
            known = ", ".join(self.entity.keys) or "none"
            raise Invalid.one("/options/key", "unknown_key", f"Must be one of: {known}.")
        if key is not None and key not in used:
            raise Invalid.one("/options/key", "not_mapped", "No column is mapped to the key.")
        found["key"] = key or (keys[0] if keys else None)
        # A row that has no value for the first key may have one for another, unless one was asked for.
        found["keys"] = [key] if key else keys
        found.setdefault("mode", "upsert" if found["key"] else "create")
        if found["mode"] != "create" and not found["key"]:
            raise Invalid.one("/options/key", "required", "Map a column to a key, by which existing records are found.")
        if found["mode"] != "update":
            missing = [
                item for item in self.entity.input_fields() if item.required and not _is_given(item.name, used, self)
            ]
            if missing:
                text = f"Map a column to {', '.join(item.name for item in missing)}, or give a constant value."
                raise Invalid.one("/mapping", "required", text)
        return found

    def require(self, actor: Actor, used: frozenset[str], options: Mapping[str, Any]) -> None:
        """Every verb that may be needed."""
        verbs = {"create": ("create",), "update": ("update",), "skip_existing": ("create",)}
        for verb in verbs.get(str(options.get("mode")), ("create", "update")):
            actor.require(self.name, verb)
        for relation in creatable(self.entity, used, options):
            target = next(item.target for item in self.entity.relations if item.name == relation)
            actor.require(target, "create")

    def uniques(self, options: Mapping[str, Any], used: frozenset[str]) -> tuple[str, ...]:
        """The key first; then the other unique fields."""
        key = options.get("key")
        others = [name for name in self.entity.keys if name in used and name != key]
        return tuple([key] if key else []) + tuple(others)

    def phase(self, parsed: Parsed) -> int:
        return 0

    def writer(self, context: Context) -> RecordWriter:
        return RecordWriter(self.entity, context)


def _is_given(name: str, used: frozenset[str], kind: Records) -> bool:
    if name in used:
        return True
    item = kind.entity.by_name[name]
    through = {relation.name for relation in kind.entity.relations if relation.column == item.attribute}
    return any(target.partition(".")[0] in through for target in used)


def creatable(entity: Entity, used: frozenset[str], options: Mapping[str, Any]) -> frozenset[str]:
    """The names of the relations whose missing records are to be made."""
    asked = options.get("create_missing")
    mapped = {name.partition(".")[0] for name in used if "." in name}
    relations = {item.name for item in entity.relations if item.name in mapped}
    if asked is True:
        return frozenset(
            item.name
            for item in entity.relations
            if item.name in relations and "create" in registry.entity(item.target).verbs
        )
    return frozenset(asked or ()) & relations


class RecordWriter:
    """Writes chunks of rows."""

    def __init__(self, entity: Entity, context: Context) -> None:
        self._entity, self._context = entity, context
        self._plan: Plan = context.plan
        self._mode, self._keys = context.options["mode"], context.options["keys"]
        create = creatable(entity, self._plan.used(), context.options)
        self._relations = Relations(self._plan, context.actor, create, is_dry=context.is_dry)
        # Relations to the same kind of record, with the key that the other one is named by: parents.
        used = [target for name, target in self._plan.targets.items() if name in self._plan.by_target]
        self._own = [(item.name, item.key) for item in used if item.entity == entity.name and item.key]
        self._required = [item for item in entity.input_fields() if item.required]
        self._kept = frozenset(item.name for item in entity.fields if item.create_only)
        self._former: dict[int, str] = {}
        assert entity.writes is not None  # noqa: S101 - else it could not be imported
        self._writes = entity.writes

    def write(self, rows: Sequence[Parsed], counts: Counts, at: datetime) -> None:
        """A chunk, in the caller's transaction."""
        for some in self._waves(rows) if self._own else [rows]:
            self._write(some, counts, at)

    def _waves(self, rows: Sequence[Parsed]) -> Iterator[list[Parsed]]:
        """The rows in such an order that what one names as its parent is there when its turn comes."""
        left = list(rows)
        while left:
            coming = {(key, parsed.values.get(key)) for parsed in left for _, key in self._own}
            ready = [p for p in left if not any((key, p.related.get(name)) in coming for name, key in self._own)]
            # Those that name each other in a circle, or themselves.
            ready = ready or left
            yield ready
            gone = {parsed.place for parsed in ready}
            left = [parsed for parsed in left if parsed.place not in gone]

    def _write(self, rows: Sequence[Parsed], counts: Counts, at: datetime) -> None:
        fit = [parsed for parsed in rows if not parsed.errors and parsed.place not in self._context.losers]
        counts.skipped += sum(1 for parsed in rows if not parsed.errors and parsed.place in self._context.losers)
        self._relations.made = counts.related
        self._relations.resolve(fit, at)
        fit = [parsed for parsed in fit if not parsed.errors]
        existing = self._existing(fit)
        new, old = [], []
        for parsed in fit:
            if parsed.errors:
                continue
            record_id = existing.get(parsed.place)
            if record_id is not None and self._mode == "skip_existing":
                counts.skipped += 1
            elif record_id is not None and self._mode != "create":
                old.append((record_id, parsed))
            elif self._mode == "update":
                counts.skipped += 1
            else:
                new.append(parsed)
        self._create(new, counts, at)
        self._update(old, counts, at)
        counts.failed += sum(1 for parsed in rows if parsed.errors)

    def undone(self) -> None:
        self._relations.forget()

    def _existing(self, rows: Sequence[Parsed]) -> dict[int, UUID]:
        """Ids by the places of rows. A row without any key is refused where the key decides what is done."""
        if not self._keys or self._mode == "create":
            return {}
        found: dict[int, UUID] = {}
        left = list(rows)
        for key in self._keys:
            found |= self._known(key, [parsed for parsed in left if parsed.values.get(key) is not None])
            left = [parsed for parsed in left if parsed.values.get(key) is None]
        for parsed in left:
            column = self._plan.column_of(self._keys[0])
            parsed.errors.append(CellError(column, "key_missing", "The key must have a value."))
        return found

    def _known(self, key: str, rows: Sequence[Parsed]) -> dict[int, UUID]:
        attribute = self._entity.by_name[key].attribute
        wanted = {parsed.values[key] for parsed in rows}
        if not wanted:
            return {}
        found = self._entity.model._default_manager.filter(AnyOf(attribute, wanted))
        pairs = found.visible_to(self._context.actor).alive().values_list(attribute, "pk")
        by_key: dict[Any, UUID] = {}
        twice = set()
        for value, record_id in pairs:
            if value in by_key:
                twice.add(value)
            by_key[value] = record_id
        for parsed in rows:
            if parsed.values[key] in twice:
                text = f"Several records have this {key}."
                parsed.errors.append(CellError(self._plan.column_of(key), "ambiguous", text))
        former = self._writes.known_as(key, wanted - by_key.keys(), actor=self._context.actor)
        # Known by a value that is not its own: its own stays what it is.
        self._former |= {parsed.place: key for parsed in rows if parsed.values[key] in former}
        by_key |= former
        return {parsed.place: by_key[parsed.values[key]] for parsed in rows if parsed.values[key] in by_key}

    def _create(self, rows: list[Parsed], counts: Counts, at: datetime) -> None:
        rows = [parsed for parsed in rows if self._is_complete(parsed)]
        if not rows:
            return
        values = [self._values(parsed, created=True) for parsed in rows]
        results = bulk.create_many(self._writes, actor=self._context.actor, values=values, at=at, cleaned=True)
        again: list[tuple[Parsed, DomainError]] = []
        for parsed, result in zip(rows, results, strict=True):
            if result.error is None:
                counts.created += 1
            elif isinstance(result.error, Duplicate) and self._mode in ("upsert", "skip_existing"):
                again.append((parsed, result.error))
            else:
                self._refuse(parsed, result.error)
        self._found_after_all(again, counts, at)

    def _found_after_all(self, again: list[tuple[Parsed, DomainError]], counts: Counts, at: datetime) -> None:
        """Somebody else has made these records since they were looked for."""
        existing = self._existing([parsed for parsed, _ in again]) if again else {}
        old = []
        for parsed, error in again:
            record_id = existing.get(parsed.place)
            if record_id is None:
                self._refuse(parsed, error)
            elif self._mode == "skip_existing":
                counts.skipped += 1
            else:
                old.append((record_id, parsed))
        self._update(old, counts, at)

    def _update(self, rows: list[tuple[UUID, Parsed]], counts: Counts, at: datetime) -> None:
        # Two rows may name one record by another spelling of its key: the later one goes in later.
        while rows:
            now = dict[UUID, Parsed]()
            later = []
            for record_id, parsed in rows:
                if record_id in now:
                    later.append((record_id, parsed))
                else:
                    now[record_id] = parsed
            values = [self._values(parsed, created=False) for parsed in now.values()]
            actor = self._context.actor
            results = bulk.update_many(self._writes, actor=actor, ids=list(now), values=values, at=at, cleaned=True)
            for parsed, result in zip(now.values(), results, strict=True):
                self._count(parsed, result, counts)
            rows = later

    def _count(self, parsed: Parsed, result: Result, counts: Counts) -> None:
        if result.error is not None:
            self._refuse(parsed, result.error)
        elif result.changed:
            counts.updated += 1
        else:
            counts.unchanged += 1

    def _values(self, parsed: Parsed, *, created: bool) -> dict[str, Any]:
        left_out = self._kept | {self._former.get(parsed.place, "")}
        values = parsed.values if created else {k: v for k, v in parsed.values.items() if k not in left_out}
        if parsed.custom is not None and self._entity.custom_column:
            return {**values, self._entity.custom_column: parsed.custom}
        return values

    def _is_complete(self, parsed: Parsed) -> bool:
        for item in self._required:
            if parsed.values.get(item.name) is None:
                text = "This field is required."
                parsed.errors.append(CellError(self._plan.column_of(item.name), "required", text))
        return not parsed.errors

    def _refuse(self, parsed: Parsed, error: DomainError) -> None:
        parsed.errors += errors_of(error, self._plan)


def errors_of(error: DomainError, plan: Plan) -> list[CellError]:
    """A refusal as errors of the columns that it is about."""
    if not error.errors:
        return [CellError(None, error.code, error.detail)]
    found = []
    for fault in error.errors:
        name, _, rest = fault.pointer.lstrip("/").partition("/")
        target = f"custom.{rest}" if name == "custom" and rest else name
        found.append(CellError(plan.column_of(target), fault.code, fault.message))
    return found
