"""The demo's rates: made once, and left alone where there are some."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from analytics.models import CostActivity, CostRate

pytestmark = pytest.mark.django_db


def test_every_activity_has_a_rate_that_changes_in_the_middle_of_2017() -> None:
    for _ in range(2):
        call_command("demo_rates", stdout=StringIO())
    assert CostRate.objects.count() == 2 * CostActivity.objects.count()
    first, later = CostRate.objects.filter(activity__key="touch").order_by("valid_from")
    assert (first.valid_to, later.valid_from, later.valid_to) == (date(2017, 7, 1), date(2017, 7, 1), None)
    assert CostActivity.objects.get(key="coupon_redemption").kinds == ["coupon_redemption"]


def test_rates_that_somebody_entered_are_left_alone() -> None:
    touch = CostActivity.objects.get(key="touch")
    CostRate.objects.create(activity=touch, amount=Decimal(1), valid_from=date(2020, 1, 1))
    call_command("demo_rates", stdout=StringIO())
    assert CostRate.objects.count() == 1
