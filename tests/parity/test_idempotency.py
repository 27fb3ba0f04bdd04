"""A write that carries a key is carried out once, through either door."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from crm.models import Contact
from tests.support.doors import Door, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company

pytestmark = pytest.mark.usefixtures("undone")

CONTACT = registry.entity("contact")
DOORS = [RestDoor, GraphQLDoor]


@pytest.mark.parametrize("kind", DOORS)
def test_a_repeated_write_is_answered_as_the_first_time(company: Company, kind: Any) -> None:
    door: Door = kind(company.people["administrator"].key)
    first = door.create(CONTACT, {"first_name": "Ann"}, key="one")
    assert "Idempotent-Replayed" not in door.headers
    assert door.create(CONTACT, {"first_name": "Ann"}, key="one") == first
    assert door.headers["Idempotent-Replayed"] == "true"
    assert Contact.objects.count() == 1
    assert door.create(CONTACT, {"first_name": "Ann"}, key="two")["id"] != first["id"]
    changed = door.update(CONTACT, first["id"], {"city": "Bath"}, key="three")
    assert door.update(CONTACT, first["id"], {"city": "Bath"}, key="three") == changed
    items = [{"action": "create", "values": {"first_name": "Bea"}}]
    assert door.batch(CONTACT, items, key="four") == door.batch(CONTACT, items, key="four")
    assert Contact.objects.filter(first_name="Bea").count() == 1


@pytest.mark.parametrize("kind", DOORS)
def test_a_key_is_of_one_request_and_one_caller(company: Company, kind: Any) -> None:
    door: Door = kind(company.people["administrator"].key)
    first = door.create(CONTACT, {"first_name": "Ann"}, key="one")
    refused = door.create(CONTACT, {"first_name": "Bea"}, key="one")
    assert refused == Problem("idempotency_key_reused", 422)
    other: Door = kind(company.people["integration"].key)
    assert other.create(CONTACT, {"first_name": "Ann"}, key="one")["id"] != first["id"]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("kind", DOORS)
def test_a_refused_write_may_be_tried_again_under_its_key(company: Company, kind: Any) -> None:
    door: Door = kind(company.people["administrator"].key)
    assert isinstance(door.create(CONTACT, {"email": "nonsense"}, key="one"), Problem)
    assert door.create(CONTACT, {"email": "ann@example.com"}, key="one")["email"] == "ann@example.com"


def test_a_key_used_through_one_door_is_not_good_for_the_other(company: Company) -> None:
    key = company.people["administrator"].key
    RestDoor(key).create(CONTACT, {"first_name": "Ann"}, key="one")
    assert GraphQLDoor(key).create(CONTACT, {"first_name": "Ann"}, key="one") == Problem("idempotency_key_reused", 422)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
def test_a_key_that_is_none_is_refused(company: Company, key: str) -> None:
    told = {kind(company.people["administrator"].key).create(CONTACT, {}, key=key).code for kind in DOORS}
    assert told == {"invalid_idempotency_key"}
    assert Contact.objects.count() == 0
