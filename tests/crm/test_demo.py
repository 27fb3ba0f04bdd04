from __future__ import annotations

import json
import stat
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum

from accounts.models import ApiKey, PartnerOrganisation, User
from accounts.services.secrets import digest
from core.models import Change, DirtyMonth
from crm.demo import baskets, names
from crm.models import (
    Company,
    Contact,
    Deal,
    Interaction,
    Order,
    OrderDiscount,
    OrderLine,
    Product,
    ProductLine,
    StageChange,
    Touch,
)

COUNTED = (Company, Contact, Deal, Order, OrderLine, OrderDiscount, Interaction, Product, StageChange, Touch, User)
# Of 6,589 in the data, those of households that are contacts.
TOUCHES = 6_587


@pytest.fixture
def credentials(tmp_path: Path, settings: Any) -> Path:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path / "home" / "demo_credentials.json"


def load(credentials: Path) -> str:
    said = StringIO()
    call_command("load_demo", credentials=credentials, stdout=said)
    return said.getvalue()


# One test: loading is most of it.
@pytest.mark.django_db
def test_the_demo_loads_whole_and_once(credentials: Path) -> None:
    load(credentials)
    _households()
    _baskets()
    _deals()
    _partners()
    _history()
    known = _sign_ins(credentials)
    counts = {model: model.objects.count() for model in COUNTED}
    changes = Change.objects.count()
    assert "there already" in load(credentials)
    assert {model: model.objects.count() for model in COUNTED} == counts
    assert Change.objects.count() == changes
    assert json.loads(credentials.read_text()) == known
    _renewed(credentials, known)


def _households() -> None:
    people = Contact.objects.filter(external_id__startswith="complete_journey:")
    assert people.count() == 2377
    assert people.values("email").distinct().count() == people.values("name").distinct().count() == 2377
    assert not people.exclude(email__endswith="@example.com").exists()
    assert people.exclude(custom={}).count() == 801
    assert people.filter(custom__age_band="65+").count() == 72
    assert dict(people.values_list("lifecycle_stage").annotate(Count("id"))) == {"customer": 2377}
    assert Interaction.objects.filter(kind="coupon_redemption").count() == 2102
    touched = Touch.objects.filter(contact__in=people)
    assert touched.count() == Touch.objects.count() == TOUCHES
    assert touched.values("campaign_code").distinct().count() == 27
    assert people.filter(acquisition_source="retailer").count() == touched.values("contact").distinct().count()
    assert not people.exclude(source="store").exists()
    first = touched.filter(contact=OuterRef("pk")).order_by("occurred_at", "id").values("pk")[:1]
    assert not people.exclude(acquisition_touch_id=None).exclude(acquisition_touch_id=Subquery(first)).exists()


def _baskets() -> None:
    assert Order.objects.count() == 47_243
    assert OrderLine.objects.count() == 75_000
    assert Order.objects.aggregate(total=Sum("total"))["total"] == Decimal("233935.24")
    assert ProductLine.objects.filter(external_id__startswith="complete_journey:").count() == 26
    lines = OrderLine.objects.values("order").annotate(total=Sum("total"), borne=Sum("discount_total"))
    summed = {row["order"]: (row["total"], row["borne"]) for row in lines}
    assert {
        pk: (total, borne) for pk, total, borne in Order.objects.values_list("pk", "total", "discount_total")
    } == summed
    by_kind = dict(OrderDiscount.objects.values_list("kind").annotate(Sum("amount")))
    assert set(by_kind) == {"retail", "coupon", "coupon_match"}
    reimbursed = Order.objects.aggregate(sum=Sum("reimbursed_total"))["sum"]
    assert by_kind["coupon"] == reimbursed
    assert not OrderDiscount.objects.exclude(is_reimbursed=Q(kind="coupon")).exists()
    assert not OrderLine.objects.filter(unit_cost__isnull=True).exists()
    fuel = OrderLine.objects.filter(product__name__startswith="GASOLINE", quantity__gt=5)
    assert not fuel.filter(unit_price__gt=4).exists()


