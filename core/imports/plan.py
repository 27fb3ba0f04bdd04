"""The mapping made ready to run: which cell goes where, by which function; and rows parsed by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import FieldError, Forbidden, Invalid
from core.imports import values
from core.imports.columnwise import EMPTY, ODD, Many
from core.imports.detection import numbers
from core.imports.detection.columns import Column
from core.imports.detection.dates import EXCEL
from core.imports.mapping.targets import Target
from core.imports.options import zone_of
from core.imports.readers import Row
from core.registry.fields import escape
from core.registry.types import Date, DateTime, DecimalNumber, Integer, Money, Number, TypeFault


@dataclass(slots=True)
class CellError:
    """What is wrong with a row: in which column, by its name (None for the row as a whole)."""

    column: str | None
    code: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        return {"column": self.column, "code": self.code, "message": self.message}


@dataclass(slots=True)
class Parsed:
    """A row by its targets. `place` counts the rows from 0; `related`: by target, the key of the other record."""

    place: int
    row: Row
    values: dict[str, Any]
    custom: dict[str, Any] | None
    related: dict[str, Any]
    errors: list[CellError]


@dataclass(frozen=True)
class Step:
    """One column's way: from which cell, to which target, by which function; `many` is it for many cells."""

    index: int
    column: str
    target: Target
    convert: values.Convert
    many: Many
    currency: str | None = None


@dataclass(frozen=True)
class Plan:
    """All steps of a file. `constants` are parsed already, and stand in every row that has nothing else there."""

    steps: tuple[Step, ...]
    constants: Mapping[str, Any]
    constant_custom: Mapping[str, Any]
    constant_related: Mapping[str, Any]
    targets: Mapping[str, Target]
    names: tuple[str, ...]
    clear: bool = False
    by_target: Mapping[str, str] = field(default_factory=dict)

    def column_of(self, target: str) -> str | None:
        """The name of the column that is mapped to a target or, for a field, to any way of writing it."""
        if target in self.by_target:
            return self.by_target[target]
        for step in self.steps:
            if step.target.field is not None and step.target.field.name == target:
                return step.column
        return None

    def used(self) -> frozenset[str]:
        return frozenset((*self.by_target, *self.constants, *self.constant_related))

    def parse(self, place: int, row: Row) -> Parsed:
        """The row by its targets, with everything that is wrong with it."""
        errors = [CellError(self._name(fault.column), fault.code, fault.message) for fault in row.faults]
        found = dict(self.constants)
        custom: dict[str, Any] | None = dict(self.constant_custom) if self.constant_custom else None
        related = dict(self.constant_related)
        parsed = Parsed(place, row, found, custom, related, errors)
        if errors:
            return parsed
        cells = row.cells
        for step in self.steps:
            cell = cells[step.index]
            if cell is None or (cell.__class__ is str and not cell.strip()):
                if self.clear:
                    _clear(parsed, step.target)
                continue
            try:
                value = step.convert(cell)
            except TypeFault as fault:
                errors.append(CellError(step.column, fault.code, str(fault)))
                continue
            self._take(parsed, step, cell, value)
        return parsed

    def parse_many(self, first: int, rows: Sequence[Row]) -> list[Parsed]:
        """Each of the rows as `parse` would, column by column; `first` is the place of the first."""
        sound = [(place, row) for place, row in enumerate(rows, first) if not row.faults]
        found = {place: Parsed(place, row, dict(self.constants), None, {}, []) for place, row in sound}
        if self.constant_custom or self.constant_related:
            for parsed in found.values():
                parsed.custom, parsed.related = dict(self.constant_custom) or None, dict(self.constant_related)
        for step in self.steps:
            self._take_column(step, found)
        return [found.get(place) or self.parse(place, row) for place, row in enumerate(rows, first)]

    def _take_column(self, step: Step, found: dict[int, Parsed]) -> None:
        """One column of all rows; those that are odd are taken out."""
        index, target, odd = step.index, step.target, []
        is_field = target.relation is None and target.custom is None and step.currency is None
        name = target.name
        for parsed, value in zip(
            found.values(), step.many([parsed.row.cells[index] for parsed in found.values()]), strict=True
        ):
            if value is EMPTY:
                if self.clear:
                    _clear(parsed, target)
            elif value is ODD:
                odd.append(parsed.place)
            elif is_field:
                parsed.values[name] = value
            else:
                self._take(parsed, step, parsed.row.cells[index], value)
                if parsed.errors:
                    odd.append(parsed.place)
        for place in odd:
            del found[place]

    def _take(self, parsed: Parsed, step: Step, cell: Any, value: Any) -> None:
        target = step.target
        if target.relation is not None:
            parsed.related[target.name] = value
        elif target.custom is not None:
            parsed.custom = parsed.custom or {}
            parsed.custom[target.custom] = target.type.dump(value)
        else:
            parsed.values[target.name] = value
        if step.currency is not None:
            self._take_currency(parsed, step, cell)

    def _take_currency(self, parsed: Parsed, step: Step, cell: Any) -> None:
        """A currency that stands with an amount is that of the record, and may not contradict another."""
        if not isinstance(cell, str) or step.currency is None:
            return
        amount = numbers.parse(cell.strip(), numbers.POINT) or numbers.parse(cell.strip(), numbers.COMMA)
        if amount is None or amount.currency is None:
            return
        there = parsed.values.setdefault(step.currency, amount.currency)
        if there != amount.currency:
            text = f"The amount is in {amount.currency}, the row in {there}."
            parsed.errors.append(CellError(step.column, "currency_mismatch", text))

    def _name(self, index: int | None) -> str | None:
        return self.names[index] if index is not None and index < len(self.names) else None


