"""Rows are parsed many at once just as one by one: values, errors, and what is empty."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import registry
from core.actors import SYSTEM
from core.imports import kinds, plan
from core.imports.detection.columns import examine
from core.imports.mapping import targets
from core.imports.readers import Cell, Row
from core.imports.readers.base import Fault

pytestmark = pytest.mark.django_db

COLUMNS = {
    "Last": "last_name", "Mail": "email", "Phone": "phone", "Born": "birth_date", "Stage": "lifecycle_stage",
    "Tags": "tags", "Firm": "company.name",
}  # fmt: skip
CELLS: list[Cell] = [
    None, " ", "Ada", " Bo ", "'=1+1", "'plain", "ada@example.com", "Ada@Example.COM", "x@localhost", "a b@c.de",
    "+32470123456", "0032 470 12 34 56", "+320470123456", "2020-02-30", "2020-02-28", "lead", "Lead", "no such", "a;b",
    "x" * 300, "é\u0301", "\ud800", "\x00", 12, 1.5, True,
]  # fmt: skip
ROWS = st.lists(
    st.builds(
        Row,
        st.integers(2, 9),
        st.lists(st.sampled_from(CELLS), min_size=len(COLUMNS), max_size=len(COLUMNS)),
        st.sampled_from([(), (), (), (Fault("too_few_cells", "Short."),)]),
    ),
    max_size=12,
)


def made(rows: list[Row], **options: Any) -> plan.Plan:
    columns, _ = examine(tuple(COLUMNS), rows)
    known = targets.of_entity(registry.entity("contact"), SYSTEM)
    return plan.make(columns, COLUMNS, {"source": "fair"}, known, options, kinds.words_of("contact"))


@given(ROWS, st.sampled_from([{}, {"empty": "clear"}, {"phone_region": "BE"}]))
def test_many_at_once_are_parsed_as_one_by_one(rows: list[Row], options: dict[str, Any]) -> None:
    found = made(rows, **options)
    assert found.parse_many(5, rows) == [found.parse(place, row) for place, row in enumerate(rows, 5)]


def test_amounts_with_their_currency_too() -> None:
    cells = [["EUR", "1.50"], [None, "USD 2"], ["EUR", "USD 2"], ["EUR", "x"]]
    rows = [Row(number, list(row)) for number, row in enumerate(cells, 2)]
    columns, _ = examine(("Currency", "Amount"), rows)
    known = targets.of_entity(registry.entity("deal"), SYSTEM)
    found = plan.make(columns, {"Currency": "currency", "Amount": "amount"}, {}, known, {}, {})
    assert found.parse_many(0, rows) == [found.parse(place, row) for place, row in enumerate(rows)]