def _deals() -> None:
    by_status = dict(Deal.objects.values_list("stage__name").annotate(Count("id")))
    assert by_status == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
    assert Deal.objects.filter(status="won").aggregate(sum=Sum("amount"))["sum"] == Decimal(10_005_534)
    assert Company.objects.count() == 85
    assert not Product.objects.filter(name="GTXPro").exists()
    assert Deal.objects.filter(product__name="GTX Pro").count() > 1000
    assert set(Company.objects.values_list("industry", flat=True)) & {"technolgy", "technology"} == {"technology"}
    assert Company.objects.filter(country="PH").count() == 1
    assert Company.objects.filter(parent__isnull=False).count() == 15
    assert Deal.objects.filter(company__isnull=True).count() == 1425
    assert not Deal.objects.filter(owner__isnull=True).exists()
    assert StageChange.objects.filter(kind="won").count() == 4238
    assert not Deal.objects.filter(closed_at__lt=F("opened_at")).exists()


def _partners() -> None:
    assert PartnerOrganisation.objects.count() == 2
    for partner in PartnerOrganisation.objects.all():
        assert Company.objects.filter(partner=partner).count() == 8
        assert Deal.objects.filter(partner=partner).exists()
    assert not Deal.objects.filter(partner__isnull=False).exclude(partner=F("company__partner")).exists()


def _history() -> None:
    assert Change.objects.filter(entity="order_line", operation="insert").count() == OrderLine.objects.count()
    assert set(Change.objects.filter(entity="order").values_list("door", flat=True).distinct()) == {"import"}
    assert DirtyMonth.objects.filter(fact="orders").values("month").distinct().count() == 13


def _sign_ins(credentials: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(credentials.read_text())
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    roles = [one["role"] for one in known["sign_ins"]]
    assert set(roles) == {
        "administrator", "manager", "sales", "marketing", "service", "analyst", "integration", "partner_manager",
        "partner_member",
    }  # fmt: skip
    assert roles.count("partner_manager") == 2
    for one in known["sign_ins"]:
        user = User.objects.get(email=one["email"])
        assert user.check_password(one["password"])
        assert user.roles.filter(key=one["role"]).exists()
    held = set(ApiKey.objects.values_list("digest", flat=True))
    assert {digest(key) for key in known["api_keys"].values()} == held
    assert len(known["api_keys"]) == len(roles)
    return known


def _renewed(credentials: Path, known: dict[str, Any]) -> None:
    """Where the file was lost, everybody gets a new password and a new key."""
    credentials.unlink()
    load(credentials)
    renewed = _sign_ins_again(credentials)
    old = {one["password"] for one in known["sign_ins"]} | set(known["api_keys"].values())
    new = {one["password"] for one in renewed["sign_ins"]} | set(renewed["api_keys"].values())
    assert not old & new
    assert renewed["api_keys"].keys() == known["api_keys"].keys()


def _sign_ins_again(credentials: Path) -> dict[str, Any]:
    renewed: dict[str, Any] = json.loads(credentials.read_text())
    for one in renewed["sign_ins"]:
        assert User.objects.get(email=one["email"]).check_password(one["password"])
    live = set(
        User.objects.filter(api_keys__revoked_at=None).exclude(api_keys=None).values_list("api_keys__digest", flat=True)
    )
    assert {digest(key) for key in renewed["api_keys"].values()} == live
    return renewed


def test_a_line_is_worth_what_the_retailer_received() -> None:
    row = {
        "product_id": "1", "quantity": "2.0", "sales_value": "3.0", "retail_disc": "0.8", "coupon_match_disc": "0.2",
        "coupon_disc": "0.5",
    }  # fmt: skip
    line = baskets._line(row, {})
    assert line is not None
    assert (line.unit_price, line.borne, line.reimbursed, line.total) == (2, 1, Decimal("0.5"), 3)


def test_fuel_is_counted_in_thousandths() -> None:
    row = {
        "product_id": "1", "quantity": "8776.0", "sales_value": "23.25", "retail_disc": "0.88",
        "coupon_match_disc": "0", "coupon_disc": "0",
    }  # fmt: skip
    line = baskets._line(row, {"1": {"product_type": "GASOLINE-REG UNLEADED"}})
    assert line is not None
    assert (line.quantity, line.unit_price) == (Decimal("8.776"), Decimal("2.7495"))


def test_names_are_the_same_at_every_load() -> None:
    assert names.household_name(1) == names.household_name(1)
    assert len({names.household_name(number) for number in range(7843)}) == 7843
