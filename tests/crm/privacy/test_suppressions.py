from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from core.actors import SYSTEM
from core.errors import Forbidden, Invalid
from core.models import Change, OutboxEvent
from crm.models import Suppression
from crm.services.suppressions import check, suppressions
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def suppress(at: datetime, address: str = "ada@example.com", **values: Any) -> Suppression:
    return suppressions.create(actor=SYSTEM, values={"channel": "email", "address": address, **values}, at=at)


def told(at: datetime, *addresses: str, channel: str = "email") -> list[bool]:
    found = check(actor=SYSTEM, at=at, channel=channel, addresses=addresses)
    return [row["suppressed"] for row in found]


def test_an_address_is_known_and_not_kept(at: datetime) -> None:
    made = suppress(at, reason="bounce")
    assert told(at, "ADA@EXAMPLE.com", "eve@example.com") == [True, False]
    kept = [str(vars(made)), *map(str, Change.objects.values()), *map(str, OutboxEvent.objects.values())]
    assert not [text for text in kept if "ada@" in text.lower()]


def test_the_same_address_twice_is_one(at: datetime) -> None:
    first = suppress(at)
    assert suppress(at, "Ada@example.com", reason="complaint").pk == first.pk
    assert Suppression.objects.get().reason == "manual"
    suppress(at, "+32 2 555 12 34", channel="sms")
    suppress(at, "+3225551234", channel="sms")
    suppress(at, "+3225551234", channel="phone")
    assert Suppression.objects.count() == 3


def test_what_runs_out_is_renewed(at: datetime) -> None:
    end = at + timedelta(days=3)
    first = suppress(at, reason="bounce", expires_at=end.isoformat())
    assert told(end, "ada@example.com") == [False]
    assert suppress(at, reason="complaint").pk == first.pk
    kept = Suppression.objects.get()
    assert (kept.expires_at, kept.reason, kept.version) == (None, "complaint", 2)
    suppress(at, expires_at=end.isoformat())
    assert Suppression.objects.get().expires_at is None


def test_a_lifted_one_can_come_again(at: datetime) -> None:
    first = suppress(at)
    suppressions.delete(actor=SYSTEM, record_id=first.pk, at=at)
    assert told(at, "ada@example.com") == [False]
    assert suppress(at).pk != first.pk
    assert told(at, "ada@example.com") == [True]


def test_the_hash_stays_when_the_secret_key_is_rotated(at: datetime) -> None:
    suppress(at)
    with override_settings(SECRET_KEY="another"):
        assert told(at, "ada@example.com") == [True]
    with override_settings(PRIVACY_HASH_KEY="another"):
        assert told(at, "ada@example.com") == [False]


def test_no_address_is_refused_with_its_place(at: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        told(at, "ada@example.com", "nobody", "")
    assert [(fault.pointer, fault.code) for fault in refusal.value.errors] == [
        ("/addresses/1", "invalid_email"),
        ("/addresses/2", "blank"),
    ]
    with pytest.raises(Invalid):
        suppress(at, "nobody")
    with pytest.raises(Forbidden):
        check(actor=clerk("contact"), at=at, channel="email", addresses=[])
    assert not Suppression.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one(at: datetime) -> None:
    def again(_: int) -> Any:
        try:
            return suppress(at).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(again, range(6)))) == 1
    assert Suppression.objects.count() == 1
