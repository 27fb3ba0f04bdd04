from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid
from core.models import OutboxEvent
from crm.errors import DealAlreadyClosed, DealNotClosed, InUse, NoSuchStage, StageClosesDeal
from crm.models import Company, Contact, Deal, Pipeline, Stage, StageChange
from crm.services.deals import deals
from crm.services.pipelines import pipelines, stages
from tests.crm import make
from tests.support.actors import clerk
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(at: datetime, pipeline: Pipeline) -> Deal:
    return make.deal(at, amount="1000")


def moves() -> list[tuple[str | None, str]]:
    return list(StageChange.objects.order_by("created_at", "id").values_list("from_stage__name", "to_stage__name"))


def events() -> list[str]:
    return list(
        OutboxEvent.objects.filter(name__startswith="deal.").order_by("sequence").values_list("name", flat=True)
    )


def test_a_new_deal_starts_in_the_first_stage_of_the_default_pipeline(deal: Deal, pipeline: Pipeline) -> None:
    assert deal.stage == make.stage(pipeline, "Talking")
    assert deal.status == "open"
    assert moves() == [(None, "Talking")]


def test_a_deal_goes_its_way(at: datetime, deal: Deal, pipeline: Pipeline) -> None:
    later = at + timedelta(days=3)
    deals.move(actor=SYSTEM, record_id=deal.pk, at=at, stage_id=make.stage(pipeline, "Offer").pk)
    deals.win(actor=SYSTEM, record_id=deal.pk, at=later, amount=Decimal("900.50"))
    deal.refresh_from_db()
    assert (deal.status, deal.amount, deal.closed_at) == ("won", Decimal("900.50"), later)
    deals.reopen(actor=SYSTEM, record_id=deal.pk, at=later)
    deals.lose(actor=SYSTEM, record_id=deal.pk, at=later, lost_reason="price")
    deal.refresh_from_db()
    assert (deal.status, deal.lost_reason) == ("lost", "price")
    assert moves() == [
        (None, "Talking"), ("Talking", "Offer"), ("Offer", "Won"), ("Won", "Offer"), ("Offer", "Lost"),
    ]  # fmt: skip
    told = [name for name in events() if name not in {"deal.created", "deal.updated"}]
    assert told == ["deal.moved", "deal.won", "deal.reopened", "deal.lost"]


def test_a_reopened_deal_has_no_reason_of_loss(at: datetime, deal: Deal) -> None:
    deals.lose(actor=SYSTEM, record_id=deal.pk, at=at, lost_reason="price")
    deals.reopen(actor=SYSTEM, record_id=deal.pk, at=at)
    deal.refresh_from_db()
    assert (deal.status, deal.lost_reason, deal.closed_at) == ("open", None, None)


@pytest.mark.parametrize("verb", ["win", "lose", "move"])
def test_a_closed_deal_stays_as_it_is(at: datetime, deal: Deal, pipeline: Pipeline, verb: str) -> None:
    deals.win(actor=SYSTEM, record_id=deal.pk, at=at)
    told, done = events(), moves()
    more = {"stage_id": make.stage(pipeline, "Offer").pk} if verb == "move" else {}
    with pytest.raises(DealAlreadyClosed) as refusal:
        getattr(deals, verb)(actor=SYSTEM, record_id=deal.pk, at=at, **more)
    assert (refusal.value.code, refusal.value.status) == ("deal_already_closed", 409)
    assert (events(), moves()) == (told, done)
    deal.refresh_from_db()
    assert (deal.status, deal.version) == ("won", 2)


def test_an_open_deal_is_not_reopened(at: datetime, deal: Deal) -> None:
    with pytest.raises(DealNotClosed):
        deals.reopen(actor=SYSTEM, record_id=deal.pk, at=at)


def test_a_deal_is_not_moved_into_a_closing_or_foreign_stage(at: datetime, deal: Deal, pipeline: Pipeline) -> None:
    with pytest.raises(StageClosesDeal):
        deals.move(actor=SYSTEM, record_id=deal.pk, at=at, stage_id=make.stage(pipeline, "Won").pk)
    other = make.pipeline(at, "Other")
    with pytest.raises(Invalid):
        deals.move(actor=SYSTEM, record_id=deal.pk, at=at, stage_id=make.stage(other, "Talking").pk)
    assert moves() == [(None, "Talking")]


def test_stage_and_closing_moment_are_not_patched(at: datetime, deal: Deal, pipeline: Pipeline) -> None:
    for values in ({"stage_id": str(make.stage(pipeline, "Won").pk)}, {"closed_at": at.isoformat()}, {"status": "won"}):
        with pytest.raises(Invalid):
            deals.update(actor=SYSTEM, record_id=deal.pk, values=values, at=at)
    deal.refresh_from_db()
    assert deal.version == 1


def test_a_deal_can_be_entered_as_won_long_ago(at: datetime, pipeline: Pipeline) -> None:
    then = at - timedelta(days=400)
    won = make.deal(at, stage_id=str(make.stage(pipeline, "Won").pk), closed_at=then.isoformat())
    assert (won.status, won.closed_at, won.opened_at) == ("won", then, then)
    assert StageChange.objects.get().at == then
    with pytest.raises(Invalid):
        make.deal(at, closed_at=then.isoformat())


