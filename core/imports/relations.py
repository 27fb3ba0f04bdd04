"""Records at the end of relations, found by their keys with one query for many rows; made where that is allowed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core import registry
from core.actors import Actor
from core.database.lookups import AnyOf
from core.errors import DomainError
from core.imports.mapping.targets import Target
from core.imports.plan import CellError, Parsed, Plan
from core.writes import bulk

MOST_REMEMBERED = 100_000
AMBIGUOUS = object()
# What else a row says of a record that is made for it: by the relation's name.
Further = Callable[[str, Parsed], Mapping[str, Any]]


class Relations:
    """Looks up, makes and remembers. `create`: names of the relations whose missing records are made."""

    def __init__(
        self,
        plan: Plan,
        actor: Actor,
        create: Collection[str],
        *,
        further: Further = lambda relation, parsed: {},
        is_dry: bool = False,
    ) -> None:
        self._further = further
        self._plan, self._actor, self._create = plan, actor, frozenset(create)
        self._known: OrderedDict[tuple[str, str, Any], Any] = OrderedDict()
        self.made: dict[str, int] = {}
        # A dry run finds again in each chunk what it made in the ones before; it is to be counted once.
        self._is_dry = is_dry
        self._counted: set[tuple[str, str, Any]] = set()

    def resolve(self, rows: Sequence[Parsed], at: datetime) -> None:
        """Put the ids into the rows' values; what cannot be found is an error of its row."""
        wanted: dict[str, list[Parsed]] = {}
        for parsed in rows:
            if not parsed.errors:
                for name, value in parsed.related.items():
                    if value is not None:
                        wanted.setdefault(name, []).append(parsed)
        # One column may say a record by its external id, another by name: the surer way counts.
        for name in sorted(wanted, key=_rank):
            self._resolve(self._plan.targets[name], wanted[name], at)

    def _resolve(self, target: Target, rows: Sequence[Parsed], at: datetime) -> None:
        assert target.field is not None and target.entity and target.key  # noqa: S101, PT018 - for the type checker
        # Another column may have said it already, in a surer way.
        rows = [parsed for parsed in rows if parsed.values.get(target.field.name) is None and not parsed.errors]
        keys = {parsed.related[target.name] for parsed in rows}
        found = self._find(target.entity, target.key, keys)
        missing = [key for key in keys if key not in found]
        errors: dict[Any, DomainError] = {}
        if missing and target.relation in self._create:
            made, errors = self._make(target, sorted(missing), rows, at)
            found = {**found, **made}
        column = self._plan.column_of(target.name)
        for parsed in rows:
            key = parsed.related[target.name]
            record_id = found.get(key)
            if isinstance(record_id, UUID):
                parsed.values[target.field.name] = record_id
            elif record_id is AMBIGUOUS:
                text = f"Several {target.relation} records have this {target.key}."
                parsed.errors.append(CellError(column, "ambiguous", text))
            else:
                error = errors.get(key)
                text = error.detail if error else f"There is no {target.relation} with this {target.key}."
                parsed.errors.append(CellError(column, error.code if error else "not_found", text))

    def _find(self, entity: str, key: str, values: set[Any]) -> dict[Any, Any]:
        found = {value: self._known[entity, key, value] for value in values if (entity, key, value) in self._known}
        unknown = [value for value in values if value not in found]
        if unknown:
            declared = registry.entity(entity)
            attribute = declared.by_name[key].attribute
            rows = declared.model._default_manager.filter(AnyOf(attribute, unknown))
            for record_id, value in rows.visible_to(self._actor).alive().values_list("pk", attribute):
                found[value] = AMBIGUOUS if value in found else record_id
            for value in unknown:
                if value in found:
                    self._remember(entity, key, value, found[value])
        return found

    def _make(
        self, target: Target, missing: Sequence[Any], rows: Sequence[Parsed], at: datetime
    ) -> tuple[dict[Any, UUID], dict[Any, DomainError]]:
        """New records with nothing but what the rows say of them."""
        assert target.entity and target.key and target.relation  # noqa: S101, PT018 - for the type checker
        declared = registry.entity(target.entity)
        if declared.writes is None:
            return {}, {}
        said = self._said(target, rows)
        values = [_least(declared, said.get(key, {}) | {target.key: key}) for key in missing]
        results = bulk.create_many(declared.writes, actor=self._actor, values=values, at=at)
        made, errors = {}, {}
        for key, result in zip(missing, results, strict=True):
            if result.error is None:
                made[key] = result.record.pk
            else:
                errors[key] = result.error
        self.made[target.entity] = self.made.get(target.entity, 0) + self._fresh(target.entity, target.key, made)
        return made, errors

    def _fresh(self, entity: str, key: str, made: Collection[Any]) -> int:
        """How many of these were not counted before."""
        if not self._is_dry:
            return len(made)
        fresh = {(entity, key, value) for value in made} - self._counted
        if len(self._counted) < MOST_REMEMBERED:
            self._counted |= fresh
        return len(fresh)

    def _said(self, target: Target, rows: Sequence[Parsed]) -> dict[Any, dict[str, Any]]:
        """What else the rows say of each: other keys of the same relation."""
        others = {
            item.name: item.key
            for item in self._plan.targets.values()
            if item.relation == target.relation and item.name != target.name and item.key
        }
        found: dict[Any, dict[str, Any]] = {}
        for parsed in rows:
            key = parsed.related[target.name]
            if key not in found:
                named = {key: parsed.related[name] for name, key in others.items() if parsed.related.get(name)}
                found[key] = {**self._further(str(target.relation), parsed), **named}
        return found

    def forget(self) -> None:
        """What was made is undone: nothing of it may be remembered."""
        self._known.clear()

    def _remember(self, entity: str, key: str, value: Any, record_id: Any) -> None:
        self._known[entity, key, value] = record_id
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _rank(name: str) -> int:
    key = name.rpartition(".")[2]
    return {"external_id": 0, "email": 1}.get(key, 2)


def _least(declared: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """With a name where one is required and none is known: what it was named by."""
    identity = declared.by_name.get(declared.identity)
    if identity is not None and identity.writable and identity.required and identity.name not in values:
        return {**values, identity.name: str(next(iter(values.values())))}
    return dict(values)
