"""Rows that could not be imported: kept, listed, and given back as a file that can be mended and sent again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.database.copying import copy_rows, plan_of
from core.errors import InvalidCursor, NotFound
from core.formulas import neutralised, restored
from core.imports.plan import CellError, Parsed
from core.imports.readers import text_of
from core.models.imports import Import, ImportProblem
from core.reads import cursors
from core.reads.limits import check_limit
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Attachment, Integer, Text, TextList

MOST_CELL = 2_000
_CUT = f"Here are only the first {MOST_CELL:,} characters of the cells in columns {{}}: take them from your own file."
BATCH = 2_000
OWN_COLUMNS = ("import_row", "import_errors")

ERROR = Shape(
    title="ImportCellError",
    fields=(
        Field("column", Text(), "The name of the column; null where it is about the row."),
        Field("code", Text(), nullable=False),
        Field("message", Text(), nullable=False),
    ),
)
PROBLEM = Shape(
    title="ImportProblem",
    fields=(
        Field("row", Integer(), "Line or row of the file.", nullable=False),
        Field("cells", TextList(), "The cells as they came.", nullable=False),
        Field("errors", ListOf(ERROR), "What is wrong.", nullable=False),
    ),
)


def keep(record_id: UUID, rows: Sequence[Parsed]) -> None:
    """Store the rows that have errors."""
    plan = plan_of(ImportProblem, ("source_id", "row", "cells", "errors"))
    wrong = [parsed for parsed in rows if parsed.errors]
    if wrong:
        copy_rows(plan, [_stored(record_id, parsed) for parsed in wrong])


def _stored(record_id: UUID, parsed: Parsed) -> dict[str, Any]:
    texts = [text_of(cell) or "" for cell in parsed.row.cells]
    long = [str(place) for place, text in enumerate(texts, 1) if len(text) > MOST_CELL]
    errors = [*parsed.errors, CellError(None, "cut", _CUT.format(", ".join(long)))] if long else parsed.errors
    return {
        "source_id": record_id,
        "row": parsed.row.number,
        "cells": [_clean(text) for text in texts],
        "errors": [{**error.as_dict(), "message": _clean(error.message)} for error in errors],
    }


def _clean(text: str) -> str:
    return text[:MOST_CELL].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def fetch(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of the rows with errors, in the order of the file. Raises NotFound, InvalidCursor."""
    check_limit(limit)
    found = _import(actor, record_id)
    rows = ImportProblem.objects.filter(source=found.pk).order_by("id")
    if after is not None:
        (position,) = cursors.decode("import_problems", after, 1)
        if not isinstance(position, int) or not 0 <= position < 2**63:
            raise InvalidCursor()
        rows = rows.filter(id__gt=position)
    page = list(rows[: limit + 1])
    items = [{"row": item.row, "cells": item.cells, "errors": item.errors} for item in page[:limit]]
    return FeedPage(items, cursors.encode("import_problems", [page[limit - 1].pk]) if len(page) > limit else None)


def as_file(*, actor: Actor, record_id: UUID, at: datetime) -> Attachment:
    """The rows with errors as CSV in UTF-8: the file's own columns, then the row's number and what is wrong."""
    found = _import(actor, record_id)
    name = f"{found.name.rpartition('.')[0] or found.name} - errors.csv"
    return Attachment(name, "text/csv; charset=utf-8", lambda: _lines(found))


def _import(actor: Actor, record_id: UUID) -> Import:
    actor.require("import", "view")
    found: Import | None = Import.objects.visible_to(actor).alive().filter(pk=record_id).first()
    if found is None:
        raise NotFound(entity="import", id=str(record_id))
    return found


def _lines(found: Import) -> Iterator[bytes]:
    columns = found.layout["columns"]
    # A file of errors that was sent again brings these two along; what they say now counts.
    theirs = [index for index, name in enumerate(columns) if name not in OWN_COLUMNS]
    yield "\ufeff".encode() + _line([*(columns[index] for index in theirs), *OWN_COLUMNS])
    last = 0
    while rows := list(ImportProblem.objects.filter(source=found.pk, id__gt=last).order_by("id")[:BATCH]):
        last = rows[-1].pk
        block = []
        for item in rows:
            cells = item.cells + [""] * len(columns)
            told = "; ".join(f"{one['column'] or 'row'}: {one['message']} ({one['code']})" for one in item.errors)
            block.append(_line([*(cells[index] for index in theirs), str(item.row), told]))
        yield b"".join(block)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow([neutral(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "replace")


def neutral(text: str) -> str:
    """Text that no program takes for a formula, and that is read as the cell was; numbers stay as they are."""
    if text[:1] in ("+", "-") and all(mark in "0123456789.,+-() /" for mark in text):
        return text
    return neutralised(restored(text))


def feed() -> Feed:
    return Feed("problems", PROBLEM, fetch, "Rows that could not be imported, in the order of the file.")
