"""Ties and their candidates as REST and GraphQL show them, to our own people and to two partners."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from core.actors import SYSTEM
from crm.models import Contact, Event, Interaction, Tie
from crm.services.events import events
from tests.crm import make
from tests.support.doors import Door, Outcome, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company

pytestmark = pytest.mark.usefixtures("undone")

DOORS = pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
PHONE = "+4930123456"


def operation(entity: str, name: str) -> Any:
    return next(item for item in registry.entity(entity).operations if item.name == name)


def door(kind: type[Door], company: Company, person: str) -> Any:
    return kind(company.people[person].key)


def candidates(door: Any, entity: str, record: Any, **options: Any) -> Outcome:
    return door.feed(registry.entity(entity), record.pk, "tie-candidates", **options)


def with_phone(company: Company, name: str, partner: str | None = None) -> Contact:
    whose = {"partner_id": str(company.partners[partner].pk)} if partner else {}
    return make.contact(company.at, last_name=name, phone=PHONE, **whose)


def sale(company: Company, **values: Any) -> Event:
    given = {"name": "Receipt", "is_offline": True, "properties": {"phone": PHONE}, **values}
    return events.create(actor=SYSTEM, values=given, at=company.at)


def talk(company: Company, partner: str) -> Interaction:
    shop = make.company(company.at, partner_id=str(company.partners[partner].pk))
    return make.interaction(company.at, company_id=str(shop.pk), channel="store", data={"phone": PHONE})


@DOORS
def test_a_candidate_is_offered_tied_listed_and_untied(company: Company, kind: type[Door]) -> None:
    elm, _ = with_phone(company, "Elm"), with_phone(company, "Oak")
    made = sale(company)
    caller = door(kind, company, "administrator")
    first = candidates(caller, "event", made, limit=1)
    second = candidates(caller, "event", made, limit=1, after=first.next)
    (item,) = first.rows
    assert item == {
        "contact_id": str(elm.pk), "name": "Elm", "confidence": "0.450", "untied_at": None,
        "evidence": [{
            "evidence": "phone", "text": "same phone, shared by 2", "weight": "0.450", "matched_event_id": None,
            "matched_order_id": None,
        }],
    }  # fmt: skip
    assert [other["name"] for other in second.rows] == ["Oak"]
    assert second.next is None
    given = {"contact_id": item["contact_id"], "evidence": "phone", "confidence": item["confidence"]}
    caller.operation(operation("event", "tie_event"), made.pk, given)
    (tied,) = caller.list(registry.entity("tie"), where={"field": "event_id", "value": str(made.pk)}).rows
    assert (tied["contact_id"], tied["evidence"], tied["confidence"]) == (str(elm.pk), "phone", "0.450")
    assert candidates(caller, "event", made).rows == []
    caller.operation(operation("tie", "untie"), tied["id"], {})
    again = candidates(caller, "event", made).rows
    assert [(other["name"], other["untied_at"] is None) for other in again] == [("Elm", False), ("Oak", True)]


@DOORS
def test_of_two_partners_each_is_offered_their_own(company: Company, kind: type[Door]) -> None:
    for partner in ("Alder", "Birch"):
        with_phone(company, f"Of {partner}", partner)
    made = talk(company, "Alder")
    own = candidates(door(kind, company, "manager of Alder"), "interaction", made)
    assert [item["name"] for item in own.rows] == ["Of Alder"]
    other = candidates(door(kind, company, "manager of Birch"), "interaction", made)
    assert isinstance(other, Problem)
    assert other.code == "not_found"
    ours = candidates(door(kind, company, "administrator"), "interaction", made)
    assert {item["name"] for item in ours.rows} == {"Of Alder", "Of Birch"}
    nobody = candidates(door(kind, company, "anonymous"), "interaction", made)
    assert nobody.code == "not_authenticated"


@DOORS
def test_a_touch_is_tied_and_untied(company: Company, kind: type[Door]) -> None:
    caller, elm = door(kind, company, "administrator"), with_phone(company, "Elm")
    touch = caller.create(
        registry.entity("touch"), {"anonymous_id": "v-1", "source": "fair", "occurred_at": company.at.isoformat()}
    )
    given = {"contact_id": str(elm.pk), "evidence": "manual"}
    tied = caller.operation(operation("touch", "tie_touch"), touch["id"], given)
    assert tied["contact_id"] == str(elm.pk)
    elm.refresh_from_db()
    assert (elm.acquisition_source, elm.source) == ("fair", "fair")
    caller.operation(operation("tie", "untie"), Tie.objects.get().pk, {})
    elm.refresh_from_db()
    assert (elm.acquisition_source, elm.source) == (None, None)
