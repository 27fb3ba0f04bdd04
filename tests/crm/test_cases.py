from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Team
from accounts.services.partners import partner_organisations
from core.actors import SYSTEM, Visibility
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Change, OutboxEvent
from crm.errors import CaseNotOver, CaseNotResolved, CaseNotWaiting, CaseOver, CaseWaiting, InUse
from crm.models import Case, CaseChange, CaseDeadline, Company, Contact, Interaction, Queue, ServiceLevel
from crm.services import case_deadlines
from crm.services.cases import cases
from crm.services.interactions import interactions
from crm.services.service_levels import business_calendars, escalation_steps, queues, service_levels
from tests.crm import make
from tests.support.actors import EVERYTHING, clerk

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
VERBS = ("assign", "respond", "wait", "resume", "resolve", "reopen", "close", "rate", "escalate")


@pytest.fixture
def level(at: datetime) -> ServiceLevel:
    return make.service_level(at)


@pytest.fixture
def case(at: datetime, contact: Contact, level: ServiceLevel) -> Case:
    return make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk))


def do(verb: str, case: Case, at: datetime, **more: Any) -> Case:
    getattr(cases, verb)(actor=SYSTEM, record_id=case.pk, at=at, **more)
    case.refresh_from_db()
    return case


def told(*names: str) -> list[str]:
    rows = OutboxEvent.objects.filter(name__in=names) if names else OutboxEvent.objects.filter(name__startswith="case.")
    return list(rows.order_by("sequence").values_list("name", flat=True))


def way(case: Case) -> list[tuple[str | None, str]]:
    return list(case.changes.order_by("at", "id").values_list("from_status", "to_status"))


def test_a_case_goes_its_way(at: datetime, case: Case) -> None:
    agent = make.user("Bo")
    assert (case.status, case.number[:2], case.opened_at) == ("new", "C-", at)
    assert (case.first_response_due_at, case.resolution_due_at) == (at + HOUR, at + 4 * HOUR)
    do("assign", case, at + MINUTE, owner_id=agent.pk)
    do("respond", case, at + 30 * MINUTE, body="Have you tried it?", minutes=Decimal("7.50"))
    do("wait", case, at + HOUR, reason="asked for the serial number")
    assert case.resolution_due_at is None
    do("resume", case, at + 5 * HOUR)
    # An hour had passed when it began to wait; three are left.
    assert case.resolution_due_at == at + 8 * HOUR
    do("resolve", case, at + 6 * HOUR)
    do("rate", case, at + 7 * HOUR, satisfaction_score=4, satisfaction_comment="quick")
    do("close", case, at + 8 * HOUR)
    assert way(case) == [
        (None, "new"), ("new", "open"), ("open", "waiting"), ("waiting", "open"), ("open", "resolved"),
        ("resolved", "closed"),
    ]  # fmt: skip
    assert case.first_responded_at == at + 30 * MINUTE
    assert (case.first_response_breached, case.resolution_breached) == (False, False)
    assert (case.minutes, case.satisfaction_score) == (Decimal("7.50"), 4)
    said = Interaction.objects.get(case=case)
    assert (said.contact_id, said.direction, said.minutes, said.body) == (
        case.contact_id, "outbound", Decimal("7.50"), "Have you tried it?",
    )  # fmt: skip
    plain = {"case.created", "case.updated"}
    assert [name for name in told() if name not in plain] == [
        "case.opened", "case.responded", "case.waiting", "case.resumed", "case.resolved", "case.rated", "case.closed",
    ]  # fmt: skip
    assert CaseChange.objects.get(to_status="waiting").reason == "asked for the serial number"


@pytest.mark.parametrize(
    ("before", "verb", "refusal"),
    [
        (["resolve"], "assign", CaseOver),
        (["resolve"], "respond", CaseOver),
        (["resolve"], "wait", CaseOver),
        (["resolve"], "resume", CaseNotWaiting),
        (["resolve"], "resolve", CaseOver),
        (["resolve"], "escalate", CaseOver),
        (["close"], "close", CaseOver),
        (["close"], "resolve", CaseOver),
        (["wait"], "wait", CaseWaiting),
        ([], "resume", CaseNotWaiting),
        ([], "reopen", CaseNotOver),
        (["wait"], "reopen", CaseNotOver),
        ([], "rate", CaseNotResolved),
    ],
)
def test_a_step_out_of_turn_is_refused(
    at: datetime, case: Case, before: list[str], verb: str, refusal: type[Conflict]
) -> None:
    for step in before:
        do(step, case, at + MINUTE)
    done, events, version = way(case), told(), Case.objects.get().version
    more = {"satisfaction_score": 3} if verb == "rate" else {}
    with pytest.raises(refusal) as refused:
        do(verb, case, at + 2 * MINUTE, **more)
    assert refused.value.status == 409
    assert refused.value.code.startswith("case_")
    assert (way(case), told(), Case.objects.get().version) == (done, events, version)
    assert not Interaction.objects.exists()


