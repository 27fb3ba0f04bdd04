"""Many records in a few statements: the same rules for custom fields, whose definitions are read once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.actors import SYSTEM
from core.writes import bulk
from crm.models import Contact
from crm.services.contacts import contacts
from tests.crm import make
from tests.crm.custom_fields.make import AT, define, every_type

pytestmark = pytest.mark.django_db


def test_rules_hold_for_many_at_once() -> None:
    every_type()
    define("vip", "boolean", default=False)
    company = make.company(AT)
    values = [
        {"last_name": "A", "custom": {"tier": "gold", "employer": str(company.pk)}},
        {"last_name": "B", "custom": {"tier": "lead"}},
        {"last_name": "C", "custom": {"employer": "00000000-0000-0000-0000-000000000000"}},
        {"last_name": "D"},
    ]
    results = bulk.create_many(contacts, actor=SYSTEM, values=values, at=AT)
    assert [[fault.pointer for fault in result.error.errors] if result.error else [] for result in results] == [
        [], ["/custom/tier"], ["/custom/employer"], [],
    ]  # fmt: skip
    made = {contact.last_name: contact.custom for contact in Contact.objects.all()}
    assert made == {"A": {"tier": "gold", "employer": str(company.pk), "vip": False}, "D": {"vip": False}}
    found = Contact.objects.get(last_name="A")
    changes = [{"custom": {"tier": None, "note": "x"}}]
    (result,) = bulk.update_many(contacts, actor=SYSTEM, ids=[found.pk], values=changes, at=AT)
    assert result.error is None
    found.refresh_from_db()
    assert found.custom == {"employer": str(company.pk), "vip": False, "note": "x"}


def test_statements_do_not_grow_with_records() -> None:
    every_type()

    def statements(count: int) -> int:
        values = [{"last_name": "X", "custom": {"score": n}} for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            results = bulk.create_many(contacts, actor=SYSTEM, values=values, at=AT)
        assert all(result.error is None for result in results)
        return len(captured)

    statements(2)
    assert statements(3) == statements(60)
