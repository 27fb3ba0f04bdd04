"""Erasing while the rest of an erasure is being done."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.models import Change
from crm.models import Contact, Erasure
from crm.services import erasures
from tests.crm.privacy.test_erasure import erase, person
from tests.support.races import meanwhile


@pytest.mark.django_db(transaction=True)
def test_whoever_erases_again_and_the_worker_take_their_locks_in_one_order(at: datetime) -> None:
    contact = person(at)
    erase(at, contact)
    erasure = Erasure.objects.get(contact=contact)

    def hold() -> None:
        """What an erasure takes first."""
        Contact.objects.select_for_update().get(pk=contact.pk)
        list(Change.objects.select_for_update().filter(record_id=contact.pk))

    told = meanwhile(
        hold,
        lambda: erasures.finish(erasure_id=erasure.pk, at=at),
        # The worker waits for the person, and does not have the erasure yet.
        lambda: Erasure.objects.select_for_update(nowait=True).get(pk=erasure.pk),
    )
    assert told == "done"
    erasure.refresh_from_db()
    assert erasure.completed_at is not None
