"""What an export writes, the importer reads back as it was: for every field of every kind of record, and any text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import registry
from core.exports.columns import Column
from core.exports.options import DEFAULTS
from core.exports.writers.cells import text_cell
from core.formulas import neutralised, restored
from core.imports.detection.columns import Column as Detected
from core.imports.values import Reading, converter
from core.registry import types
from core.registry.fields import Field
from core.registry.types import FieldType, TypeFault
from tests.support.values import sample

MARKS = {".": "point", ",": "comma"}


def through(kind: FieldType, wire: Any, decimal: str = ".") -> Any:
    cell = text_cell(Column("x", ("x",), kind), {**DEFAULTS, "decimal": decimal})(wire)
    return converter(kind, Reading(Detected(name="x", decimal=MARKS[decimal]), ZoneInfo("UTC")))(cell)


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("name", [item.name for item in registry.entities()])
def test_every_writable_field_comes_back(name: str, decimal: str) -> None:
    for item in registry.entity(name).input_fields():
        if item.readable and item.reference is None and item.type.name not in ("list", "object", "criteria"):
            for parsed in _values(item):
                assert through(item.type, item.type.dump(parsed), decimal) == parsed, item.name


def _values(item: Field) -> Iterator[Any]:
    for number in range(3):
        # Some words are of a kind that the entity's own rules make.
        with suppress(TypeFault):
            yield item.type.parse(sample(item.type, item.name, number))


@given(st.text(max_size=40))
def test_any_text_is_restored(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(st.text(alphabet="'=+-@\t\r\n a", max_size=6))
def test_what_looks_like_a_formula_is_restored_and_begins_like_none(text: str) -> None:
    cell = neutralised(text)
    assert restored(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(words, min_size=1, max_size=4))
def test_words_with_separators_come_back(found: list[str]) -> None:
    kind = types.TextList()
    stored = kind.parse(found)
    assert through(kind, stored) == stored