def test_reopening_goes_on_where_the_clock_stood(at: datetime, case: Case) -> None:
    do("resolve", case, at + 30 * MINUTE)
    do("reopen", case, at + 100 * HOUR)
    assert (case.status, case.reopened_count, case.resolved_at) == ("open", 1, None)
    assert case.resolution_due_at == at + 103 * HOUR + 30 * MINUTE
    assert case.first_response_due_at == at + 100 * HOUR + 30 * MINUTE
    assert told("case.reopened") == ["case.reopened"]


def test_a_limit_passes_once_and_too_late_is_too_late(at: datetime, case: Case) -> None:
    assert case_deadlines.pass_due(at=at + HOUR) == 0
    late = at + HOUR + timedelta(seconds=1)
    assert case_deadlines.pass_due(at=late) == 1
    assert case_deadlines.pass_due(at=late + MINUTE) == 0
    case.refresh_from_db()
    assert (case.first_response_breached, case.resolution_breached, case.version) == (True, False, 2)
    assert told("case.breached") == ["case.breached"]
    event = OutboxEvent.objects.get(name="case.breached")
    assert event.payload["clock"] == "first_response"
    assert event.payload["due_at"] == (at + HOUR).isoformat()
    do("respond", case, late)
    assert (case.first_response_breached, case.first_response_due_at) == (True, at + HOUR)


def test_what_is_due_passes_before_the_case_is_changed(at: datetime, case: Case) -> None:
    """Whether a worker looked in between does not matter."""
    do("resolve", case, at + 5 * HOUR)
    assert (case.first_response_breached, case.resolution_breached) == (True, True)
    assert told("case.breached", "case.resolved") == ["case.breached", "case.breached", "case.resolved"]
    case_deadlines.pass_due(at=at + 6 * HOUR)
    assert len(told("case.breached")) == 2


def test_a_priority_that_is_lowered_too_late_forgives_nothing(at: datetime, case: Case) -> None:
    changed = cases.update(actor=SYSTEM, record_id=case.pk, values={"priority": "low"}, at=at + 5 * HOUR)
    assert changed.resolution_breached
    # Low priority has no limit at all.
    assert (changed.resolution_due_at, changed.first_response_due_at) == (None, None)


def test_in_time_is_in_time(at: datetime, case: Case) -> None:
    do("respond", case, at + HOUR)
    do("resolve", case, at + 4 * HOUR)
    case_deadlines.pass_due(at=at + 90 * HOUR)
    case.refresh_from_db()
    assert (case.first_response_breached, case.resolution_breached) == (False, False)
    assert not CaseDeadline.objects.filter(passed_at__isnull=False).exists()


def test_waiting_does_not_breach(at: datetime, case: Case) -> None:
    do("wait", case, at + MINUTE)
    assert case_deadlines.pass_due(at=at + 90 * HOUR) == 0
    do("resume", case, at + 90 * HOUR)
    assert case.first_response_due_at == at + 90 * HOUR + 59 * MINUTE


def test_steps_of_escalation_hand_the_case_on_once_each(at: datetime, contact: Contact) -> None:
    team, boss = Team.objects.create(name="Second line"), make.user("Boss")
    level = make.service_level(
        at,
        {"percent": 50, "team_id": str(team.pk)},
        {"percent": 100},
        {"percent": 200, "user_id": str(boss.pk)},
        {"percent": 10, "clock": "first_response"},
    )
    agent = make.user("Bo")
    values = {"contact_id": str(contact.pk), "service_level_id": str(level.pk), "owner_id": str(agent.pk)}
    case = do("respond", make.case(at, **values), at + MINUTE)
    seen = []
    for hours in (1, 3, 5, 9, 20):
        case_deadlines.pass_due(at=at + hours * HOUR)
        case.refresh_from_db()
        seen.append((case.escalation_level, case.team_id, case.owner_id, case.resolution_breached))
    second = team.pk
    assert seen == [
        (0, None, agent.pk, False),
        (1, second, None, False),
        (2, second, None, True),
        (3, second, boss.pk, True),
        (3, second, boss.pk, True),
    ]
    assert told("case.escalated", "case.breached").count("case.escalated") == 3
    levels = [row.payload["level"] for row in OutboxEvent.objects.filter(name="case.escalated").order_by("sequence")]
    assert levels == [1, 2, 3]
    change = Change.objects.filter(entity="case", record_id=case.pk).order_by("-id").first()
    assert change is not None
    assert change.actor_kind == "system"


