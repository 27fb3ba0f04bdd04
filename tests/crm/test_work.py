"""Tasks, reminders, notes, mentions, notifications, calls and visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import Team, User
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import OutboxEvent
from crm.errors import TaskNotOpen, TaskOpen
from crm.models import Case, Contact, Interaction, Note, NoteMention, Notification, Task
from crm.services import calls, case_deadlines, mentions, notifications, reminders
from crm.services.cases import cases
from crm.services.notes import notes
from crm.services.tasks import next_due, tasks
from tests.accounts.people import make_user
from tests.crm import make
from tests.support.actors import EVERYTHING, clerk

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def bo() -> User:
    return make_user("bo@example.com", "sales", time_zone="Europe/Brussels")


def task(at: datetime, owner: User | None = None, **values: Any) -> Task:
    given = {"title": "Call back", "owner_id": str(owner.pk) if owner else None, **values}
    return tasks.create(actor=SYSTEM, values=given, at=at)


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("id").values_list("kind", flat=True))


def events(name: str) -> int:
    return OutboxEvent.objects.filter(name=name).count()


# Tasks


def test_a_task_goes_its_way(at: datetime, bo: User) -> None:
    made = task(at, bo)
    assert told(bo) == ["task_assigned"]
    tasks.complete(actor=SYSTEM, record_id=made.pk, at=at)
    made.refresh_from_db()
    assert (made.status, made.completed_at) == ("done", at)
    for verb in ("complete", "cancel"):
        with pytest.raises(TaskNotOpen):
            getattr(tasks, verb)(actor=SYSTEM, record_id=made.pk, at=at)
    with pytest.raises(TaskNotOpen):
        tasks.snooze(actor=SYSTEM, record_id=made.pk, at=at, until=at + HOUR)
    tasks.reopen(actor=SYSTEM, record_id=made.pk, at=at)
    with pytest.raises(TaskOpen):
        tasks.reopen(actor=SYSTEM, record_id=made.pk, at=at)
    tasks.cancel(actor=SYSTEM, record_id=made.pk, at=at)
    made.refresh_from_db()
    assert (made.status, made.completed_at, made.version) == ("cancelled", None, 4)
    assert (events("task.completed"), events("task.reopened"), events("task.cancelled")) == (1, 1, 1)


def test_a_reminder_comes_once_by_notification_and_mail(at: datetime, bo: User) -> None:
    title = "Call\nBcc: everybody@example.com"
    made = task(at, bo, title=title, due_at="2026-03-01T14:00:00Z", remind_at=at.isoformat())
    assert reminders.remind(at=at - MINUTE) == 0
    assert (reminders.remind(at=at), reminders.remind(at=at)) == (1, 0)
    assert (reminders.mail(at=at), reminders.mail(at=at)) == (1, 0)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["bo@example.com"], "Reminder: Call Bcc: everybody@example.com")
    assert "Due: 2026-03-01 15:00 (Europe/Brussels)" in sent.body
    assert told(bo) == ["task_assigned", "task_reminder"]
    assert events("task.reminder") == 1
    made.refresh_from_db()
    assert made.reminded_at == at
    tasks.snooze(actor=SYSTEM, record_id=made.pk, at=at, until=at + HOUR)
    made.refresh_from_db()
    assert (made.reminded_at, made.remind_at) == (None, at + HOUR)
    assert reminders.remind(at=at + HOUR) == 1
    assert reminders.mail(at=at + HOUR) == 1
    assert told(bo).count("task_reminder") == 2


@pytest.mark.parametrize("what", ["done", "deleted", "nobody's", "inactive"])
def test_nobody_is_reminded_of_what_is_not_theirs_to_do(at: datetime, bo: User, what: str) -> None:
    made = task(at, None if what == "nobody's" else bo, remind_at=at.isoformat())
    match what:
        case "done":
            tasks.complete(actor=SYSTEM, record_id=made.pk, at=at)
        case "deleted":
            tasks.delete(actor=SYSTEM, record_id=made.pk, at=at)
        case "inactive":
            User.objects.filter(pk=bo.pk).update(is_active=False)
    reminders.remind(at=at + HOUR)
    assert reminders.mail(at=at + HOUR) == 0
    assert mail.outbox == []
    assert "task_reminder" not in told(bo)


def test_without_a_mail_server_mails_wait(at: datetime, bo: User, settings: Settings) -> None:
    task(at, bo, remind_at=at.isoformat())
    reminders.remind(at=at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert reminders.mail(at=at) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert reminders.mail(at=at) == 1


def test_what_recurs_comes_again_once(at: datetime, bo: User, contact: Contact) -> None:
    due = datetime(2026, 1, 31, 9, tzinfo=UTC)
    values = {"due_at": due.isoformat(), "remind_at": (due - HOUR).isoformat(), "recurrence": "monthly"}
    made = task(at, bo, contact_id=str(contact.pk), **values)
    tasks.complete(actor=SYSTEM, record_id=made.pk, at=due)
    tasks.reopen(actor=SYSTEM, record_id=made.pk, at=due)
    tasks.complete(actor=SYSTEM, record_id=made.pk, at=due)
    again = Task.objects.get(previous=made)
    assert (again.due_at, again.status, again.contact_id) == (datetime(2026, 2, 28, 9, tzinfo=UTC), "open", contact.pk)
    assert again.remind_at == datetime(2026, 2, 28, 8, tzinfo=UTC)
    with pytest.raises(Invalid):
        task(at, bo, recurrence="daily")


def test_a_short_month_does_not_move_what_recurs_for_good(at: datetime) -> None:
    def later(made: Task, times: int) -> str:
        days = []
        for _ in range(times):
            made.refresh_from_db()
            assert made.due_at is not None
            tasks.complete(actor=SYSTEM, record_id=made.pk, at=made.due_at)
            made = Task.objects.get(previous=made)
            days.append(f"{made.due_at:%m-%d}")
        return " ".join(days)

    assert later(task(at, due_at="2026-01-31T09:00:00Z", recurrence="monthly"), 4) == "02-28 03-31 04-30 05-31"
    assert later(task(at, due_at="2026-01-30T09:00:00Z", recurrence="monthly"), 3) == "02-28 03-30 04-30"
    assert later(task(at, due_at="2024-02-29T09:00:00Z", recurrence="yearly"), 4) == "02-28 02-28 02-28 02-29"
    # Put on another day by hand, it is counted from there.
    made = task(at, due_at="2026-01-31T09:00:00Z", recurrence="monthly")
    later(made, 1)
    again = Task.objects.get(previous=made)
    tasks.update(actor=SYSTEM, record_id=again.pk, values={"due_at": "2026-02-28T10:00:00Z"}, at=at)
    assert later(again, 1) == "03-28"


@pytest.mark.parametrize("recurrence", ["daily", "monthly", "yearly"])
def test_what_is_due_at_the_end_of_all_calendars_is_done_once(at: datetime, recurrence: str) -> None:
    made = task(at, due_at="9999-12-31T09:00:00Z", recurrence=recurrence)
    tasks.complete(actor=SYSTEM, record_id=made.pk, at=at)
    assert Task.objects.get().status == "done"


@pytest.mark.parametrize(
    ("due", "recurrence", "after", "expected"),
    [
        ("2026-01-31", "monthly", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "monthly", "2026-03-01", "2026-03-31"),
        ("2024-02-29", "yearly", "2024-03-01", "2025-02-28"),
        ("2024-02-29", "yearly", "2027-06-01", "2028-02-29"),
        ("2026-01-01", "daily", "2025-01-01", "2026-01-02"),
        ("2026-01-01", "daily", "2026-01-01", "2026-01-02"),
        ("2026-01-01", "weekly", "2026-01-15", "2026-01-22"),
        ("2026-12-31", "monthly", "2026-12-31", "2027-01-31"),
        ("2026-05-31", "monthly", "2020-01-01", "2026-06-30"),
    ],
)
def test_when_it_comes_again(due: str, recurrence: str, after: str, expected: str) -> None:
    moments = [datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (due, after, expected)]
    assert next_due(moments[0], recurrence, after=moments[1]) == moments[2]


# Notes


def note(at: datetime, contact: Contact, body: str, actor: Actor = SYSTEM) -> Note:
    return notes.create(actor=actor, values={"contact_id": str(contact.pk), "body": body}, at=at)


def mentioned(of: Note) -> set[str]:
    rows = NoteMention.objects.filter(note=of, deleted_at__isnull=True)
    return set(rows.values_list("user__email", flat=True))


def test_who_is_mentioned_is_told_once(at: datetime, bo: User, contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(owner=bo)
    boss, stranger = make_user("boss@example.com", "administrator"), make_user("sly@example.com", "sales")
    made = note(at, contact, "Ask @bo, and @sly@example.com; not me@boss.example")
    # Who may not see the contact is not told that there is a note on it.
    assert mentioned(made) == {"bo@example.com"}
    notes.update(actor=SYSTEM, record_id=made.pk, values={"body": "Ask @boss@example.com and @bo."}, at=at)
    assert mentioned(made) == {"bo@example.com", "boss@example.com"}
    notes.update(actor=SYSTEM, record_id=made.pk, values={"body": "Nobody"}, at=at)
    assert mentioned(made) == set()
    notes.update(actor=SYSTEM, record_id=made.pk, values={"body": "@bo again"}, at=at)
    assert mentioned(made) == {"bo@example.com"}
    assert (told(bo), told(boss), told(stranger)) == (["mention"], ["mention"], [])


def test_a_name_that_fits_two_people_fits_nobody() -> None:
    for address in ("kim@example.com", "kim@example.org", "lee@example.com"):
        make_user(address, "administrator")
    assert {user.email for user in mentions.users_in("@kim @lee @nobody")} == {"lee@example.com"}
    assert {user.email for user in mentions.users_in("@kim@example.org.")} == {"kim@example.org"}
    assert mentions.names_in("a@b.c (@x) @@y foo@z @%_ @a_b") == ["x", "a_b"]
    assert mentions.users_in("@%") == []


def test_a_note_is_on_one_record(at: datetime, contact: Contact) -> None:
    company = make.company(at)
    for subjects in ({}, {"contact_id": str(contact.pk), "company_id": str(company.pk)}):
        with pytest.raises(Invalid) as refused:
            notes.create(actor=SYSTEM, values={"body": "x", **subjects}, at=at)
        assert refused.value.errors[0].code == "one_subject"
    assert not Note.objects.exists()


def test_notes_are_seen_as_their_record_is_and_never_by_partners(at: datetime, bo: User, contact: Contact) -> None:
    made = note(at, contact, "<script>alert(1)</script> **bold**")
    assert made.body == "<script>alert(1)</script> **bold**"
    own = clerk("note", "contact", visibility=Visibility.OWN, user_id=bo.pk)
    assert not Note.objects.visible_to(own).exists()
    Contact.objects.filter(pk=contact.pk).update(owner=bo)
    assert Note.objects.visible_to(own).exists()
    # Who sees a record that is not theirs puts no note on it.
    other = make.contact(at, first_name="Else")
    sees = replace(own, grants={**own.grants, **clerk("contact").grants})
    with pytest.raises(Forbidden):
        note(at, other, "x", sees)
    partner = clerk("note", visibility=Visibility.PARTNER, partner_id=contact.pk)
    assert not Note.objects.visible_to(partner).exists()


def test_what_is_on_records_that_one_does_not_see_is_hidden_with_them(at: datetime, contact: Contact) -> None:
    deal = make.deal(at, contact_id=str(contact.pk), pipeline_id=str(make.pipeline(at).pk))
    notes.create(actor=SYSTEM, values={"body": "Discount", "deal_id": str(deal.pk)}, at=at)
    on_contact = note(at, contact, "Calls on Mondays")
    service = clerk("contact", "note")
    assert [row.pk for row in Note.objects.visible_to(service)] == [on_contact.pk]
    assert Note.objects.visible_to(clerk("contact", "deal", "note")).count() == 2


# Notifications


def test_everybody_reads_their_own(at: datetime, bo: User) -> None:
    other = make_user("di@example.com", "sales")
    for owner in (bo, bo, other):
        task(at, owner)
    actions = ("view", "mark_read")
    mine = clerk("notification", actions=actions, visibility=Visibility.OWN, user_id=bo.pk)
    theirs = Notification.objects.get(user=other)
    with pytest.raises(NotFound):
        notifications.mark_read(actor=mine, record_id=theirs.pk, at=at)
    first = Notification.objects.filter(user=bo).first()
    assert first is not None
    notifications.mark_read(actor=mine, record_id=first.pk, at=at)
    notifications.mark_read(actor=mine, record_id=first.pk, at=at + HOUR)
    first.refresh_from_db()
    assert (first.read_at, first.version) == (at, 2)
    assert notifications.mark_all_read(actor=mine, at=at) == {"marked": 1}
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_cases_tell_agents_and_teams(at: datetime, bo: User, contact: Contact) -> None:
    team = Team.objects.create(name="Second line")
    members = [make.user(f"Member{number}", team=team) for number in range(2)]
    level = make.service_level(at, {"percent": 150, "team_id": str(team.pk)})
    case: Case = make.case(
        at, contact_id=str(contact.pk), service_level_id=str(level.pk), owner_id=str(bo.pk), priority="urgent"
    )
    case_deadlines.pass_due(at=at + 2 * HOUR)
    assert told(bo) == ["case_assigned", "case_breached"]
    assert [told(member) for member in members] == [["case_escalated"]] * 2
    cases.assign(actor=clerk("case", "user", actions=("view", "assign"), user_id=bo.pk), record_id=case.pk, at=at)
    # Who takes a case need not be told that they have it.
    assert told(bo) == ["case_assigned", "case_breached"]


# Calls and visits


def test_minutes_follow_from_beginning_and_end(at: datetime, contact: Contact, bo: User) -> None:
    caller = clerk("interaction", "contact", "user", user_id=bo.pk)
    start = at - HOUR
    key = calls.log_call(
        actor=caller, at=at, contact_id=contact.pk, started_at=start, ended_at=start + timedelta(seconds=100)
    )
    made = Interaction.objects.get(pk=key)
    assert (made.minutes, made.agent_id, made.occurred_at) == (Decimal("1.67"), bo.pk, start)
    assert (made.channel, made.contact_id) == ("call", contact.pk)
    key = calls.log_visit(actor=caller, at=at, contact_id=contact.pk, minutes=Decimal(30), location="Ghent")
    made = Interaction.objects.get(pk=key)
    assert (made.channel, made.occurred_at, made.data) == ("visit", at - 30 * MINUTE, {"location": "Ghent"})


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({}, "/started_at", "required"),
        ({"ended_at": 0}, "/started_at", "required"),
        ({"started_at": 0}, "/minutes", "required"),
        ({"started_at": 0, "ended_at": -1}, "/ended_at", "before_start"),
        ({"started_at": 5, "ended_at": 6}, "/started_at", "in_future"),
        ({"started_at": -5, "ended_at": 6}, "/ended_at", "in_future"),
        ({"started_at": -5, "ended_at": -1, "minutes": Decimal(3)}, "/minutes", "minutes_mismatch"),
        ({"started_at": -50_000, "ended_at": 0}, "/ended_at", "out_of_range"),
    ],
)
def test_moments_that_do_not_fit(
    at: datetime, contact: Contact, given: dict[str, Any], pointer: str, code: str
) -> None:
    moments = {name: at + MINUTE * value if name.endswith("_at") else value for name, value in given.items()}
    with pytest.raises(Invalid) as refused:
        calls.log_call(actor=SYSTEM, at=at, contact_id=contact.pk, **moments)
    assert (refused.value.errors[0].pointer, refused.value.errors[0].code) == (pointer, code)
    assert not Interaction.objects.exists()


def test_what_one_may_not_do(at: datetime, bo: User) -> None:
    made = task(at)
    own = clerk("task", actions=(*EVERYTHING, "complete"), visibility=Visibility.OWN, user_id=bo.pk)
    with pytest.raises(NotFound):
        tasks.complete(actor=own, record_id=made.pk, at=at)
    with pytest.raises(Forbidden):
        tasks.cancel(actor=own, record_id=made.pk, at=at)
    assert issubclass(TaskOpen, Conflict)
