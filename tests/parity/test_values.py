"""Values on the wire: money, moments, tags, custom fields; null and absent; related records."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from tests.parity.script import Script, same_through_both
from tests.support.people import Company

pytestmark = pytest.mark.usefixtures("undone")


def _deal(script: Script, **values: Any) -> dict[str, Any]:
    """A deal through the door."""
    deal = registry.entity("deal")
    made: dict[str, Any] = script.done("create", script.door.create(deal, script.samples.minimal(deal, **values)))
    return made


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("0", "0.00"),
        ("12.5", "12.50"),
        (12.5, "12.50"),
        (7, "7.00"),
        ("00012.500", "12.50"),
        ("99999999999999.99", "99999999999999.99"),
        (0.1, "0.10"),
    ],
)
def test_money_is_an_exact_text(company: Company, sent: Any, shown: str) -> None:
    def scenario(script: Script) -> None:
        assert _deal(script, amount=sent)["amount"] == shown

    same_through_both(company.people["administrator"], scenario)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2025-03-30T02:30:00+02:00", "2025-03-30T00:30:00+00:00"),
        ("2025-01-01", "2025-01-01T00:00:00+00:00"),
        ("2025-01-01T12:00:00.123456Z", "2025-01-01T12:00:00.123456+00:00"),
    ],
)
def test_moments_are_shown_in_utc(company: Company, sent: str, shown: str) -> None:
    def scenario(script: Script) -> None:
        assert _deal(script, opened_at=sent)["opened_at"] == shown

    same_through_both(company.people["administrator"], scenario)


def test_tags_are_a_set_and_custom_fields_are_merged(company: Company) -> None:
    deal = registry.entity("deal")

    def scenario(script: Script) -> None:
        door = script.door
        whole = {"a_text": "x", "a_number": 1.5, "a_date": "2025-01-31", "a_boolean": False, "a_choice": "gold"}
        made = _deal(script, tags=["b", "a", "b", " "], custom=whole)
        assert made["tags"] == ["a", "b"]
        assert made["custom"].keys() == whole.keys()
        merged = script.done("merge", door.update(deal, made["id"], {"custom": {"a_text": None, "a_boolean": True}}))
        assert merged["custom"].keys() == whole.keys() - {"a_text"}
        for key, value in merged["custom"].items():
            where = {"field": f"custom.{key}", "value": value}
            found = script.done(f"by {key}", door.search(deal, where=where))
            assert [row["id"] for row in found.rows] == [made["id"]]
            script.done(f"groups by {key}", door.aggregate(deal, group_by=[f"custom.{key}"]))
        script.done("by tag", door.search(deal, where={"field": "tags", "op": "has_all", "value": ["a", "b"]}))
        for key, value in (("a_number", "x"), ("a_choice", "lead"), ("a_date", 5), ("bogus", 1)):
            refused = door.update(deal, made["id"], {"custom": {key: value}})
            script.refused(f"wrong {key}", refused, "invalid")

    same_through_both(company.people["administrator"], scenario)


def test_null_empties_and_absent_keeps(company: Company) -> None:
    contact = registry.entity("contact")

    def scenario(script: Script) -> None:
        door = script.door
        made = script.done("create", door.create(contact, {"first_name": "Ann", "city": "Bath", "owner_id": None}))
        assert made["owner_id"] is None
        assert made["team_id"] is not None
        kept = script.done("absent", door.update(contact, made["id"], {"last_name": "Lee"}))
        assert (kept["city"], kept["name"]) == ("Bath", "Ann Lee")
        emptied = script.done("null", door.update(contact, made["id"], {"city": None, "last_name": ""}))
        assert (emptied["city"], emptied["name"], emptied["last_name"]) == (None, "Ann", None)
        script.refused("null that must not be", door.update(contact, made["id"], {"lifecycle_stage": None}), "invalid")

    same_through_both(company.people["administrator"], scenario)


def test_related_records_come_along_to_three_levels(company: Company) -> None:
    entity = registry.entity("company")

    def scenario(script: Script) -> None:
        samples, door = script.samples, script.door
        top = samples.make("company")
        for _ in range(3):
            contact = samples.make("contact", company_id=str(top.pk), owner_id=str(company.stranger.pk))
            samples.make("order", contact_id=str(contact.pk))
        found = script.done(
            "get", door.get(entity, top.pk, expand=("contacts.owner.team", "contacts.orders", "parent"))
        )
        assert [len(row["orders"]["data"]) for row in found["contacts"]["data"]] == [1, 1, 1]
        contact = registry.entity("contact")
        bought = door.get(contact, found["contacts"]["data"][0]["id"], expand=("orders.lines.product",))
        lines = script.done("lines", bought)["orders"]["data"][0]["lines"]["data"]
        assert [line["quantity"] for line in lines] == ["2.000"]
        assert found["contacts"]["data"][0]["owner"]["team"]["name"] == "South"
        script.done("list", door.list(entity, expand=("contacts.orders", "contacts.owner.team"), limit=3))

    same_through_both(company.people["administrator"], scenario)


def test_a_timeline_tells_everything_that_happened(company: Company) -> None:
    contact = registry.entity("contact")

    def scenario(script: Script) -> None:
        samples, door = script.samples, script.door
        person = samples.make("contact")
        mine = {"contact_id": str(person.pk)}
        samples.make("order", **mine)
        deal = samples.make("deal", **mine)
        samples.make("interaction", **mine)
        moves = {item.name: item for item in registry.entity("deal").operations}
        stages = samples.input_of(moves["move_deal"], deal)
        script.done("move", door.operation(moves["move_deal"], deal.pk, stages))
        script.done("win", door.operation(moves["win_deal"], deal.pk, {"amount": "5"}))
        page = script.done("timeline", door.feed(contact, person.pk, "timeline"))
        assert {item["kind"] for item in page.rows} == {"interaction", "order", "deal", "lifecycle"}
        first = script.done("first", door.feed(contact, person.pk, "timeline", limit=2))
        second = script.done("second", door.feed(contact, person.pk, "timeline", limit=200, after=first.next))
        assert first.rows + second.rows == page.rows
        deals = script.done("deals", door.feed(contact, person.pk, "timeline", kind="deal", limit=2))
        last = script.done("last", door.feed(contact, person.pk, "timeline", kind="deal", limit=2, after=deals.next))
        assert deals.rows + last.rows == [item for item in page.rows if item["kind"] == "deal"]
        assert script.done("none", door.feed(contact, person.pk, "timeline", kind="note")).rows == []

    same_through_both(company.people["administrator"], scenario)


def test_the_history_says_by_which_door(company: Company) -> None:
    contact = registry.entity("contact")

    def scenario(script: Script) -> None:
        made = script.done("create", script.door.create(contact, {"first_name": "Ann"}))
        (change,) = script.done("history", script.door.feed(contact, made["id"], "history")).rows
        assert change["door"] == script.door.name
        assert change["request_id"]

    same_through_both(company.people["administrator"], scenario)
