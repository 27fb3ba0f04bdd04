"""Looking at a file: layout, columns, suggestions, questions, and the first rows as they would be written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

import orjson

from core.actors import Actor
from core.errors import Invalid
from core.imports import kinds, plan, readers
from core.imports import options as choices
from core.imports.detection import columns as detecting
from core.imports.detection.columns import Column
from core.imports.kinds import Kind
from core.imports.mapping import suggest as suggesting
from core.imports.mapping import targets
from core.imports.plan import Parsed, Plan
from core.imports.readers import Layout
from core.models.imports import Import, ImportMapping

PREVIEW = 10


def examine(record: Import, file: IO[bytes], options: Mapping[str, Any]) -> list[Column]:
    """Fill in what the file itself tells. Raises UnreadableFile, FileTooComplex."""
    reader = readers.of_file(file, record.name, options.get("format"), record.entity)
    if reader.entity is not None and reader.entity != record.entity:
        raise Invalid.one("/entity", "wrong_entity", f"Such a file holds records of the kind {reader.entity}.")
    layout = reader.inspect(file, choices.reading(options))
    found, seen = detecting.examine(layout.columns, reader.sample(file, layout))
    record.format, record.layout = layout.format, _layout_as_dict(layout)
    record.signature = signature(layout.columns)
    notices = list(layout.notices)
    if not seen:
        notices.append("The file has no rows below its header.")
    record.notices = [*notices, f"The columns were judged by {seen} rows."]
    return choices.answered(found, options)


def propose(record: Import, found: list[Column], actor: Actor, *, mapped: Mapping[str, Any] | None) -> None:
    """Fill in the columns with suggestions and, where no mapping is given, the mapping: a kept one or the suggested."""
    kind = kinds.of(record.entity)
    suggested = suggesting.suggest(record.entity, found, kind.targets(actor))
    record.columns = [_column_as_dict(column, suggested.get(column.name)) for column in found]
    if mapped is not None:
        record.mapping = whole(mapped)
        return
    kept = _kept(record, actor)
    if kept is not None:
        record.mapping = _for_these(kept.mapping, found)
        record.options = {**kept.options, **record.options}
        record.notices = [*record.notices, f"The mapping {kept.name!r} is for files with these columns."]
    else:
        record.mapping = {"columns": {name: item.target for name, item in suggested.items()}, "constants": {}}


def _for_these(mapping: Mapping[str, Any], found: list[Column]) -> dict[str, Any]:
    """A kept mapping by the names that the columns have in this file: case and punctuation may differ."""
    parts, names = whole(mapping), {suggesting.plain(column.name): column.name for column in found}
    columns = {names.get(suggesting.plain(name), name): wanted for name, wanted in parts["columns"].items()}
    return {**parts, "columns": columns}


def _kept(record: Import, actor: Actor) -> ImportMapping | None:
    rows = ImportMapping.objects.visible_to(actor).alive()
    found: ImportMapping | None = rows.filter(entity=record.entity, signature=record.signature).order_by("-id").first()
    return found


def plan_of(record: Import, found: list[Column], actor: Actor) -> tuple[Kind, Plan, dict[str, Any]]:
    """The kind, the plan of the mapping, and the options with their defaults. Raises Invalid."""
    kind = kinds.of(record.entity)
    mapping, constants = targets.columns_of(record.mapping), targets.constants_of(record.mapping)
    made = plan.make(found, mapping, constants, kind.targets(actor), record.options, kind.words())
    if not made.steps:
        raise Invalid.one("/mapping", "required", "Map at least one column.")
    return kind, made, kind.check(made.used(), record.options)


def bare_plan_of(record: Import, found: list[Column], actor: Actor) -> Plan:
    """The plan of what can be used of a proposed mapping, complete or not."""
    kind = kinds.of(record.entity)
    known, names = kind.targets(actor), {column.name for column in found}
    mapping = {
        name: wanted for name, wanted in targets.columns_of(record.mapping).items() if name in names and wanted in known
    }
    return plan.make(found, mapping, {}, known, record.options, kind.words())


def preview(record: Import, made: Plan, found: list[Column], file: IO[bytes]) -> None:
    """Fill in questions and the first rows as they would be written."""
    record.questions = plan.questions(found, made)
    layout = layout_of(record)
    reader = readers.by_format(record.format)
    shown = []
    for place, row in zip(range(PREVIEW), reader.rows(file, layout), strict=False):
        shown.append(_shown(made.parse(place, row)))
    record.preview = shown


def columns_of(record: Import) -> list[Column]:
    """The columns as they were found out."""
    names = Column.__dataclass_fields__
    found = []
    for item in record.columns:
        values = {name: value for name, value in item.items() if name in names}
        found.append(Column(**{**values, "open": tuple(values["open"]), "examples": tuple(values["examples"])}))
    return choices.answered(found, record.options)


def layout_of(record: Import) -> Layout:
    stored = record.layout
    return Layout(
        stored["format"], tuple(stored["columns"]), stored["first"], stored["settings"], tuple(stored["notices"])
    )


def signature(names: tuple[str, ...]) -> str:
    """Of the names of columns, whatever their order and case."""
    plain = sorted(suggesting.plain(name) for name in names)
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


def whole(mapping: Any) -> dict[str, Any]:
    """A mapping with both its parts. Raises Invalid."""
    if not isinstance(mapping, Mapping):
        raise Invalid.one("/mapping", "wrong_type", "Must be an object of columns and what they become.")
    columns = targets.columns_of(mapping)
    wrong = [name for name, wanted in columns.items() if wanted is not None and not isinstance(wanted, str)]
    if wrong:
        raise Invalid.one("/mapping", "wrong_type", f"What {wrong[0][:100]!r} becomes must be a text or null.")
    return {"columns": dict(columns), "constants": dict(targets.constants_of(mapping))}


def _layout_as_dict(layout: Layout) -> dict[str, Any]:
    return {
        "format": layout.format, "columns": list(layout.columns), "first": layout.first,
        "settings": dict(layout.settings), "notices": list(layout.notices),
    }  # fmt: skip


def _column_as_dict(column: Column, suggestion: suggesting.Suggestion | None) -> dict[str, Any]:
    proposed = None if suggestion is None else vars(suggestion)
    shown = [text[:200].replace("\x00", "\ufffd") for text in column.examples]
    return {**vars(column), "open": list(column.open), "examples": shown, "suggestion": proposed}


def _shown(parsed: Parsed) -> dict[str, Any]:
    values = {**parsed.values, **parsed.related}
    if parsed.custom:
        values["custom"] = parsed.custom
    return {
        "row": parsed.row.number,
        "values": {name: _wire(value) for name, value in values.items()},
        "errors": [error.as_dict() for error in parsed.errors],
    }


def _wire(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
