"""Verdicts on segments from recorded orders, over the service that campaigns ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.errors import SegmentNotViable
from analytics.models import Segment, SegmentMembership
from analytics.selectors import segments as selector
from analytics.selectors import verdicts
from analytics.services import guarding
from analytics.services.segments import maintenance
from analytics.services.segments.definitions import segments
from core.actors import SYSTEM
from core.errors import Invalid
from crm.models import Contact
from tests.analytics.support import contact, order

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Few customers, so that a test is quick: what can be shown is then coarse.
COARSE: dict[str, Any] = {"minimum": 10, "lift": "0.99", "alpha": "0.2", "power": "0.5"}


def north(**values: Any) -> Segment:
    given = {"name": "North", "key": "north", "kind": "dynamic", "filter": {"field": "region", "value": "north"}}
    made = segments.create(actor=SYSTEM, values=given | values, at=AT)
    assert maintenance.run(at=AT)
    SegmentMembership.objects.filter(segment=made).update(entered_at=AT - timedelta(days=200))
    return made


def people(region: str, count: int, buyers: int) -> list[Contact]:
    made = [contact(region=region) for _ in range(count)]
    for who in made[:buyers]:
        order(who, AT - timedelta(days=5), 10)
    return made


def asked() -> dict[str, Any]:
    return {name: Decimal(value) if isinstance(value, str) else value for name, value in COARSE.items()}


def test_a_group_that_differs_from_the_rest_of_everybody_is_viable() -> None:
    people("north", 40, 16)
    people("south", 60, 6)
    found = guarding.require_viable(actor=SYSTEM, segment_id=north().pk, at=AT, **asked())
    assert (found["n"], found["estimate"], found["parent_n"], found["parent_estimate"]) == (40, 0.4, 100, 0.22)
    assert found["low"] < 0.4 < found["high"]
    assert found["caveats"] == []


def test_a_small_group_is_refused_with_the_macro_alternative() -> None:
    people("north", 5, 5)
    people("south", 100, 50)
    with pytest.raises(SegmentNotViable) as refusal:
        guarding.require_viable(actor=SYSTEM, segment_id=north().pk, at=AT, **asked())
    found = refusal.value.data["verdict"]
    assert (found["verdict"], found["estimate"], found["low"]) == ("too_small", None, None)
    assert found["alternative"]["name"] == "everybody"
    assert found["alternative"]["n"] == 105


def test_nobody_bought_and_an_empty_group() -> None:
    people("north", 40, 0)
    people("south", 40, 10)
    made = north()
    assert verdicts.verdict(actor=SYSTEM, record_id=made.pk, at=AT, **asked())["verdict"] == "too_uncertain"
    empty = segments.create(actor=SYSTEM, values={"name": "E", "key": "e", "kind": "manual"}, at=AT)
    both = verdicts.verdicts(actor=SYSTEM, at=AT, segment_ids=[made.pk, empty.pk], **asked())["verdicts"]
    assert [item["verdict"] for item in both] == ["too_uncertain", "too_small"]


def test_members_of_today_judged_by_yesterday_are_named_as_a_caveat() -> None:
    people("north", 20, 5)
    made = north()
    SegmentMembership.objects.update(entered_at=AT)
    found = verdicts.verdict(actor=SYSTEM, record_id=made.pk, at=AT)
    assert found["caveats"] == ["membership_after_window"]


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(Invalid):
        verdicts.verdict(actor=SYSTEM, record_id=north().pk, at=AT, alpha=Decimal("0.9"))


def test_criteria_are_tried_before_they_are_kept() -> None:
    people("north", 3, 0)
    found = selector.preview(actor=SYSTEM, at=AT, filter={"field": "region", "value": "north"})
    assert (found["count"], len(found["sample"])) == (3, 3)
    with pytest.raises(Invalid) as refusal:
        selector.preview(actor=SYSTEM, at=AT, filter={"field": "nothing", "value": 1})
    assert refusal.value.errors[0].pointer == "/filter/field"
