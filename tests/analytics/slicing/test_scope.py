"""Slices over the database: the same through both doors, and only of those whom the caller sees."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings

from accounts.models import PartnerOrganisation, Team, User
from analytics import tasks
from analytics.errors import NotComputedYet
from analytics.lake import syncing
from analytics.models import ContactMetrics
from analytics.selectors import slice_masks, slices
from analytics.selectors.slice_columns import root
from analytics.services import slice_store
from analytics.slicing.store import Store, opened
from core import criteria, registry
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Forbidden, Invalid, InvalidCriteria, InvalidCursor
from core.personal.holders import Subject
from crm.models import Contact
from tests.analytics import test_lake_criteria as lake
from tests.analytics.callers import Caller
from tests.analytics.support import contact, line, order
from tests.analytics.test_api import authenticator
from tests.analytics.test_lake_criteria import people, world
from tests.core.criteria.test_agreement import AT as TREES_AT
from tests.support.actors import clerk

__all__ = ["authenticator", "people", "world"]

pytestmark = pytest.mark.django_db(transaction=True)

SEEN = ("analytics", "contact", "order", "contact_metrics", "company", "order_line")
ANALYST = clerk(*SEEN, actions=("view",))


def built() -> Store:
    syncing.sync(at=timezone.now())
    slice_store.rebuild(at=timezone.now())
    found = opened(root())
    assert found is not None
    return found


@pytest.fixture
def market() -> dict[str, Any]:
    """Three customers of two partners, two teams and one owner, with one order each; and one of nobody's."""
    partners = [PartnerOrganisation.objects.create(name=name) for name in ("Birch", "Cedar")]
    teams = [Team.objects.create(name=name) for name in ("East", "West")]
    owner = User.objects.create_user(email="owner@example.com", name="Owner")
    made = [
        contact(region="north", partner=partners[0], team=teams[0]),
        contact(region="north", partner=partners[1], team=teams[1]),
        contact(region="south", partner=partners[0], owner=owner),
        contact(),
    ]
    now = timezone.now()
    for n, each in enumerate(made):
        line(order(each, now - timedelta(days=n), 10 ** (n + 1)), 10 ** (n + 1), unit_cost=Decimal(1))
        ContactMetrics.objects.create(
            id=each.pk, contact_id=each.pk, frequency=n, other_currency_orders=0, as_of=now, computed_at=now,
            rfm_segment=["champions", None][n % 2], definition_version="v", window="all",
        )  # fmt: skip
    built()
    return {"people": made, "partners": partners, "teams": teams, "owner": owner}


def revenue(actor: Actor, **options: Any) -> dict[str | None, str]:
    answer = slices.slices(actor=actor, at=timezone.now(), dimensions=["region"], measures=["revenue"], **options)
    return {cell["dimensions"][0]["value"]: cell["measures"][0]["value"] for cell in answer["cells"]}


def whose(actor: Actor) -> set[UUID]:
    found: set[UUID] = set()
    for value in ("north", "south", None):
        answer = slices.members(
            actor=actor, at=timezone.now(), dimensions=["region"], cell=[{"dimension": "region", "value": value}]
        )
        found |= {UUID(item["contact_id"]) for item in answer["items"]}
    return found


def test_an_analyst_sees_all(market: dict[str, Any]) -> None:
    assert revenue(ANALYST) == {"north": "110.00", "south": "1000.00", None: "10000.00"}
    assert whose(ANALYST) == {each.pk for each in market["people"]}


def test_partners_see_their_own(market: dict[str, Any]) -> None:
    for partner, expected in zip(
        market["partners"], ({"north": "10.00", "south": "1000.00"}, {"north": "100.00"}), strict=True
    ):
        actor = clerk(*SEEN, actions=("view",), visibility=Visibility.PARTNER, partner_id=partner.pk)
        assert revenue(actor) == expected
        assert whose(actor) == {each.pk for each in market["people"] if each.partner_id == partner.pk}


def test_teams_and_owners_see_theirs(market: dict[str, Any]) -> None:
    team = clerk(*SEEN, actions=("view",), visibility=Visibility.TEAM, team_ids=frozenset({market["teams"][1].pk}))
    assert revenue(team) == {"north": "100.00"}
    owner = clerk(*SEEN, actions=("view",), visibility=Visibility.OWN, user_id=market["owner"].pk)
    assert revenue(owner) == {"south": "1000.00"}
    assert revenue(clerk(*SEEN, actions=("view",), visibility=Visibility.OWN, user_id=uuid4())) == {}


