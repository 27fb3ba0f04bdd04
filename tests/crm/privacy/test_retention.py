from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from core import clock
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, InvalidCriteria
from core.models import Change
from core.models.job import Job
from crm.models import Consent, ConsentState, Contact, Interaction, RetentionRule
from crm.services import legal_holds, merges, retention
from crm.services.consent import consents, may_contact
from crm.services.retention import retention_rules
from tests.crm import make
from tests.support.actors import clerk
from tests.support.processes import until_somebody_waits_for

pytestmark = pytest.mark.django_db


def rule(at: datetime, **values: Any) -> RetentionRule:
    given = {"name": "Old talk", "entity": "interaction", "moment": "occurred_at", "keep_days": 100, "active": True}
    return retention_rules.create(actor=SYSTEM, values={**given, **values}, at=at)


def apply(at: datetime) -> Job:
    job = retention.request(actor=SYSTEM, at=at)
    assert retention.carry_out(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture
def talks(contact: Contact, at: datetime) -> list[Interaction]:
    """An old one, one of the day before the rule's limit, and a new one."""
    days = (200, 99, 1)
    moments = [at - timedelta(days=number) for number in days]
    return [make.interaction(moment, contact_id=str(contact.pk), subject="Hello", minutes="3") for moment in moments]


def subjects() -> list[str | None]:
    return list(Interaction.objects.order_by("occurred_at").values_list("subject", flat=True))


def test_old_texts_go_and_rows_stay(talks: list[Interaction], at: datetime) -> None:
    made = rule(at)
    assert retention.dry_run(actor=SYSTEM, record_id=made.pk, at=at)["count"] == 1
    assert subjects() == ["Hello"] * 3
    job = apply(at)
    assert (job.status, job.result) == ("succeeded", {"records": {"Old talk": 1}})
    assert subjects() == [None, "Hello", "Hello"]
    assert Interaction.objects.filter(minutes=3).count() == 3
    assert not Change.objects.filter(record_id=talks[0].pk, after__subject="Hello").exists()
    made.refresh_from_db()
    assert (made.last_run_at, made.last_count) == (at, 1)
    assert apply(at).result == {"records": {"Old talk": 0}}


def test_rows_can_go(talks: list[Interaction], at: datetime) -> None:
    rule(at, action="delete")
    apply(at)
    assert subjects() == ["Hello", "Hello"]


def test_criteria_spare_the_rest_and_holds_too(talks: list[Interaction], contact: Contact, at: datetime) -> None:
    made = rule(at, criteria={"field": "channel", "value": "chat"})
    assert apply(at).result == {"records": {"Old talk": 0}}
    retention_rules.update(actor=SYSTEM, record_id=made.pk, values={"criteria": None}, at=at)
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=at, reason="lawsuit")
    assert apply(at).result == {"records": {"Old talk": 0}}
    legal_holds.release(actor=SYSTEM, record_id=contact.pk, at=at)
    assert apply(at).result == {"records": {"Old talk": 1}}


def test_nothing_is_applied_unasked(talks: list[Interaction], at: datetime) -> None:
    rule(at, active=False)
    assert apply(at).result == {"records": {}}
    assert subjects() == ["Hello"] * 3


