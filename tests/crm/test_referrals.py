from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.actors import SYSTEM, Visibility
from core.errors import Duplicate, Forbidden, Invalid, NotFound
from core.models import OutboxEvent
from crm.errors import ReferralCycle
from crm.models import Contact, Referral
from crm.selectors import referral_tree
from crm.services import merges
from crm.services.contacts import contacts
from crm.services.referrals import referrals
from tests.crm import make
from tests.support.actors import clerk
from tests.support.races import at_once
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db


def people(at: datetime, *names: str, **values: Any) -> list[Contact]:
    return [make.contact(at, last_name=name, **values) for name in names]


def refer(at: datetime, referrer: Contact, referred: Contact, days: int = 0, **values: Any) -> Referral:
    given = {
        "referrer_id": str(referrer.pk),
        "referred_id": str(referred.pk),
        "occurred_at": (at - timedelta(days=days)).isoformat(),
    }
    return referrals.create(actor=SYSTEM, values=given | values, at=at)


def tree(at: datetime, root: Contact, actor: Any = SYSTEM, **more: Any) -> list[tuple[str, int]]:
    found = referral_tree.fetch(actor=actor, record_id=root.pk, at=at, **more)
    return [(node["name"], node["depth"]) for node in found["nodes"]]


def test_the_first_referrer_counts_whenever_it_becomes_known(at: datetime) -> None:
    a, b, c = people(at, "A", "B", "C")
    late = refer(at, a, c)
    assert late.is_counted
    early = refer(at, b, c, days=5)
    assert early.is_counted
    late.refresh_from_db()
    assert not late.is_counted
    referrals.delete(actor=SYSTEM, record_id=early.pk, at=at)
    late.refresh_from_db()
    assert late.is_counted
    referrals.restore(actor=SYSTEM, record_id=early.pk, at=at)
    assert list(Referral.objects.filter(is_counted=True)) == [early]
    # As a merge does it.
    Referral.objects.filter(pk=late.pk).update(occurred_at=at - timedelta(days=9))
    assert list(Referral.objects.filter(is_counted=True)) == [late]


def test_there_is_one_live_referral_of_a_pair_and_none_of_oneself(at: datetime) -> None:
    a, b = people(at, "A", "B")
    first = refer(at, a, b)
    with pytest.raises(Duplicate) as refusal:
        refer(at, a, b, days=1)
    assert [fault.pointer for fault in refusal.value.errors] == ["/referrer_id", "/referred_id"]
    with pytest.raises(Invalid):
        refer(at, a, a)
    referrals.delete(actor=SYSTEM, record_id=first.pk, at=at)
    refer(at, a, b)
    assert Referral.objects.alive().count() == 1


def test_nobody_brings_who_brought_them(at: datetime) -> None:
    a, b, c = people(at, "A", "B", "C")
    first = refer(at, a, b)
    refer(at, b, c)
    for pair in ((b, a), (c, a)):
        with pytest.raises(ReferralCycle):
            refer(at, *pair)
    referrals.delete(actor=SYSTEM, record_id=first.pk, at=at)
    refer(at, c, a)
    with pytest.raises(ReferralCycle):
        referrals.restore(actor=SYSTEM, record_id=first.pk, at=at)
    assert Referral.objects.alive().count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_no_cycle(at: datetime) -> None:
    a, b = people(at, "A", "B")
    assert at_once(lambda: refer(at, a, b), lambda: refer(at, b, a)) == ["done", "referral_cycle"]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_counts(at: datetime) -> None:
    a, b, c, d = people(at, "A", "B", "C", "D")
    outcomes = at_once(lambda: refer(at, a, d, 1), lambda: refer(at, b, d, 3), lambda: refer(at, c, d, 2))
    assert outcomes == ["done"] * 3
    assert Referral.objects.get(is_counted=True).referrer_id == b.pk


def test_a_converted_referral_is_told_of_once(at: datetime) -> None:
    a, b = people(at, "A", "B")
    made = refer(at, a, b)
    for values in ({"status": "converted"}, {"channel": "link"}):
        referrals.update(actor=SYSTEM, record_id=made.pk, values=values, at=at)
    told = OutboxEvent.objects.get(name="referral.converted").payload
    assert (told["referrer_id"], told["referred_id"]) == (str(a.pk), str(b.pk))


def test_the_tree_holds_those_who_count_level_by_level(at: datetime) -> None:
    a, b, c, d, e, f = people(at, *"ABCDEF")
    for pair, days in (((a, b), 9), ((a, c), 8), ((b, d), 7), ((d, e), 6), ((c, d), 5), ((f, b), 1)):
        refer(at, *pair, days=days)
    assert tree(at, a) == [("B", 1), ("C", 1), ("D", 2), ("E", 3)]
    assert tree(at, a, depth=2) == [("B", 1), ("C", 1), ("D", 2)]
    assert tree(at, f) == []
    cut = referral_tree.fetch(actor=SYSTEM, record_id=a.pk, at=at, limit=3)
    assert (len(cut["nodes"]), cut["truncated"]) == (3, True)
    assert not referral_tree.fetch(actor=SYSTEM, record_id=a.pk, at=at, limit=4)["truncated"]
    # Whoever is deleted is gone, and those below hang on nobody.
    contacts.delete(actor=SYSTEM, record_id=d.pk, at=at)
    assert tree(at, a) == [("B", 1), ("C", 1)]


def test_nobody_stands_below_themselves_where_a_merge_has_closed_a_circle(at: datetime) -> None:
    a, b, c = people(at, "A", "B", "C")
    refer(at, a, b)
    refer(at, b, c)
    merges.merge(actor=SYSTEM, record_id=a.pk, contact_id=c.pk, at=at)
    assert tree(at, a, depth=10) == [("B", 1)]


def test_the_tree_ends_where_the_reader_sees_nothing(at: datetime, django_assert_num_queries: Any) -> None:
    a, b, hidden, below = people(at, "A", "B", "Hidden", "Below")
    for pair in ((a, b), (a, hidden), (hidden, below)):
        refer(at, *pair)
    team = Samples().make("team")
    Contact.objects.filter(pk__in=[a.pk, b.pk, below.pk]).update(team=team.pk)
    reader = clerk("contact", "referral", visibility=Visibility.TEAM, team_ids=frozenset({team.pk}))
    assert tree(at, a, actor=reader) == [("B", 1)]
    with pytest.raises(NotFound):
        tree(at, hidden, actor=reader)
    for entities in (("contact",), ("referral",)):
        with pytest.raises(Forbidden):
            tree(at, a, actor=clerk(*entities))
    with django_assert_num_queries(2):
        assert tree(at, a) == [("B", 1), ("Hidden", 1), ("Below", 2)]
