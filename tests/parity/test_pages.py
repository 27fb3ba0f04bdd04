"""Pages follow each other without gaps or repeats, and a cursor of one door is good for the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice

import pytest

from core import registry
from tests.support.doors import Door, Outcome, Page, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

CONTACT = registry.entity("contact")
ORDERS = [
    (),
    ("id",),
    ("name",),
    ("-name",),
    ("email",),
    ("-email",),
    ("updated_at", "-name"),
    ("-name", "email", "created_at"),
]


@pytest.fixture
def doors(company: Company) -> list[Door]:
    key = company.people["administrator"].key
    return [RestDoor(key), GraphQLDoor(key)]


def _through(doors: list[Door], page: Callable[[Door, str | None], Outcome]) -> list[str]:
    """The ids on all pages, asked for by turns through one door and the other."""
    ids: list[str] = []
    after: str | None = None
    for door in islice(cycle(doors), 50):
        found = page(door, after)
        assert isinstance(found, Page), found
        ids += [row["id"] for row in found.rows]
        after = found.next
        if after is None:
            return ids
    raise AssertionError("there is no end of pages")


@pytest.mark.parametrize("sort", ORDERS, ids=str)
@pytest.mark.parametrize("first", [0, 1])
def test_a_cursor_of_one_door_is_good_for_the_other(doors: list[Door], sort: tuple[str, ...], first: int) -> None:
    samples = Samples(start=2000)
    for number in range(7):
        # Without a name, with an equal one, with its own.
        samples.make("contact", **({} if number % 3 == 0 else {"first_name": f"N{number % 3}", "last_name": "X"}))
    by_turns = doors[first:] + doors[:first]
    ids = _through(by_turns, lambda door, after: door.list(CONTACT, sort=sort, limit=2, after=after))
    assert len(ids) == len(set(ids)) == 7
    for door in doors:
        assert [row["id"] for row in door.list(CONTACT, sort=sort).rows] == ids
        searched = _through([door], lambda one, after: one.search(CONTACT, sort=list(sort), limit=3, after=after))
        assert searched == ids


@pytest.mark.parametrize("feed", ["history", "timeline"])
def test_a_cursor_of_a_feed_is_good_for_the_other_door(doors: list[Door], feed: str) -> None:
    contact = Samples(start=2000).make("contact")
    for stage in ("customer", "evangelist", "lead", "opportunity", "customer"):
        assert not isinstance(doors[0].update(CONTACT, contact.pk, {"lifecycle_stage": stage}), Problem)
    ids = _through(doors, lambda door, after: door.feed(CONTACT, contact.pk, feed, limit=1, after=after))
    assert len(ids) == len(set(ids)) == 6
    for door in doors:
        assert [item["id"] for item in door.feed(CONTACT, contact.pk, feed).rows] == ids


def test_lists_that_are_full_to_the_last_row_have_no_next_page(doors: list[Door]) -> None:
    samples = Samples(start=2000)
    for _ in range(4):
        samples.make("contact")
    for door in doors:
        page = door.list(CONTACT, limit=4)
        assert (len(page.rows), page.next) == (4, None)


def test_a_cursor_belongs_to_its_order_and_list(doors: list[Door]) -> None:
    samples = Samples(start=2000)
    for _ in range(3):
        samples.make("contact")
    cursor = doors[0].list(CONTACT, limit=1, sort=("name",)).next
    for door in doors:
        for outcome in (
            door.list(CONTACT, after=cursor),
            door.list(CONTACT, after=cursor, sort=("-name",)),
            door.list(registry.entity("company"), after=cursor),
        ):
            assert isinstance(outcome, Problem)
            assert (outcome.code, outcome.status) == ("invalid_cursor", 400)