def test_who_sees_all_contacts_but_the_orders_of_some_sees_the_slices_of_those(market: dict[str, Any]) -> None:
    everybody = clerk(*SEEN, actions=("view",))
    some = clerk("order", actions=("view",), visibility=Visibility.OWN, user_id=market["owner"].pk)
    mixed = clerk(*SEEN, actions=("view",), visibility=Visibility.OWN, user_id=market["owner"].pk)
    object.__setattr__(mixed, "grants", {**everybody.grants, **some.grants})
    assert revenue(mixed) == {"south": "1000.00"}


def test_a_contact_given_away_is_gone_at_once(market: dict[str, Any]) -> None:
    """Scope is asked of the database, not of the store."""
    Contact.objects.filter(pk=market["people"][1].pk).update(partner=None)
    actor = clerk(*SEEN, actions=("view",), visibility=Visibility.PARTNER, partner_id=market["partners"][1].pk)
    assert revenue(actor) == {}


@pytest.mark.parametrize("missing", ["analytics", "contact", "order"])
def test_each_grant_is_needed(missing: str) -> None:
    actor = clerk(*(name for name in SEEN if name != missing), actions=("view",))
    for call in (slices.slices, slices.members):
        with pytest.raises(Forbidden):
            call(actor=actor, at=timezone.now())


