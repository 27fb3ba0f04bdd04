"""What comes by import sets rules of the lifecycle off as what comes by itself does, and is tied as it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from core.actors import SYSTEM
from core.clock import now
from core.events import relay
from core.models.imports import ImportProblem
from crm.models import LifecycleChange, LifecycleRule, Tie
from crm.services import identity
from crm.services.lifecycle_rules import lifecycle_rules
from tests.crm import make
from tests.crm.test_imports import brought_in, counted

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = {
    "event": "Name;Occurred at;Contact;Message id\nSigned Up;2026-02-01;{key};m-1\nOther;2026-02-02;{key};m-2\n",
    "touch": "Source;Occurred at;Contact\nfair;2026-02-01;{key}\n",
    "life_event": "Kind;Occurred on;Contact\nmove;2026-02-01;{key}\n",
    "order": "Number;Placed at;Contact\nN-1;2026-02-01;{key}\n",
}
OWNER = "contact.external_id"
MAPPINGS = {
    "event": {
        "Name": "name",
        "Occurred at": "occurred_at",
        "Contact": "contact.external_id",
        "Message id": "message_id",
    },
    "touch": {"Source": "source", "Occurred at": "occurred_at", "Contact": "contact.external_id"},
    "life_event": {"Kind": "kind", "Occurred on": "occurred_on", "Contact": "contact.external_id"},
    "order": {"Number": "number", "Placed at": "placed_at", "Contact": "contact.external_id"},
}
MATCHES = {"event": "Signed Up", "touch": "fair", "life_event": "move", "order": None}


@pytest.fixture(autouse=True)
def kept_in(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("core.jobs.sending.send", lambda job: None)


@pytest.mark.parametrize("entity", sorted(FILES))
def test_imported_rows_set_rules_off_once(entity: str) -> None:
    LifecycleRule.objects.all().delete()
    values = {"name": "Rule", "trigger": entity, "match": MATCHES[entity], "to_stage": "customer"}
    lifecycle_rules.create(actor=SYSTEM, values=values, at=AT)
    contact = make.contact(AT, last_name="Elm", lifecycle_stage="lead", external_id="e-1")
    content = FILES[entity].replace("{key}", "e-1")
    record = brought_in(content, entity, mapping=MAPPINGS[entity])
    assert not list(ImportProblem.objects.values_list("errors", flat=True))
    assert counted(record)["created"] == content.count("\n") - 1
    for _ in range(2):
        relay.hand_over(at=now(), limit=500)
    steps = LifecycleChange.objects.filter(contact=contact, from_stage__isnull=False)
    assert list(steps.values_list("to_stage", "by")) == [("customer", "Rule: Rule")]


def test_imported_events_of_a_known_visitor_are_tied() -> None:
    contact = make.contact(AT, last_name="Elm")
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=AT, anonymous_id="v-1")
    content = "Name;Occurred at;Visitor\nPage Viewed;2026-02-01;v-1\nPage Viewed;2026-02-02;v-2\n"
    mapping = {"Name": "name", "Occurred at": "occurred_at", "Visitor": "anonymous_id"}
    brought_in(content, "event", mapping=mapping)
    assert Tie.objects.get().contact_id == contact.pk
