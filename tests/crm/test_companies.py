from __future__ import annotations

from datetime import datetime
from threading import Thread

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.errors import Invalid, NotFound
from crm.errors import HierarchyCycle
from crm.models import Company
from crm.services.companies import companies
from tests.crm import make

pytestmark = pytest.mark.django_db


def test_a_domain_is_stored_as_people_mean_it(at: datetime) -> None:
    assert make.company(at, domain="WWW.Müller-Shop.de").domain == "xn--mller-shop-9db.de"


@pytest.mark.parametrize("domain", ["no dots", "a..b.com", "-x.com", "http://x.com", "x" * 300 + ".com"])
def test_what_is_no_domain_is_refused(at: datetime, domain: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make.company(at, domain=domain)
    assert refusal.value.errors[0].pointer == "/domain"
    assert not Company.objects.exists()


def test_a_group_never_contains_itself(at: datetime, company: Company) -> None:
    child = make.company(at, name="Child", parent_id=str(company.pk))
    grandchild = make.company(at, name="Grandchild", parent_id=str(child.pk))
    for below in (child, grandchild, company):
        with pytest.raises((HierarchyCycle, Invalid)):
            companies.update(actor=SYSTEM, record_id=company.pk, values={"parent_id": str(below.pk)}, at=at)
    company.refresh_from_db()
    assert company.parent_id is None
    assert company.version == 1


def test_a_company_can_move_to_another_group(at: datetime, company: Company) -> None:
    child = make.company(at, name="Child", parent_id=str(company.pk))
    other = make.company(at, name="Other")
    companies.update(actor=SYSTEM, record_id=child.pk, values={"parent_id": str(other.pk)}, at=at)
    companies.update(actor=SYSTEM, record_id=company.pk, values={"parent_id": str(child.pk)}, at=at)
    assert set(other.children.values_list("name", flat=True)) == {"Child"}


def test_an_unknown_parent_is_refused(at: datetime, company: Company) -> None:
    companies.delete(actor=SYSTEM, record_id=company.pk, at=at)
    with pytest.raises(Invalid) as refusal:
        make.company(at, parent_id=str(company.pk))
    assert refusal.value.errors[0].pointer == "/parent_id"


def test_a_deleted_company_is_gone_for_writers(at: datetime, company: Company) -> None:
    companies.delete(actor=SYSTEM, record_id=company.pk, at=at)
    with pytest.raises(NotFound):
        companies.update(actor=SYSTEM, record_id=company.pk, values={"name": "X"}, at=at)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_make_no_cycle(at: datetime) -> None:
    one, two = make.company(at, name="One"), make.company(at, name="Two")
    outcomes: list[str] = []

    def move(child: Company, parent: Company) -> None:
        try:
            companies.update(actor=SYSTEM, record_id=child.pk, values={"parent_id": str(parent.pk)}, at=at)
            outcomes.append("moved")
        except HierarchyCycle:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=move, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["moved", "refused"]
    assert Company.objects.filter(parent__isnull=True).count() == 1
