"""Which customers of a store a caller sees and criteria hold for: from its columns where it has them, else by ids.

Whoever does not see every contact, or every order, is asked for in the database: only it knows who may see what now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q

from analytics.slicing.catalogue import ABSENT, CONTACT_COLUMNS, CUSTOM
from analytics.slicing.store import Store
from analytics.slicing.sums import Ints
from core import criteria, registry
from core.actors import Actor
from core.criteria.nodes import EVERYTHING, And, Condition, Node, Not, Or, Related
from core.criteria.sql import compile_q
from core.registry import types

_EQUALITY = frozenset({"eq", "ne", "in", "not_in", "is_null"})
_ORDERS: Mapping[str, Callable[[Ints, int], Ints]] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "lte": np.less_equal, "gt": np.greater,
    "gte": np.greater_equal,
}  # fmt: skip
# Rows of COPY in binary form: the number of columns, the length of the only one, and the id.
_ROW = np.dtype([("columns", ">i2"), ("length", ">i4"), ("id", "S16")])
_HEADER, _TRAILER = 19, 2


def mask(store: Store, tree: Any, *, actor: Actor, at: datetime) -> Ints | None:
    """Which customers count, by number; None for all. Raises InvalidCriteria."""
    node = criteria.parse(registry.entity("contact"), tree, actor=actor)
    masks = Masks(store, actor, at)
    seen = masks.visible()
    if node == EVERYTHING:
        return seen
    met = masks.of(node)
    return met if seen is None else met & seen


class Masks:
    """Masks of one store for one caller."""

    def __init__(self, store: Store, actor: Actor, at: datetime) -> None:
        self.store, self.actor, self.at = store, actor, at
        self.contact = registry.entity("contact")

    def visible(self) -> Ints | None:
        """The contacts whom the actor sees, and whose orders they see."""
        scope = self.contact.model.scope
        granted = [self.actor.visibilities(name, "view") for name in ("contact", "order")]
        if all(scope.sees_all(self.actor, each) for each in granted):
            return None
        return self._asked(scope.q(self.actor, granted[1]))

    def of(self, node: Node) -> Ints:
        """Whom the node holds for."""
        match node:
            case And(parts) | Or(parts):
                return self._group(node, parts)
            case Not(part):
                return ~self.of(part)
            case Condition():
                found = self._condition(node, self._column(node.field.name))
            case Related(relation=relation, where=Condition() as where) if self._is_profile(node):
                del relation
                found = self._computed(where)
            case _:
                found = None
        return self._asked_of(node) if found is None else found

    def _group(self, node: And | Or, parts: tuple[Node, ...]) -> Ints:
        """The database is asked once for all that is its own."""
        theirs = tuple(part for part in parts if not self._knows(part))
        masks = [self.of(part) for part in parts if part not in theirs]
        if theirs:
            masks.append(self._asked_of(type(node)(theirs)))
        found = np.full(self.store.customers, isinstance(node, And))
        for each in masks:
            found = found & each if isinstance(node, And) else found | each
        return found

    def _knows(self, node: Node) -> bool:
        match node:
            case And(parts) | Or(parts):
                return not parts or any(self._knows(part) for part in parts)
            case Not(part):
                return self._knows(part)
            case Condition():
                return self._condition(node, self._column(node.field.name)) is not None
            case Related(where=Condition() as where) if self._is_profile(node):
                return self._computed(where) is not None
        return False

    def _is_profile(self, node: Related) -> bool:
        metrics = registry.entity("contact_metrics")
        seen = metrics.model.scope.sees_all(self.actor, self.actor.visibilities(metrics.name, "view"))
        return (
            seen and node.relation.name == "metrics" and node.within is None and (node.low, node.high) == (1, None)
        )  # fmt: skip

    def _column(self, name: str) -> str | None:
        """The coded column of a contact's field: of texts that the store has as they are."""
        known = self.store.meta["dictionaries"]
        if name in CONTACT_COLUMNS and name in known:
            return name
        definition = self.contact.definitions().get(name.removeprefix(CUSTOM)) if name.startswith(CUSTOM) else None
        plain = definition is not None and isinstance(definition.type, types.Text | types.Choice)
        return name if plain and name in known else None

    def _computed(self, node: Condition) -> Ints | None:
        number = f"number.{node.field.attribute}"
        if node.op in _ORDERS and self.store.has(number) and node.field.type.is_number:
            places = 2 if isinstance(node.field.type, types.DecimalNumber) else 0
            scaled = Decimal(node.value).scaleb(places)
            if scaled == int(scaled):
                values = np.asarray(self.store.column(number))
                known = values != ABSENT
                met = _ORDERS[node.op](values, int(scaled))
                found: Ints = met | ~known if node.op == "ne" else met & known
                return found
        name = f"metrics.{node.field.attribute}"
        return self._condition(node, name if name in self.store.meta["dictionaries"] else None)

    def _condition(self, node: Condition, column: str | None) -> Ints | None:
        """By the dictionary: the comparison is made once for each value, then looked up by code."""
        text = isinstance(node.field.type, types.Text | types.Choice | types.Id)
        if column is None or node.op not in _EQUALITY or not text:
            return None
        values = self.store.values(column)
        if node.op == "is_null":
            if column.startswith(CUSTOM):
                # A null that was written is there.
                return None
            holds = [(value is None) is node.value for value in values]
        else:
            wanted = {str(each) for each in (node.value if node.op in ("in", "not_in") else [node.value])}
            inside = node.op in ("eq", "in")
            holds = [(value in wanted) is inside for value in values]
        met: Ints = np.array(holds, dtype=bool)[self.store.column(column)]
        return met

    def _asked_of(self, node: Node) -> Ints:
        return self._asked(compile_q(self.contact, node, actor=self.actor, at=self.at))

    def _asked(self, condition: Q) -> Ints:
        """What the database says, by ids."""
        rows = self.contact.model._default_manager.visible_to(self.actor).alive()
        query, values = rows.filter(condition).order_by().values_list("pk").query.sql_with_params()
        with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", values) as stream:
            data = b"".join(bytes(chunk) for chunk in stream)
        ids = np.frombuffer(data[_HEADER : len(data) - _TRAILER], dtype=_ROW)["id"]
        found = np.zeros(self.store.customers, dtype=bool)
        found[self.store.numbers(np.sort(ids))] = True
        return found