def _clear(parsed: Parsed, target: Target) -> None:
    if target.custom is not None:
        parsed.custom = parsed.custom or {}
        parsed.custom.setdefault(target.custom, None)
    elif target.field is not None and target.field.nullable and target.relation is None:
        parsed.values.setdefault(target.name, None)


def make(
    columns: Sequence[Column],
    mapping: Mapping[str, Any],
    constants: Mapping[str, Any],
    targets: Mapping[str, Target],
    options: Mapping[str, Any],
    words: Mapping[str, Mapping[str, str]],
) -> Plan:
    """The plan of a mapping (column -> target or None). Raises Invalid with pointers below /mapping."""
    errors: list[FieldError] = []
    chosen = _chosen(columns, mapping, targets, errors)
    parts = _constants(constants, targets, errors)
    if errors:
        raise Invalid(errors)
    zone = zone_of(options)
    steps = []
    for index, column, target in chosen:
        how = values.Reading(
            column, zone, options.get("phone_region"), options.get("list_separator"), words.get(target.name)
        )
        currency = target.field.currency if target.field is not None else None
        known = currency if currency in targets and isinstance(target.type, DecimalNumber) else None
        convert = values.converter(target.type, how)
        steps.append(Step(index, column.name, target, convert, values.many(target.type, how, convert), known))
    # Amounts come last: what the row says of its currency counts before what stands with an amount.
    steps.sort(key=lambda step: step.currency is not None)
    return Plan(
        tuple(steps), *parts, targets, tuple(column.name for column in columns),
        clear=options.get("empty") == "clear", by_target={step.target.name: step.column for step in steps},
    )  # fmt: skip


def _chosen(
    columns: Sequence[Column], mapping: Mapping[str, Any], targets: Mapping[str, Target], errors: list[FieldError]
) -> list[tuple[int, Column, Target]]:
    by_name = {column.name: (index, column) for index, column in enumerate(columns)}
    chosen, taken = [], dict[Any, str]()
    for name, wanted in mapping.items():
        pointer = f"/mapping/{escape(str(name))}"
        if name not in by_name:
            errors.append(FieldError(pointer, "unknown_column", "The file has no such column."))
        elif wanted is None or wanted in ("", "ignore"):
            continue
        elif not isinstance(wanted, str) or wanted not in targets:
            errors.append(FieldError(pointer, "unknown_field", "There is nothing of this name to map to."))
        else:
            target = targets[wanted]
            written = target.field.name if target.field is not None and target.relation is None else target.name
            if written in taken:
                errors.append(
                    FieldError(pointer, "mapped_twice", f"The column {taken[written]!r} is mapped to it too.")
                )
            taken[written] = str(name)
            chosen.append((*by_name[name], target))
    return chosen


def _constants(
    constants: Mapping[str, Any], targets: Mapping[str, Target], errors: list[FieldError]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    plain: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    related: dict[str, Any] = {}
    for name, given in constants.items():
        pointer = f"/mapping/constants/{escape(str(name))}"
        target = targets.get(name)
        if target is None:
            errors.append(FieldError(pointer, "unknown_field", "There is nothing of this name to map to."))
            continue
        try:
            value = None if given is None else target.type.parse(given)
        except TypeFault as fault:
            errors.append(FieldError(pointer, fault.code, str(fault)))
            continue
        except (Invalid, Forbidden):
            errors.append(FieldError(pointer, "invalid_value", "Is no value of this field."))
            continue
        if target.relation is not None:
            related[name] = value
        elif target.custom is not None:
            custom[target.custom] = target.type.dump(value)
        else:
            plain[name] = value
    return plain, custom, related


def questions(columns: Sequence[Column], plan: Plan) -> list[dict[str, Any]]:
    """What the file leaves open of columns for which it matters, with the ways to answer."""
    by_name = {column.name: column for column in columns}
    asked = []
    for step in plan.steps:
        column, kind = by_name[step.column], step.target.type
        for what in column.open:
            if what == "decimal" and isinstance(kind, DecimalNumber | Number | Integer | Money):
                choices, text = ["point", "comma"], "is the point or the comma before the fraction?"
            elif what == "date_format" and isinstance(kind, Date | DateTime) and column.date_format != EXCEL:
                choices, text = ["d/m/y", "m/d/y", "y-m-d"], "does the day or the month come first?"
            else:
                continue
            shown = ", ".join(column.examples[:3])
            asked.append({
                "column": column.name, "option": what, "choices": choices, "assumed": getattr(column, what),
                "text": f"In {column.name!r} ({shown}), {text}",
            })  # fmt: skip
    return asked
