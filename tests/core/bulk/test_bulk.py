"""One change to everything that a search finds: who may, what is refused, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Grant
from core import jobs, registry
from core.bulk import work
from core.clock import now
from core.models import Change, Job, OutboxEvent
from crm.models import Contact, Deal, Order, OrderLine, Tag
from tests.support.doors import Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company, Hands
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")


def ask(company: Company, who: str, plural: str = "contacts", door: Any = RestDoor, **values: Any) -> Any:
    operation = {item.name: item for entity in registry.entities() for item in entity.operations}[f"bulk_{plural}"]
    return door(company.people[who].key).operation(operation, None, {"filter": {}} | values)


def carried_out(told: dict[str, Any]) -> Job:
    work.carry_out(job_id=told["id"])
    job = Job.objects.get(pk=told["id"])
    assert isinstance(job, Job)
    return job


def people(count: int, city: str = "Ghent", **values: Any) -> list[Contact]:
    samples = Samples(start=100)
    return [samples.make("contact", **{"city": city, "email": f"p{n}@example.com"} | values) for n in range(count)]  # type: ignore[misc]


GHENT = {"field": "city", "value": "Ghent"}


@pytest.mark.parametrize("door", [RestDoor, GraphQLDoor])
def test_a_search_is_deleted_and_restored(company: Company, door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PIECE", 3)
    found, other = people(7), people(1, "Bath", email="b@example.com")[0]
    told = ask(company, "administrator", door=door, action="delete", filter=GHENT, expected_count=7)
    assert (told["status"], told["kind"]) == ("queued", "bulk")
    job = carried_out(told)
    assert (job.status, job.done, job.total) == ("succeeded", 7, 7)
    assert job.result == {"changed": 7, "refused": 0, "unchanged": 0, "problems": []}
    other.refresh_from_db()
    assert other.deleted_at is None
    assert not Contact.objects.alive().filter(city="Ghent").exists()
    job = carried_out(ask(company, "administrator", door=door, action="restore", filter=GHENT))
    assert job.result is not None
    assert job.result["changed"] == 7
    for contact in found:
        contact.refresh_from_db()
        assert (contact.deleted_at, contact.version) == (None, 3)
        changes = Change.objects.filter(record_id=contact.pk, operation="update")
        assert {(item.door, item.actor_kind) for item in changes} == {(door(None).name, "api_key")}
        assert changes.count() == 2
    events = OutboxEvent.objects.filter(name__in=("contact.deleted", "contact.restored"))
    assert events.count() == 14


def test_what_refuses_is_told_and_the_others_go_on(company: Company) -> None:
    samples = Samples(start=200)
    busy = samples.make("deal")
    idle = [samples.make("pipeline") for _ in range(5)]
    job = carried_out(ask(company, "administrator", "pipelines", action="delete"))
    assert job.status == "succeeded"
    assert job.result is not None
    assert job.result["refused"] == 1
    assert [item["problem"]["code"] for item in job.result["problems"]] == ["in_use"]
    assert job.result["problems"][0]["id"] == str(Deal.objects.get(pk=busy.pk).pipeline_id)
    for pipeline in idle:
        pipeline.refresh_from_db()
        assert pipeline.deleted_at is not None


def test_a_key_that_was_taken_meanwhile_keeps_one_from_coming_back(company: Company) -> None:
    found = people(20)
    carried_out(ask(company, "administrator", action="delete", filter=GHENT))
    people(1, "Bath", email=found[7].email)
    job = carried_out(ask(company, "administrator", action="restore", filter=GHENT))
    assert job.result is not None
    assert (job.result["changed"], job.result["refused"]) == (19, 1)
    assert job.result["problems"][0]["id"] == str(found[7].pk)
    assert job.result["problems"][0]["problem"]["code"] == "duplicate"
    assert set(Contact.objects.alive().filter(city="Ghent").values_list("version", flat=True)) == {3}


def test_an_update_follows_the_rules(company: Company) -> None:
    found = people(4)
    values = {"tags": ["new word"], "city": "Bruges", "lifecycle_stage": "customer"}
    job = carried_out(ask(company, "administrator", action="update", filter=GHENT, values=values))
    assert job.result is not None
    assert job.result["changed"] == 4
    for contact in found:
        contact.refresh_from_db()
        assert (contact.tags, contact.city, contact.version) == (["new word"], "Bruges", 2)
        assert contact.lifecycle_changes.count() == 2
    assert Tag.objects.get(name="new word")
    # They do not match any more, and are as they should be.
    again = carried_out(ask(company, "administrator", action="update", filter=GHENT, values=values))
    assert again.result is not None
    assert again.result["changed"] == 0
    same = carried_out(ask(company, "administrator", action="update", filter={}, values={"city": "Bruges"}))
    assert same.result is not None
    assert same.result["unchanged"] == 4


def test_lines_go_and_come_back_with_their_orders(company: Company) -> None:
    samples = Samples(start=400)
    orders = [samples.make("order", full=True).pk for _ in range(3)]
    lines = OrderLine.objects.filter(order__in=orders)
    assert lines.count() == 6
    carried_out(ask(company, "administrator", "orders", action="delete"))
    assert not Order.objects.alive().exists()
    assert not lines.alive().exists()
    carried_out(ask(company, "administrator", "orders", action="restore"))
    assert lines.alive().count() == 6


def test_nobody_reaches_beyond_their_own(company: Company) -> None:
    sales = company.people["sales"]
    mine, theirs = people(2), [*people(1, email="x@example.com"), *people(1, email="y@example.com")]
    for contact in mine:
        assert sales.user is not None
        Hands(sales.user, company.north).take(contact)
    for contact in theirs:
        Hands(company.colleague, company.north_east).take(contact)
    # Seen, and not theirs to delete.
    job = carried_out(ask(company, "sales", action="delete", filter=GHENT))
    assert job.result is not None
    assert job.result["changed"] == 2
    assert set(Contact.objects.alive().filter(city="Ghent")) == set(theirs)


def test_rights_that_were_withdrawn_meanwhile_do_not_count(company: Company) -> None:
    people(3)
    told = ask(company, "administrator", action="delete", filter=GHENT)
    Grant.objects.filter(role__key="administrator", entity="contact").update(actions=["view"])
    job = carried_out(told)
    assert job.status == "failed"
    assert Contact.objects.alive().filter(city="Ghent").count() == 3
    told = ask(company, "administrator", "companies", action="delete")
    company.key_record(company.people["administrator"]).delete()
    assert carried_out(told).status == "failed"


@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({"action": "delete", "filter": {"field": "shoe", "value": 1}}, "invalid_criteria", "/field"),
        ({"action": "delete", "values": {"city": "Ghent"}}, "invalid", "/values"),
        ({"action": "update"}, "invalid", "/values"),
        ({"action": "update", "values": {"email": "no"}}, "invalid", "/values/email"),
        ({"action": "explode"}, "invalid", "/action"),
        ({"action": "delete", "expected_count": 3}, "unexpected_count", None),
    ],
)
def test_what_is_wrong_is_refused_at_once(company: Company, values: Any, code: str, pointer: str | None) -> None:
    people(2)
    refusal = ask(company, "administrator", **values)
    assert isinstance(refusal, Problem)
    assert refusal.code == code
    if pointer:
        assert refusal.errors[0][0] == pointer
    assert not Job.objects.exists()


def test_records_that_came_in_between_make_the_count_wrong(company: Company) -> None:
    people(2)
    told = ask(company, "administrator", action="delete", filter=GHENT, expected_count=2)
    people(1, "Ghent", email="late@example.com")
    job = carried_out(told)
    assert (job.status, job.message) == ("failed", "The search finds 3 records, not 2.")
    assert Contact.objects.alive().filter(city="Ghent").count() == 3


def test_a_cancelled_job_tells_how_far_it_came(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people(9)
    monkeypatch.setattr(work, "PIECE", 4)
    told = ask(company, "administrator", action="delete", filter=GHENT)
    one_piece = work._piece

    def then_cancel(job_id: Any) -> bool:
        more = one_piece(job_id)
        owner = company.people["administrator"]
        RestDoor(owner.key).operation(_cancel(), told["id"], {})
        return more

    monkeypatch.setattr(work, "_piece", then_cancel)
    job = carried_out(told)
    assert job.status == "cancelled"
    assert job.result is not None
    assert job.result["changed"] == 4
    assert Contact.objects.alive().filter(city="Ghent").count() == 5
    assert jobs.begin(job_id=job.pk, at=now()) is None


def _cancel() -> Any:
    return next(item for item in registry.entity("job").operations if item.name == "cancel_job")