def test_costs_are_for_those_who_may_see_them(market: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        slices.slices(actor=ANALYST, at=timezone.now(), measures=["revenue", "gross_margin"])
    assert refusal.value.errors[0].pointer == "/measures/1"
    assert "gross_margin" not in slices.options(actor=ANALYST)["measures"]
    answer = slices.slices(actor=SYSTEM, at=timezone.now(), measures=["gross_margin"])
    assert answer["totals"][0]["value"] == "11106.00"


def test_a_filter_narrows_and_its_faults_are_told(market: dict[str, Any]) -> None:
    assert revenue(ANALYST, filter={"field": "region", "op": "eq", "value": "north"}) == {"north": "110.00"}
    assert revenue(ANALYST, filter={"field": "metrics.frequency", "op": "gte", "value": 2}) == {
        "south": "1000.00", None: "10000.00",
    }  # fmt: skip
    assert revenue(ANALYST, filter={"field": "orders", "op": "any", "where": {"field": "total", "value": "100"}}) == {
        "north": "100.00"
    }
    with pytest.raises(InvalidCriteria):
        revenue(ANALYST, filter={"field": "charm", "value": 1})


EVERYTHING = clerk(*SEEN, "interaction", "touch", "note", "product", "product_line", "user", actions=("view",))


@pytest.mark.parametrize("actor", [SYSTEM, EVERYTHING], ids=["system", "clerk"])
def test_masks_agree_with_the_database(world: list[Contact], actor: Actor) -> None:
    store = built()
    entity = registry.entity("contact")
    alive = list(Contact.objects.alive().order_by("pk").values_list("pk", flat=True))
    assert store.customers == len(alive)

    @settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(lake.trees)
    def agree(tree: dict[str, Any]) -> None:
        found = slice_masks.mask(store, tree, actor=actor, at=TREES_AT)
        q = criteria.to_q(entity, tree, actor=actor, at=TREES_AT)
        expected = set(Contact.objects.visible_to(actor).alive().filter(q).values_list("pk", flat=True))
        numbers = np.arange(store.customers) if found is None else np.flatnonzero(found)
        assert {alive[n] for n in numbers} == expected

    agree()


def test_what_the_store_has_is_not_asked_of_the_database(
    market: dict[str, Any], django_assert_num_queries: Any
) -> None:
    tree = {"and": [
        {"field": "region", "op": "in", "value": ["north", "south"]},
        {"not": {"field": "metrics.rfm_segment", "op": "eq", "value": "champions"}},
    ]}  # fmt: skip
    store = opened(root())
    assert store is not None
    with django_assert_num_queries(0):
        assert np.count_nonzero(slice_masks.mask(store, tree, actor=ANALYST, at=timezone.now())) == 1


DOCUMENT = """query ($d: [String!], $m: [String!], $f: Criteria) {
  analyticsSlices(dimensions: $d, measures: $m, filter: $f) {
    cells { dimensions { dimension value label } customers suppressed measures { measure value n low high reason } }
    cellCount overlapping customers totals { measure value } hasNewerData baseCurrency
  }
}"""
MEMBERS = """query ($d: [String!], $v: [SliceDimensionValueInput!], $a: String) {
  analyticsSliceMembers(dimensions: $d, cell: $v, limit: 1, after: $a) {
    items { contactId contributions { part value } } count nextCursor totals { part value }
  }
}"""


def test_both_doors_answer_alike(market: dict[str, Any]) -> None:
    caller = Caller(ANALYST)
    asked = {"dimensions": ["region"], "measures": ["revenue", "average_revenue"], "filter": {}}
    status, rest = caller.post("analytics/slices", asked)
    assert status == 200, rest
    graphql = caller.graphql(DOCUMENT, d=asked["dimensions"], m=asked["measures"], f={})
    found = graphql["data"]["analyticsSlices"]
    for one, other in zip(rest["cells"], found["cells"], strict=True):
        assert one["dimensions"] == other["dimensions"]
        assert [{k: m.get(k) for k in o} for m, o in zip(one["measures"], other["measures"], strict=True)] == other[
            "measures"
        ]
    assert (rest["cell_count"], rest["customers"]) == (found["cellCount"], found["customers"]) == (3, 4)
    assert rest["has_newer_data"] is found["hasNewerData"] is False
    assert rest["base_currency"] == "USD"


def test_both_doors_page_through_members(market: dict[str, Any]) -> None:
    caller = Caller(ANALYST)
    values = [{"dimension": "region", "value": "north"}]
    pages: list[list[Any]] = [[], []]
    after: dict[int, Any] = {0: None, 1: None}
    for _ in range(2):
        _, rest = caller.post(
            "analytics/slices/members",
            {"dimensions": ["region"], "cell": values, "limit": 1, **({"after": after[0]} if after[0] else {})},
        )
        graphql = caller.graphql(MEMBERS, d=["region"], v=values, a=after[1])["data"]["analyticsSliceMembers"]
        after = {0: rest["next_cursor"], 1: graphql["nextCursor"]}
        pages[0] += [(item["contact_id"], item["contributions"]) for item in rest["items"]]
        pages[1] += [(item["contactId"], item["contributions"]) for item in graphql["items"]]
        assert rest["count"] == graphql["count"] == 2
    assert after == {0: None, 1: None}
    assert pages[0] == pages[1]
    assert [key for key, _ in pages[0]] == sorted(str(each.pk) for each in market["people"][:2])
    with pytest.raises(InvalidCursor):
        slices.members(actor=ANALYST, at=timezone.now(), after="nonsense")


def test_both_doors_refuse_alike(market: dict[str, Any]) -> None:
    caller = Caller(ANALYST)
    status, rest = caller.post("analytics/slices", {"dimensions": ["region", "charm"]})
    error = caller.graphql(DOCUMENT, d=["region", "charm"])["errors"][0]["extensions"]
    assert status == 422
    assert [each["pointer"] for each in rest["errors"]] == ["/dimensions/1"]
    assert error["code"] == rest["code"]
    status, rest = caller.post("analytics/slices", {"filter": {"field": "charm"}})
    assert (status, rest["code"]) == (400, "invalid_criteria")


def test_nothing_yet_is_said() -> None:
    with pytest.raises(NotComputedYet):
        slices.slices(actor=ANALYST, at=timezone.now())


def test_the_store_follows_the_lake(market: dict[str, Any]) -> None:
    first = opened(root())
    assert first is not None
    assert not slice_store.refresh(at=timezone.now())
    order(market["people"][0], timezone.now() - timedelta(hours=1), 5)
    assert slices.slices(actor=ANALYST, at=timezone.now())["has_newer_data"]
    tasks.sync_lake()
    assert revenue(ANALYST)["north"] == "115.00"
    assert not slices.slices(actor=ANALYST, at=timezone.now())["has_newer_data"]
    assert sorted(path.name for path in root().iterdir()) == sorted(["current", opened(root()).version])  # type: ignore[union-attr]
    # Whoever still reads the old one can go on.
    assert len(first.column("order.placed")) == 4


def test_an_erased_contact_is_no_longer_in_the_store(market: dict[str, Any]) -> None:
    gone = market["people"][0]
    before = opened(root())
    assert before is not None
    at: datetime = timezone.now()
    Contact.objects.filter(pk=gone.pk).update(deleted_at=at, erased_at=at)
    syncing.sync(at=timezone.now())
    subject = Subject(frozenset({gone.pk}), at)
    assert slice_store.forget(subject, timezone.now())
    after = opened(root())
    assert after is not None
    assert after.version != before.version
    assert gone.pk.bytes not in after.ids.tobytes()
    assert slice_store.forget(subject, timezone.now())
    assert opened(root()) is after


def test_a_store_that_was_taken_away_is_none(market: dict[str, Any]) -> None:
    shutil.rmtree(root())
    assert opened(root()) is None
