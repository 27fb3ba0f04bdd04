"""Merges that meet: one after the other, one refusal, never a deadlock, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from core import registry
from core.actors import SYSTEM
from core.errors import DomainError
from core.writes import bulk
from crm.models import Contact, Event, File, Interaction, Merge
from crm.services import identity, merges
from crm.services.events import events
from crm.services.files import files
from tests.crm import make
from tests.support.races import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def both(*calls: Callable[[], Any]) -> list[str]:
    """What comes of calls at the same moment: done, or the refusal's code."""
    together = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        try:
            together.wait(10)
            call()
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_each_into_the_other_is_one_merge_and_one_refusal() -> None:
    for round_ in range(5):
        one, two = (make.contact(AT, last_name=f"{name} {round_}") for name in ("One", "Two"))
        told = both(
            lambda a=one, b=two: merges.merge(actor=SYSTEM, record_id=a.pk, at=AT, contact_id=b.pk),
            lambda a=one, b=two: merges.merge(actor=SYSTEM, record_id=b.pk, at=AT, contact_id=a.pk),
        )
        assert sorted(told) == ["done", "not_found"]
        assert Contact.objects.alive().filter(pk__in=[one.pk, two.pk]).count() == 1
    assert Merge.objects.count() == 5


def test_the_same_merge_twice_and_its_undoing_twice() -> None:
    one, two = (make.contact(AT, last_name=name) for name in ("One", "Two"))
    make.interaction(AT, contact_id=str(two.pk))

    def merge() -> None:
        merges.merge(actor=SYSTEM, record_id=one.pk, at=AT, contact_id=two.pk)

    def unmerge() -> None:
        merges.unmerge(actor=SYSTEM, record_id=one.pk, at=AT)

    assert sorted(both(merge, merge)) == ["already_merged", "done"]
    assert sorted(both(unmerge, unmerge)) == ["done", "not_merged"]
    assert Contact.objects.alive().count() == 2
    assert two.interactions.count() == 1


ARRIVING: dict[str, tuple[dict[str, Any], str]] = {
    "order": ({"placed_at": AT.isoformat()}, "contact_id"),
    "interaction": ({"channel": "call", "occurred_at": AT.isoformat()}, "contact_id"),
    "event": ({"name": "Seen", "occurred_at": AT.isoformat()}, "contact_id"),
    "note": ({"body": "Called twice."}, "contact_id"),
    "referral": ({"occurred_at": AT.isoformat()}, "referred_id"),
}


@pytest.mark.parametrize("how", ["one", "many"])
@pytest.mark.parametrize("kind", ARRIVING)
def test_what_arrives_while_its_contact_is_merged_is_not_left_with_who_is_no_more(kind: str, how: str) -> None:
    one, two, three = (make.contact(AT, last_name=name) for name in ("One", "Two", "Three"))
    values, column = ARRIVING[kind]
    values = values | {column: str(two.pk)} | ({"referrer_id": str(three.pk)} if kind == "referral" else {})
    entity = registry.entity(kind)
    assert entity.writes is not None
    writes = entity.writes

    def arrive() -> None:
        if how == "one":
            writes.create(actor=SYSTEM, values=values, at=AT)
        elif writes.makes_sets:
            for outcome in writes.create_set(actor=SYSTEM, items=[values], at=AT):
                if isinstance(outcome, DomainError):
                    raise outcome
        else:
            for result in bulk.create_many(writes, actor=SYSTEM, values=[values], at=AT):
                if result.error is not None:
                    raise result.error

    told = meanwhile(lambda: merges.merge(actor=SYSTEM, record_id=one.pk, at=AT, contact_id=two.pk), arrive)
    assert told == "invalid"
    assert not entity.model._default_manager.exists()


def test_an_event_of_who_is_being_merged_is_the_one_who_stays() -> None:
    one, two = (make.contact(AT, last_name=name) for name in ("One", "Two"))
    identity.identify(actor=SYSTEM, record_id=two.pk, at=AT, anonymous_id="v-1")
    values = {"name": "Seen", "occurred_at": AT.isoformat(), "anonymous_id": "v-1"}
    told = meanwhile(
        lambda: merges.merge(actor=SYSTEM, record_id=one.pk, at=AT, contact_id=two.pk),
        lambda: events.create(actor=SYSTEM, values=values, at=AT),
    )
    assert told == "done"
    assert Event.objects.get().contact_id == one.pk


def test_what_is_on_a_note_or_case_goes_to_whom_that_goes() -> None:
    one, two = (make.contact(AT, last_name=name) for name in ("One", "Two"))
    note = registry.entity("note").writes.create(actor=SYSTEM, values={"body": "x", "contact_id": str(two.pk)}, at=AT)  # type: ignore[union-attr]
    case = make.case(AT, contact_id=str(two.pk))

    def arrive() -> None:
        files.upload(actor=SYSTEM, at=AT, file=SimpleUploadedFile("a.txt", b"text"), note_id=note.pk)
        make.interaction(AT, case_id=str(case.pk))

    assert meanwhile(lambda: merges.merge(actor=SYSTEM, record_id=one.pk, at=AT, contact_id=two.pk), arrive) == "done"
    assert File.objects.get().contact_id == one.pk
    assert Interaction.objects.get(case=case.pk).contact_id == one.pk