def test_people_of_whom_nothing_was_heard(at: datetime) -> None:
    long_ago = at - timedelta(days=500)
    silent, talking, dealing = (make.contact(long_ago, email=f"{name}@example.com") for name in "abc")
    make.interaction(at - timedelta(days=3), contact_id=str(talking.pk))
    make.pipeline(long_ago)
    make.deal(long_ago, contact_id=str(dealing.pk))
    rule(at, name="Silent people", entity="contact", moment="last_activity", action="erase", keep_days=365)
    assert apply(at).result == {"records": {"Silent people": 1}}
    assert list(Contact.objects.filter(erased_at__isnull=False)) == [silent]
    assert apply(at).result == {"records": {"Silent people": 0}}


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"entity": "nothing"}, "/entity"),
        ({"entity": "product"}, "/entity"),
        ({"moment": "subject"}, "/moment"),
        ({"moment": "last_activity"}, "/moment"),
        ({"action": "erase"}, "/action"),
        ({"entity": "contact", "moment": "created_at", "action": "delete"}, "/action"),
        ({"entity": "lifecycle_change", "moment": "at"}, "/action"),
        ({"keep_days": 0}, "/keep_days"),
    ],
)
def test_a_rule_names_what_there_is(at: datetime, values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rule(at, **values)
    assert [fault.pointer for fault in refusal.value.errors] == [pointer]
    with pytest.raises(InvalidCriteria):
        rule(at, criteria={"field": "nothing", "value": 1})
    assert not RetentionRule.objects.exists()


def test_a_killed_worker_left_off_where_the_next_goes_on(
    talks: list[Interaction], contact: Contact, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make.interaction(at - timedelta(days=300), contact_id=str(contact.pk), subject="Hello")
    rule(at)
    monkeypatch.setattr(retention, "BATCH", 2)
    job = retention.request(actor=SYSTEM, at=at)
    assert retention.request(actor=SYSTEM, at=at).pk == job.pk
    seen: list[str] = []

    class Kill(BaseException):
        """The worker is killed here."""

    def killed(**values: Any) -> None:
        seen.append(values["message"])
        if len(seen) == 2:
            raise Kill

    with monkeypatch.context() as patch:
        patch.setattr(retention.jobs, "progress", killed)
        with pytest.raises(Kill):
            retention.carry_out(job_id=job.pk)
    assert subjects().count(None) == 2
    Job.objects.update(updated_at=clock.now() - timedelta(hours=1))
    assert retention.resend_unattended(at=clock.now()) == 1
    assert retention.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.result == {"records": {"Old talk": 5}}
    assert subjects().count(None) == 5


def test_it_is_for_those_who_may(talks: list[Interaction], at: datetime) -> None:
    made = rule(at)
    with pytest.raises(Forbidden):
        retention.request(actor=clerk("retention_rule"), at=at)
    with pytest.raises(Forbidden):
        retention.dry_run(actor=clerk("contact"), record_id=made.pk, at=at)
    assert not Job.objects.exists()


def test_names_are_unique(at: datetime) -> None:
    rule(at)
    with pytest.raises(Conflict):
        rule(at)


def test_what_somebody_said_last_about_being_addressed_stays(contact: Contact, at: datetime) -> None:
    """Or else what they said before it would hold again."""

    def say(days: int, status: str, channel: str = "email", purpose: str = "marketing") -> Consent:
        values = {"contact_id": str(contact.pk), "channel": channel, "purpose": purpose, "status": status}
        moment = at - timedelta(days=days)
        return consents.create(actor=SYSTEM, values=values | {"occurred_at": moment.isoformat()}, at=moment)

    replaced, granted = say(900, "denied"), say(800, "granted")
    withdrawn, everywhere, of_service = (
        say(700, "withdrawn"),
        say(650, "denied", "any"),
        say(600, "denied", "sms", "service"),
    )
    states = list(ConsentState.objects.order_by("pk").values("status", "channel", "since"))
    last = {"field": "status", "op": "in", "value": ["withdrawn", "denied"]}
    rule(at, entity="consent", moment="occurred_at", action="delete", keep_days=365, criteria=last)
    assert apply(at).result == {"records": {"Old talk": 1}}
    assert set(Consent.objects.values_list("pk", flat=True)) == {
        one.pk for one in (granted, withdrawn, everywhere, of_service)
    }
    assert not Consent.objects.filter(pk=replaced.pk).exists()
    assert list(ConsentState.objects.order_by("pk").values("status", "channel", "since")) == states
    for channel, purpose in (("email", "marketing"), ("sms", "service")):
        (answer,) = may_contact(contact_ids=[contact.pk], channel=channel, purpose=purpose, at=at)
        assert not answer.allowed
    with pytest.raises(Invalid):
        rule(at, name="States", entity="consent_state", moment="since", action="delete")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["empty", "erase"])
def test_a_hold_that_comes_while_retention_is_at_work_counts(at: datetime, action: str) -> None:
    old = at - timedelta(days=500)
    loser = make.contact(old, first_name="Ada", email="ada@example.com")
    made = make.interaction(old, contact_id=str(loser.pk), subject="Hello")
    held = make.contact(old, first_name="Adda")
    merges.merge(actor=SYSTEM, record_id=held.pk, at=old, contact_id=loser.pk)
    about = {"entity": "contact", "moment": "created_at"} if action == "erase" else {}
    rule(at, action=action, **about)
    job = retention.request(actor=SYSTEM, at=at)
    work = Thread(target=_apart, args=[lambda: retention.carry_out(job_id=job.pk)])
    with transaction.atomic():
        # Lets others read and write nothing.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE crm_contact IN EXCLUSIVE MODE")
        work.start()
        until_somebody_waits_for("crm_contact")
        legal_holds.hold(actor=SYSTEM, record_id=held.pk, at=at, reason="lawsuit")
    work.join(60)
    job.refresh_from_db()
    assert (job.status, job.result) == ("succeeded", {"records": {"Old talk": 0}})
    made.refresh_from_db()
    held.refresh_from_db()
    assert (made.subject, held.first_name, held.erased_at) == ("Hello", "Adda", None)


def _apart(call: Callable[[], Any]) -> None:
    try:
        call()
    finally:
        connection.close()
