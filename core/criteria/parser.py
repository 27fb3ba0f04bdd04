"""Criteria JSON to nodes. Every fault is reported with a JSON Pointer to its place; nothing is ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import registry
from core.actors import Actor
from core.criteria.durations import parse_period, parse_span
from core.criteria.nodes import EVERYTHING, And, Condition, Node, Not, Or, Related
from core.errors import FieldError, Invalid, InvalidCriteria
from core.registry.custom import AMOUNT, CURRENCY, CustomDefinition
from core.registry.entities import Entity
from core.registry.fields import Field, Relation, escape
from core.registry.types import Boolean, Choice, FieldType, Integer, Money, MultiChoice, Text, TextList, TypeFault

MAX_DEPTH = 12
MAX_NODES = 200
MAX_VALUES = 1000
MAX_RELATIONS = 4

_RELATED_KEYS = frozenset({"field", "op", "where", "within", "count"})
_IN_ONE_CURRENCY = (
    'Amounts compare within one currency: put {{"field": "{0}.currency", "op": "eq", ...}} into the same "and",'
    ' or compare {0} with {{"amount", "currency"}}.'
)
_COUNTS = frozenset({"eq", "gt", "gte", "lt", "lte"})
# Operators that look at a value without comparing it with another.
_WITHOUT_VALUE = frozenset({"is_null", "is_empty"})


def parse(entity: Entity, tree: Any, *, actor: Actor) -> Node:
    """The node of a criteria tree on `entity`, as far as this actor may see it. Raises InvalidCriteria."""
    parser = _Parser(actor)
    node = parser.node(entity, tree, "", 0, 0)
    if parser.errors:
        raise InvalidCriteria(errors=parser.errors)
    return node


class _Parser:
    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.errors: list[FieldError] = []
        self.count = 0
        # The fields that are pinned to one value where the parser is: an amount of money is compared in one currency.
        self.pinned: frozenset[str] = frozenset()

    def node(self, entity: Entity, tree: Any, at: str, depth: int, hops: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH:
            return self.fault(at, "too_deep", f"Criteria may be nested {MAX_DEPTH} levels deep.")
        if self.count > MAX_NODES:
            return self.fault(at, "too_many", f"Criteria may have {MAX_NODES} parts.", once=True)
        if not isinstance(tree, dict):
            return self.fault(at, "wrong_type", "Must be an object.")
        if not tree:
            return EVERYTHING
        for word, build in (("and", And), ("or", Or)):
            if word in tree:
                return self.group(entity, tree, word, build, at, depth, hops)
        if "not" in tree:
            self.only(tree, frozenset({"not"}), at)
            return Not(self.node(entity, tree["not"], f"{at}/not", depth + 1, hops))
        if "field" not in tree:
            return self.fault(at, "missing_field", "Must have one of: and, or, not, field.")
        return self.leaf(entity, tree, tree["field"], at, f"{at}/field", depth, hops)

    def group(
        self, entity: Entity, tree: dict[str, Any], word: str, build: Callable[[tuple[Node, ...]], Node],
        at: str, depth: int, hops: int,
    ) -> Node:  # fmt: skip
        self.only(tree, frozenset({word}), at)
        parts = tree[word]
        if not isinstance(parts, list):
            return self.fault(f"{at}/{word}", "wrong_type", "Must be a list.")
        outside = self.pinned
        if word == "and":
            self.pinned |= _pins(parts[:MAX_NODES])
        # Walked one by one so that a list of millions stops at the limit.
        nodes: list[Node] = []
        for index, part in enumerate(parts):
            if self.count > MAX_NODES:
                break
            nodes.append(self.node(entity, part, f"{at}/{word}/{index}", depth + 1, hops))
        self.pinned = outside
        return build(tuple(nodes))

    def leaf(
        self, entity: Entity, tree: dict[str, Any], name: Any, at: str, name_at: str, depth: int, hops: int
    ) -> Node:
        if not isinstance(name, str):
            return self.fault(name_at, "wrong_type", "Must be the name of a field.")
        if entity.is_custom(name):
            return self.custom(entity, tree, name, at, name_at, depth, hops)
        head, dot, rest = name.partition(".")
        relation = entity.relations_by_name.get(head)
        if relation is not None:
            if dot and relation.many:
                return self.fault(name_at, "many", f"{head} is a list: use the operator any or none with where.")
            return self.related(relation, tree, rest, at, name_at, depth, hops)
        item = entity.by_name.get(name)
        if item is None or not (item.filterable and item.readable):
            return self.fault(name_at, "unknown_field", f"{entity.title} has no filterable field {name!r}.")
        if not entity.may_see(self.actor, item):
            return self.fault(name_at, "forbidden_field", f"You may not see the field {name!r}.")
        return self.condition(item, tree, at)

    def custom(
        self, entity: Entity, tree: dict[str, Any], name: str, at: str, name_at: str, depth: int, hops: int
    ) -> Node:
        """A custom field, a part of one, or a field of the record that a reference points at."""
        if not entity.may_see(self.actor, entity.by_name[str(entity.custom_column)]):
            return self.fault(name_at, "forbidden_field", f"You may not see the field {name!r}.")
        definition, part = entity.custom_part(name) or (None, "")
        if definition is not None and definition.target is not None and part:
            return self.related(_reference(entity, definition), tree, part, at, name_at, depth, hops)
        item = entity.field_inside(definition, part) if definition is not None else None
        if definition is None or item is None:
            return self.fault(name_at, "unknown_field", f"{entity.title} has no custom field {name!r}.")
        if part == AMOUNT and item.currency and tree.get("op") not in _WITHOUT_VALUE and not self.pins(tree):
            return self.fault(name_at, "currency_required", _IN_ONE_CURRENCY.format(name.removesuffix(f".{AMOUNT}")))
        return self.condition(item, tree, at)

    def pins(self, tree: dict[str, Any]) -> bool:
        """Whether the currency of the amount that this leaf compares is given beside it."""
        return f"{str(tree['field']).removesuffix(AMOUNT)}{CURRENCY}" in self.pinned

    def related(
        self, relation: Relation, tree: dict[str, Any], rest: str, at: str, name_at: str, depth: int, hops: int
    ) -> Node:
        if hops >= MAX_RELATIONS:
            return self.fault(name_at, "too_deep", f"Criteria may cross {MAX_RELATIONS} relations.")
        target = registry.entity(relation.target)
        if not self.actor.may(target.name, "view"):
            return self.fault(name_at, "forbidden_field", f"You may not see {relation.name}.")
        if rest:
            return Related(relation, self.leaf(target, tree, rest, at, name_at, depth, hops + 1))
        self.only(tree, _RELATED_KEYS, at)
        op = tree.get("op", "any")
        if op not in ("any", "none"):
            return self.fault(f"{at}/op", "unknown_operator", "A relation takes the operator any or none.")
        outside, self.pinned = self.pinned, frozenset()
        where = self.node(target, tree["where"], f"{at}/where", depth + 1, hops + 1) if "where" in tree else EVERYTHING
        self.pinned = outside
        within = self.value(lambda: parse_span(tree["within"]), f"{at}/within") if "within" in tree else None
        low, high = self.bounds(tree["count"], f"{at}/count") if "count" in tree else (1, None)
        node = Related(relation, where, within, low, high)
        return Not(node) if op == "none" else node

    def bounds(self, count: Any, at: str) -> tuple[int | None, int | None]:
        """The inclusive bounds of `{"gte": 2, "lt": 5}`."""
        if not isinstance(count, dict) or not count:
            self.fault(at, "wrong_type", 'Must be an object such as {"gte": 2}.')
            return 1, None
        self.only(count, _COUNTS, at)
        low: int | None = None
        high: int | None = None
        for op, raw in count.items():
            number = self.value(lambda raw=raw: Integer(minimum=0).parse(raw), f"{at}/{escape(op)}")  # type: ignore[misc]
            if not isinstance(number, int) or op not in _COUNTS:
                continue
            if op in ("eq", "gt", "gte"):
                low = max(low or 0, number + (op == "gt"))
            if op in ("eq", "lt", "lte"):
                limit = number - (op == "lt")
                high = limit if high is None else min(high, limit)
        return low, high

    def condition(self, item: Field, tree: dict[str, Any], at: str) -> Node:
        self.only(tree, frozenset({"field", "op", "value"}), at)
        op = tree.get("op", "eq")
        if not isinstance(op, str) or op not in item.type.operators:
            allowed = ", ".join(sorted(item.type.operators)) or "none"
            return self.fault(f"{at}/op", "unknown_operator", f"{item.name} takes these operators: {allowed}.")
        if "value" not in tree:
            return self.fault(at, "missing_value", "Must have a value.")
        errors = len(self.errors)
        value = self.operand(item.type, op, tree["value"], f"{at}/value")
        return EVERYTHING if len(self.errors) > errors else Condition(item, op, value)

    def operand(self, kind: FieldType, op: str, raw: Any, at: str) -> Any:
        if op in ("is_null", "is_empty"):
            return self.value(lambda: Boolean().parse(raw), at)
        if op in ("within", "older_than", "next"):
            return self.value(lambda: parse_span(raw), at)
        if op in ("this", "previous"):
            return self.value(lambda: parse_period(raw), at)
        if op in ("has", "has_any", "has_all"):
            words = [raw] if op == "has" else raw
            return self.many(_member(kind), words, at)
        if op in ("in", "not_in", "between"):
            values = self.many(kind, raw, at)
            if op == "between" and len(values) != 2 and not self.errors:
                self.fault(at, "wrong_length", "Must be a list of two values: the lowest and the highest.")
            elif op == "between" and isinstance(kind, Money) and not self.errors and _currencies(values) != 1:
                self.fault(at, "different_currencies", "Both values must be in the same currency.")
            return values
        if op in ("contains", "starts_with") and isinstance(kind, Text):
            # A part of an address or number is no address or number.
            return self.value(lambda: _present(Text(kind.max_length).parse(raw)), at)
        return self.value(lambda: _present(kind.parse(raw)), at)

    def many(self, kind: FieldType, raw: Any, at: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            self.fault(at, "wrong_type", "Must be a list.")
            return ()
        if len(raw) > MAX_VALUES:
            self.fault(at, "too_many", f"May have at most {MAX_VALUES} values.")
            return ()
        return tuple(
            self.value(lambda item=item: _present(kind.parse(item)), f"{at}/{index}")  # type: ignore[misc]
            for index, item in enumerate(raw)
        )

    def value(self, read: Callable[[], Any], at: str) -> Any:
        try:
            return read()
        except TypeFault as fault:
            self.fault(at, fault.code, str(fault))
        except Invalid as refusal:
            for fault_within in refusal.errors:
                self.fault(at + fault_within.pointer, fault_within.code, fault_within.message)
        return None

    def only(self, tree: dict[str, Any], known: frozenset[str], at: str) -> None:
        for key in tree:
            if key not in known:
                self.fault(f"{at}/{escape(key)}", "unknown_key", f"Is not known here: {', '.join(sorted(known))} are.")

    def fault(self, at: str, code: str, message: str, *, once: bool = False) -> Node:
        if not (once and any(error.code == code for error in self.errors)):
            self.errors.append(FieldError(at, code, message))
        return EVERYTHING


def _pins(parts: list[Any]) -> frozenset[str]:
    """The fields that the conditions of an `and` hold to one value."""
    leaves = (part for part in parts if isinstance(part, dict) and part.get("op", "eq") == "eq")
    return frozenset(name for leaf in leaves if isinstance(name := leaf.get("field"), str))


def _reference(entity: Entity, definition: CustomDefinition) -> Relation:
    name, column = f"{entity.custom_column}.{definition.key}", str(entity.custom_column)
    return Relation(name=name, target=str(definition.target), column=column, inside=definition.inside)


def _member(kind: FieldType) -> FieldType:
    """The type of one word of a list of words."""
    if isinstance(kind, MultiChoice):
        return Choice(options=kind.options)
    return Text(kind.max_length if isinstance(kind, TextList) else 64)


def _currencies(values: tuple[Any, ...]) -> int:
    return len({value["currency"] for value in values if value is not None})


def _present(value: Any) -> Any:
    if value is None:
        raise TypeFault("null", "Must not be empty: use is_null to find absent values.")
    return value
