"""Identifiers lead nobody back to an erased contact."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.actors import SYSTEM
from core.errors import PersonErased
from crm.models import Identifier
from crm.services import identity
from crm.services.identifiers import identifiers
from tests.crm.privacy.test_erasure import MAIL, erase, person

pytestmark = pytest.mark.django_db


def test_an_erased_contact_takes_no_identifiers(at: datetime) -> None:
    contact = person(at)
    erase(at, contact)
    with pytest.raises(PersonErased):
        identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, email=MAIL)
    values = {"contact_id": str(contact.pk), "kind": "email", "value": MAIL}
    with pytest.raises(PersonErased):
        identifiers.create(actor=SYSTEM, values=values, at=at)
    assert not Identifier.objects.exists()
