"""Notifications of tasks that lead to a person by another record."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.actors import SYSTEM
from crm.models import Notification
from crm.services.tasks import tasks
from tests.crm import make
from tests.crm.privacy.test_erasure import WORD, erase, person
from tests.support import marker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("place", ["case", "deal", "order"])
def test_what_somebody_was_told_of_the_person_goes(at: datetime, place: str) -> None:
    contact = person(at)
    make.pipeline(at)
    subject = getattr(make, place)(at, contact_id=str(contact.pk))
    values = {"title": f"Call {WORD}", f"{place}_id": str(subject.pk), "owner_id": str(make.user("Bo").pk)}
    tasks.create(actor=SYSTEM, values=values, at=at)
    assert Notification.objects.get().contact_id == contact.pk
    erase(at, contact)
    assert marker.in_database(WORD) == []