def test_a_deal_is_not_closed_before_it_was_opened_or_in_the_future(at: datetime, deal: Deal) -> None:
    for moment in (at - timedelta(days=1), at + timedelta(days=1)):
        with pytest.raises(Invalid):
            deals.win(actor=SYSTEM, record_id=deal.pk, at=at, closed_at=moment)


def test_a_deal_of_a_contact_is_their_companys_too(at: datetime, pipeline: Pipeline, company: Company) -> None:
    person = make.contact(at, last_name="Elm", company_id=str(company.pk))
    assert make.deal(at, contact_id=str(person.pk)).company_id == company.pk
    assert make.deal(at, contact_id=str(person.pk), company_id=None).company_id is None
    # Who may not see the company does not put records on it.
    seller = clerk("deal", "contact", "pipeline", "stage")
    made = deals.create(actor=seller, values={"name": "X", "contact_id": str(person.pk)}, at=at)
    assert made.company_id is None


def test_winning_needs_its_own_grant(at: datetime, deal: Deal) -> None:
    with pytest.raises(Forbidden):
        deals.win(actor=clerk("deal"), record_id=deal.pk, at=at)
    deals.win(actor=clerk("deal", actions=("view", "win")), record_id=deal.pk, at=at)
    deal.refresh_from_db()
    assert deal.status == "won"


def test_a_pipeline_without_a_won_stage_says_so(at: datetime) -> None:
    made = pipelines.create(actor=SYSTEM, values={"name": "Half"}, at=at)
    values = {"pipeline_id": str(made.pk), "name": "Only", "rank": 1}
    stages.create(actor=SYSTEM, values=values, at=at)
    open_deal = make.deal(at, pipeline_id=str(made.pk))
    with pytest.raises(NoSuchStage):
        deals.win(actor=SYSTEM, record_id=open_deal.pk, at=at)


def test_stages_and_pipelines_in_use_stay(at: datetime, deal: Deal, pipeline: Pipeline) -> None:
    talking = make.stage(pipeline, "Talking")
    for call in (
        lambda: stages.delete(actor=SYSTEM, record_id=talking.pk, at=at),
        lambda: stages.update(actor=SYSTEM, record_id=talking.pk, values={"kind": "won"}, at=at),
        lambda: pipelines.delete(actor=SYSTEM, record_id=pipeline.pk, at=at),
    ):
        with pytest.raises(InUse):
            call()
    deals.delete(actor=SYSTEM, record_id=deal.pk, at=at)
    pipelines.delete(actor=SYSTEM, record_id=pipeline.pk, at=at)
    assert not Stage.objects.alive().exists()
    pipelines.restore(actor=SYSTEM, record_id=pipeline.pk, at=at)
    assert Stage.objects.alive().count() == len(make.STAGES)


def test_there_is_one_default_pipeline(at: datetime, pipeline: Pipeline) -> None:
    other = pipelines.create(actor=SYSTEM, values={"name": "Other", "is_default": True}, at=at)
    assert list(Pipeline.objects.filter(is_default=True)) == [other]


@pytest.mark.django_db(transaction=True)
def test_of_two_wins_at_once_one_counts(at: datetime) -> None:
    make.pipeline(at)
    deal = make.deal(at, amount="5")

    def win() -> object:
        return deals.win(actor=SYSTEM, record_id=deal.pk, at=at)

    assert at_once(win, win) == ["deal_already_closed", "done"]
    assert StageChange.objects.filter(deal=deal, kind="won").count() == 1
    assert events().count("deal.won") == 1


@pytest.mark.django_db(transaction=True)
def test_a_deal_is_not_won_and_lost_at_once(at: datetime) -> None:
    make.pipeline(at)
    deal = make.deal(at)
    outcomes = at_once(
        lambda: deals.win(actor=SYSTEM, record_id=deal.pk, at=at),
        lambda: deals.lose(actor=SYSTEM, record_id=deal.pk, at=at),
    )
    assert outcomes == ["deal_already_closed", "done"]
    deal.refresh_from_db()
    assert StageChange.objects.get(deal=deal, from_stage__isnull=False).kind == deal.status


def test_a_deal_of_a_deleted_contact_is_refused(at: datetime, pipeline: Pipeline, contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(deleted_at=at)
    with pytest.raises(Invalid):
        make.deal(at, contact_id=str(contact.pk))
    assert not Deal.objects.exists()
    assert issubclass(DealAlreadyClosed, Conflict)


def test_a_deal_comes_back_only_into_a_stage_that_is_there(at: datetime, deal: Deal, pipeline: Pipeline) -> None:
    deals.delete(actor=SYSTEM, record_id=deal.pk, at=at)
    stages.delete(actor=SYSTEM, record_id=deal.stage_id, at=at)
    with pytest.raises(NoSuchStage):
        deals.restore(actor=SYSTEM, record_id=deal.pk, at=at)
    pipelines.delete(actor=SYSTEM, record_id=pipeline.pk, at=at + timedelta(days=1))
    with pytest.raises(Conflict):
        stages.restore(actor=SYSTEM, record_id=deal.stage_id, at=at)
    pipelines.restore(actor=SYSTEM, record_id=pipeline.pk, at=at)
    stages.restore(actor=SYSTEM, record_id=deal.stage_id, at=at)
    assert deals.restore(actor=SYSTEM, record_id=deal.pk, at=at).deleted_at is None