def test_a_step_to_somebody_who_left_still_counts(at: datetime, contact: Contact) -> None:
    gone = make.user("Gone", is_active=False)
    level = make.service_level(at, {"percent": 100, "user_id": str(gone.pk)})
    case = make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk))
    case_deadlines.pass_due(at=at + 5 * HOUR)
    case.refresh_from_db()
    assert (case.escalation_level, case.owner_id) == (1, None)


def test_hours_limits_and_steps_change_the_cases_that_are_open(at: datetime, contact: Contact) -> None:
    """2026-03-01 is a Sunday."""
    spans = [{"weekday": "monday", "opens": "09:00", "closes": "17:00"}]
    calendar = business_calendars.create(
        actor=SYSTEM, values={"name": "Week", "time_zone": "Europe/Brussels", "spans": spans}, at=at
    )
    level = make.service_level(at, business_calendar_id=str(calendar.pk))
    case = make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk))
    over = make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk))
    do("resolve", over, at)
    monday = datetime.fromisoformat("2026-03-02T08:00:00+00:00")
    assert case.first_response_due_at == monday + HOUR

    def due() -> tuple[datetime | None, datetime | None]:
        case.refresh_from_db()
        return case.first_response_due_at, case.resolution_due_at

    business_calendars.update(actor=SYSTEM, record_id=calendar.pk, values={"time_zone": "UTC"}, at=at)
    assert due() == (monday + 2 * HOUR, monday + 5 * HOUR)
    business_calendars.update(actor=SYSTEM, record_id=calendar.pk, values={"holidays": ["2026-03-02"]}, at=at)
    assert due() == (monday + timedelta(days=7, hours=2), monday + timedelta(days=7, hours=5))
    service_levels.update(actor=SYSTEM, record_id=level.pk, values={"business_calendar_id": None}, at=at)
    assert due() == (at + HOUR, at + 4 * HOUR)
    service_levels.update(actor=SYSTEM, record_id=level.pk, values={"normal_resolution_minutes": 10}, at=at)
    assert due() == (at + HOUR, at + 10 * MINUTE)
    step = {"service_level_id": str(level.pk), "percent": 200}
    escalation_steps.create(actor=SYSTEM, values=step, at=at)
    assert case.deadlines.get(step__isnull=False).due_at == at + 20 * MINUTE
    cases.update(actor=SYSTEM, record_id=case.pk, values={"priority": "urgent"}, at=at)
    assert due() == (None, at + 30 * MINUTE)
    cases.update(actor=SYSTEM, record_id=case.pk, values={"service_level_id": None}, at=at)
    assert due() == (None, None)
    over.refresh_from_db()
    assert over.resolution_due_at == monday + 4 * HOUR
    service_levels.update(actor=SYSTEM, record_id=level.pk, values={"business_calendar_id": str(calendar.pk)}, at=at)
    with pytest.raises(InUse):
        business_calendars.delete(actor=SYSTEM, record_id=calendar.pk, at=at)


def test_what_is_too_much_for_one_request_is_wound_by_a_worker(
    at: datetime, contact: Contact, level: ServiceLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk)) for _ in range(5)]
    monkeypatch.setattr(case_deadlines, "AT_ONCE", 3)
    service_levels.update(actor=SYSTEM, record_id=level.pk, values={"normal_resolution_minutes": 1}, at=at)
    assert Case.objects.filter(is_clock_stale=True).count() == 5
    # What is stale does not pass by what held before.
    assert case_deadlines.pass_due(at=at + 9 * HOUR) == 0
    assert case_deadlines.wind_stale(at=at) == 5
    assert case_deadlines.wind_stale(at=at) == 0
    due = set(Case.objects.values_list("resolution_due_at", flat=True))
    assert due == {at + MINUTE}
    assert case_deadlines.pass_due(at=at + 9 * HOUR) == len(made)


