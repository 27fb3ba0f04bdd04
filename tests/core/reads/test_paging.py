"""Keyset pages: put together they are the whole list, in its order, whatever the sort, the page size and the nulls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import registry
from core.actors import SYSTEM
from core.errors import BadRequest, Invalid, InvalidCursor
from core.reads import reader
from core.reads.selection import Selection
from crm.models import Contact

AT = datetime(2026, 1, 1, tzinfo=UTC)
SORTS = [(), ("name",), ("-name",), ("email",), ("-email",), ("created_at",), ("-created_at", "name"), ("name", "-id")]


@pytest.fixture
def people(db: None) -> None:
    for i in range(23):
        Contact.objects.create(
            first_name=["Ann", "Bob", None][i % 3],
            email=f"p{i}@example.com" if i % 4 else None,
            created_at=datetime(2025, 1, 1 + i % 5, tzinfo=UTC),
        )


def read(sort: tuple[str, ...], limit: int, after: str | None = None) -> reader.Page:
    return reader.page(
        registry.entity("contact"), actor=SYSTEM, at=AT, selection=Selection(("id", "name", "email")), sort=sort,
        limit=limit, after=after,
    )  # fmt: skip


def test_pages_put_together_are_the_list(people: None) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(SORTS), st.integers(1, 25))
    def complete(sort: tuple[str, ...], limit: int) -> None:
        whole = read(sort, 200).rows
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            page = read(sort, limit, after)
            rows += page.rows
            after = page.next_cursor
            if after is None:
                break
            assert len(page.rows) == limit
        assert rows == whole
        assert len(rows) == 23

    complete()


def test_a_row_added_before_the_cursor_shifts_nothing(people: None) -> None:
    first = read(("email",), 5)
    Contact.objects.create(email="a@example.com")
    second = read(("email",), 5, first.next_cursor)
    assert not {row["id"] for row in first.rows} & {row["id"] for row in second.rows}


@pytest.mark.parametrize("cursor", ["", "x", "äöü", "AAAA", "W10", "x" * 5000, "WyJuYW1lIl0"])
def test_a_broken_cursor_is_refused(people: None, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        read(("name",), 5, cursor or "!")


def test_a_cursor_of_another_order_is_refused(people: None) -> None:
    cursor = read(("name",), 5).next_cursor
    with pytest.raises(InvalidCursor):
        read(("-name",), 5, cursor)


@pytest.mark.parametrize("sort", [("city",), ("nope",), ("name", "name"), ("password",)])
def test_sorting_by_anything_else_is_refused(db: None, sort: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest):
        read(sort, 5)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_page_size_is_bounded(db: None, limit: int) -> None:
    with pytest.raises(Invalid) as refusal:
        read((), limit)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/limit", "out_of_range")]
