"""Batches: a result per item, failures by themselves, or all or nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from core import registry
from core.actors import SYSTEM
from core.errors import BadRequest
from core.writes import batch
from crm.models import Contact
from crm.services import merges

AT = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def run(*items: Any, atomic: bool = False) -> list[dict[str, Any]]:
    return batch.run(registry.entity("contact"), actor=SYSTEM, at=AT, items=list(items), atomic=atomic)


def upsert(key: str, **values: Any) -> dict[str, Any]:
    return {"action": "upsert", "key": key, "values": values}


def test_each_item_has_its_own_result() -> None:
    results = run(
        {"action": "create", "values": {"first_name": "Ann"}},
        {"action": "create", "values": {"shoe": 1}},
        {"action": "launch"},
        17,
        {"action": "delete", "id": "0190a0a0-0000-7000-8000-000000000000"},
    )
    assert [item["status"] for item in results] == ["created", "failed", "failed", "failed", "failed"]
    assert [item["error"]["code"] for item in results[1:]] == ["invalid", "invalid", "invalid", "not_found"]
    assert Contact.objects.count() == 1


def test_upsert_by_external_id_and_by_email() -> None:
    first = run(upsert("external_id", external_id="a-1", first_name="Ann"), upsert("email", email="B@example.com"))
    again = run(
        upsert("external_id", external_id="a-1", first_name="Anna"), upsert("email", email="b@example.com", city="Bath")
    )
    assert [item["status"] for item in first] == ["created", "created"]
    assert [item["status"] for item in again] == ["updated", "updated"]
    assert [item["id"] for item in again] == [item["id"] for item in first]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("action", ["update", "delete", "restore"])
def test_a_key_that_finds_nothing_says_so(action: str) -> None:
    (result,) = run({"action": action, "key": "external_id", "values": {"external_id": "nobody's"}})
    faults = [(fault["pointer"], fault["code"]) for fault in result["error"]["errors"]]
    assert faults == [("/values/external_id", "not_found")]


def test_the_same_new_key_twice_in_one_batch_is_one_record() -> None:
    results = run(upsert("external_id", external_id="a"), upsert("external_id", external_id="a", city="Bath"))
    assert [item["status"] for item in results] == ["created", "updated"]


def test_a_duplicate_fails_alone() -> None:
    ann = {"action": "create", "values": {"email": "a@example.com"}}
    results = run(ann, ann, {"action": "create", "values": {"email": "c@example.com"}})
    assert [item["status"] for item in results] == ["created", "failed", "created"]
    assert results[1]["error"]["code"] == "duplicate"


def test_atomic_writes_all_or_nothing() -> None:
    results = run(
        {"action": "create", "values": {"first_name": "Ann"}}, {"action": "create", "values": {"x": 1}}, atomic=True
    )
    assert [item["status"] for item in results] == ["rolled_back", "failed"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("key", ["first_name", "id", "deleted_at", "nope"])
def test_only_keys_find_records(key: str) -> None:
    (result,) = run(upsert(key, first_name="Ann"))
    assert result["error"]["errors"][0]["pointer"] == "/key"


def test_the_number_of_items_is_bounded() -> None:
    with pytest.raises(BadRequest):
        run(*[{"action": "create"}] * 1001)


def test_an_upsert_that_loses_a_race_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request makes the record after this one has looked for it."""
    Contact.objects.create(external_id="a", first_name="Ann")
    look = batch._find
    looks: list[Any] = []

    def too_early(*args: Any) -> Any:
        looks.append(args)
        return look(*args) if len(looks) > 1 else None

    monkeypatch.setattr(batch, "_find", too_early)
    (result,) = run(upsert("external_id", external_id="a", city="Bath"))
    assert result["status"] == "updated"
    assert Contact.objects.values_list("first_name", "city").get() == ("Ann", "Bath")


@pytest.mark.django_db(transaction=True)
def test_two_batches_on_the_same_records_in_opposite_order_both_succeed() -> None:
    ids = [item["id"] for item in run(*[{"action": "create", "values": {"first_name": "Ann"}}] * 30)]
    results: dict[str, list[dict[str, Any]]] = {}
    barrier = threading.Barrier(2)

    def write(city: str, order: list[str]) -> None:
        try:
            barrier.wait()
            results[city] = run(*({"action": "update", "id": pk, "values": {"city": city}} for pk in order))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=job) for job in (("Bath", ids), ("Rome", ids[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {item["status"] for items in results.values() for item in items} == {"updated"}
    assert Contact.objects.values("city").distinct().count() == 1


def test_what_was_merged_is_found_by_its_key_and_leaves_the_winners_own() -> None:
    winner, loser = (run(upsert("external_id", external_id=key, last_name=key))[0]["id"] for key in ("S1", "S2"))
    merges.merge(actor=SYSTEM, record_id=UUID(winner), contact_id=UUID(loser), at=AT)
    for _ in range(2):
        results = run(upsert("external_id", external_id="S2", city="Ghent"))
        assert [(item["status"], item["id"]) for item in results] == [("updated", winner)]
    contact = Contact.objects.alive().get()
    assert (contact.external_id, contact.city) == ("S1", "Ghent")
    # Whoever deletes the one that is gone does not mean the one that stayed.
    assert run({"action": "delete", "key": "external_id", "values": {"external_id": "S2"}})[0]["status"] == "failed"