def test_what_waits_for_a_worker_does_not_pass_by_what_held_before(
    at: datetime, contact: Contact, level: ServiceLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make.case(at, contact_id=str(contact.pk), service_level_id=str(level.pk))
    monkeypatch.setattr(case_deadlines, "AT_ONCE", 0)
    longer = {"normal_first_response_minutes": 600, "normal_resolution_minutes": 6000}
    service_levels.update(actor=SYSTEM, record_id=level.pk, values=longer, at=at)
    cases.update(actor=SYSTEM, record_id=case.pk, values={"subject": "Other"}, at=at + 9 * HOUR)
    case.refresh_from_db()
    assert (case.subject, case.first_response_breached, case.resolution_breached) == ("Other", False, False)
    assert (case.first_response_due_at, case.is_clock_stale) == (at + 10 * HOUR, False)


def test_queues_give_team_level_and_no_agent(at: datetime, contact: Contact, level: ServiceLevel) -> None:
    team = Team.objects.create(name="First line")
    values = {"name": "Help", "team_id": str(team.pk), "service_level_id": str(level.pk), "is_default": True}
    queue = queues.create(actor=SYSTEM, values=values, at=at)
    other = queues.create(actor=SYSTEM, values={"name": "Other"}, at=at)
    agent = make.user("Bo")
    everywhere = clerk("case", "contact", "queue", actions=(*EVERYTHING, *VERBS), user_id=agent.pk)
    case = cases.create(actor=everywhere, values={"subject": "x", "contact_id": str(contact.pk)}, at=at)
    assert (case.queue_id, case.team_id, case.service_level_id, case.owner_id) == (queue.pk, team.pk, level.pk, None)
    cases.assign(actor=everywhere, record_id=case.pk, at=at)
    case.refresh_from_db()
    assert (case.owner_id, case.status) == (agent.pk, "open")
    cases.assign(actor=everywhere, record_id=case.pk, at=at, queue_id=other.pk)
    case.refresh_from_db()
    assert (case.queue_id, case.owner_id, case.service_level_id) == (other.pk, None, None)
    queues.update(actor=SYSTEM, record_id=other.pk, values={"is_default": True}, at=at)
    assert list(Queue.objects.filter(is_default=True).values_list("name", flat=True)) == ["Other"]
    with pytest.raises(InUse):
        queues.delete(actor=SYSTEM, record_id=other.pk, at=at)


def test_a_partners_customer_is_the_partners_case(at: datetime) -> None:
    from_partner = partner_organisations.create(actor=SYSTEM, values={"name": "Alder"}, at=at).pk
    customer = make.contact(at, first_name="Ida", partner_id=str(from_partner))
    case = make.case(at, contact_id=str(customer.pk))
    assert case.partner_id == from_partner
    theirs = clerk("case", visibility=Visibility.PARTNER, partner_id=from_partner)
    assert Case.objects.visible_to(theirs).get() == case


def test_minutes_are_those_of_all_interactions(at: datetime, case: Case) -> None:
    do("respond", case, at, minutes=Decimal(5))
    said = make.interaction(at, case_id=str(case.pk), minutes="2.5")
    case.refresh_from_db()
    assert (case.minutes, said.contact_id) == (Decimal("7.50"), case.contact_id)
    interactions.update(actor=SYSTEM, record_id=said.pk, values={"minutes": "10"}, at=at)
    case.refresh_from_db()
    assert case.minutes == Decimal(15)
    interactions.delete(actor=SYSTEM, record_id=said.pk, at=at)
    case.refresh_from_db()
    assert case.minutes == Decimal(5)
    interactions.restore(actor=SYSTEM, record_id=said.pk, at=at)
    interactions.update(actor=SYSTEM, record_id=said.pk, values={"case_id": None}, at=at)
    case.refresh_from_db()
    assert case.minutes == Decimal(5)


def test_bad_input(at: datetime, contact: Contact, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        make.case(at)
    assert refused.value.errors[0].pointer == "/contact_id"
    with pytest.raises(Invalid) as refused:
        make.case(at, contact_id=str(contact.pk), opened_at=(at + MINUTE).isoformat())
    assert refused.value.errors[0].code == "in_future"
    for spans in ([], [{"weekday": "funday", "opens": "09:00", "closes": "10:00"}],
                  [{"weekday": "monday", "opens": "9", "closes": "25:00"}]):  # fmt: skip
        with pytest.raises(Invalid):
            business_calendars.create(actor=SYSTEM, values={"name": "x", "spans": spans}, at=at)
    spans = [{"weekday": "monday", "opens": "09:00", "closes": "10:00"}]
    lost = {"name": "x", "spans": spans, "time_zone": "Europe/Atlantis"}
    with pytest.raises(Invalid):
        business_calendars.create(actor=SYSTEM, values=lost, at=at)
    with pytest.raises(Invalid) as refused:
        do("assign", case, at, owner_id=case.pk)
    assert refused.value.errors[0].pointer == "/owner_id"


def test_nobody_works_on_cases_out_of_reach(at: datetime, case: Case) -> None:
    own = clerk("case", actions=(*EVERYTHING, *VERBS), visibility=Visibility.OWN, user_id=make.user("Bo").pk)
    for verb in VERBS:
        more = {"satisfaction_score": 3} if verb == "rate" else {}
        with pytest.raises(NotFound):
            getattr(cases, verb)(actor=own, record_id=case.pk, at=at, **more)
    reader = clerk("case", actions=("view",))
    with pytest.raises(Forbidden):
        cases.resolve(actor=reader, record_id=case.pk, at=at)
    assert way(case) == [(None, "new")]


def test_customers_of_a_case_keep_its_way(at: datetime, case: Case, company: Company) -> None:
    cases.update(actor=SYSTEM, record_id=case.pk, values={"contact_id": None, "company_id": str(company.pk)}, at=at)
    assert list(CaseChange.objects.values_list("contact_id", "company_id")) == [(None, company.pk)]
