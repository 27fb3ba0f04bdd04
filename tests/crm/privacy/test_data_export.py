from __future__ import annotations

import json
import tracemalloc
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from core.actors import SYSTEM
from core.errors import Forbidden, NotFound
from core.ids import new_id
from core.personal import holders
from core.personal.holders import Holder
from crm.models import Contact, DataExport, Interaction
from crm.services.consent import consents
from crm.services.contacts import contacts
from crm.services.data_exports import export
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def text(contact: Contact, at: datetime, **values: Any) -> str:
    found = export(actor=SYSTEM, record_id=contact.pk, at=at, **values)
    return b"".join(found.chunks()).decode()


def read(contact: Contact, at: datetime) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text(contact, at))
    return told


def test_everything_about_the_person_and_nothing_about_others(contact: Contact, at: datetime) -> None:
    other = make.contact(at, first_name="Eve", last_name="Secret", email="eve@example.com")
    product = make.product(at, name="Tea", unit_price="3.33", unit_cost="1.20")
    line = {"product_id": str(product.pk), "quantity": "2", "unit_cost": "1.20"}
    order = make.order(at, contact_id=str(contact.pk), lines=[line])
    gift = make.order(at, contact_id=str(other.pk), is_gift=True, gift_recipient_id=str(contact.pk), lines=[line])
    make.interaction(at, contact_id=str(contact.pk), subject="A question", body="Where is my tea?", minutes="2")
    make.interaction(at, contact_id=str(other.pk), subject="Of Eve's")
    proof = {"wording": "Yes"}
    values = {"contact_id": str(contact.pk), "channel": "email", "purpose": "marketing", "status": "granted"}
    consents.create(actor=SYSTEM, values=values | {"proof": proof}, at=at)
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Bonn"}, at=at)
    told = read(contact, at)
    sections = told["sections"]
    assert next(iter(sections)) == "contact"
    assert [row["email"] for row in sections["contact"]] == ["ada@example.com"]
    assert [row["body"] for row in sections["interaction"]] == ["Where is my tea?"]
    assert [(row["id"], row["total"]) for row in sections["order"]] == [(str(order.pk), "6.66")]
    assert len(sections["order_line"]) == 1
    assert [row["proof"] for row in sections["consent"]] == [proof]
    assert sections["order:gift_recipient_id"][0]["id"] == str(gift.pk)
    assert "total" not in sections["order:gift_recipient_id"][0]
    changes = [(row["entity"], row["operation"], row["by"]) for row in sections["history"]]
    assert ("contact", "update", "system") in changes
    assert {item["kind"] for item in sections["timeline"]} >= {"interaction", "order"}
    assert "unit_cost" in told["left_out"]["order_line"]
    whole = json.dumps(told)
    assert "Eve" not in whole
    assert "Secret" not in whole
    assert "1.20" not in whole


def test_it_can_be_read(contact: Contact, at: datetime) -> None:
    make.interaction(at, contact_id=str(contact.pk), subject="<script>alert(1)</script>")
    page = text(contact, at, format="html")
    assert "ada@example.com" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")


def test_who_was_given_it_is_kept(contact: Contact, at: datetime) -> None:
    officer = clerk("contact", actions=("view", "export_data"))
    told = export(actor=officer, record_id=contact.pk, at=at, reason="asked by letter")
    assert not DataExport.objects.exists()
    list(told.chunks())
    kept = DataExport.objects.get()
    assert (kept.contact_id, kept.by, kept.reason, kept.at) == (contact.pk, officer.label, "asked by letter", at)


def test_it_is_for_those_who_may(contact: Contact, at: datetime) -> None:
    with pytest.raises(Forbidden):
        export(actor=clerk("contact"), record_id=contact.pk, at=at)
    with pytest.raises(NotFound):
        export(actor=SYSTEM, record_id=new_id(), at=at)
    assert not DataExport.objects.exists()


def test_other_holders_tell_what_they_have(contact: Contact, at: datetime) -> None:
    holders.register(Holder("a_test", lambda subject, at: True, lambda person: [{"person": str(person)}]))
    try:
        assert read(contact, at)["sections"]["a_test"] == [{"person": str(contact.pk)}]
    finally:
        holders.unregister("a_test")


def test_memory_is_bounded_however_much_it_is(contact: Contact, at: datetime) -> None:
    body = "x" * 1000
    rows = [
        Interaction(contact=contact, channel="email", occurred_at=at, subject=str(uuid4()), body=body)
        for _ in range(6000)
    ]
    Interaction.objects.bulk_create(rows)
    del rows
    tracemalloc.start()
    size = sum(len(chunk) for chunk in export(actor=SYSTEM, record_id=contact.pk, at=at).chunks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Twice, as rows and as history.
    assert size > 12_000_000
    assert peak < size / 2
