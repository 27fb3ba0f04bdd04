"""Merges that meet: one after the other, one refusal, never a deadlock, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.errors import DomainError
from crm.models import Contact, Merge
from crm.services import merges
from tests.crm import make

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
