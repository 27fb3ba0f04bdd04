"""What the demo's customers look like, from stored results."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from analytics.errors import NotComputedYet
from analytics.selectors import reports
from core.actors import SYSTEM
from core.clock import now
from core.embedded.home import write_json


class Command(BaseCommand):
    """Print customers, revenue, the share of the best fifth, first-order bands and RFM segments."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be said."""
        default = str(settings.BIFOCAL_HOME / "demo_report.json")
        parser.add_argument("--json", default=default, help="Where to write the same for programs.")

    def handle(self, *_args: Any, json: str, **_options: Any) -> None:
        """Read what is stored, print it, write it."""
        at = now()
        try:
            found = reports.concentration(actor=SYSTEM, at=at)
            rfm = reports.rfm_segments(actor=SYSTEM, at=at)
        except NotComputedYet as error:
            self.stdout.write(error.detail)
            return
        write_json(Path(json), {"concentration": found, "rfm_segments": rfm["segments"]})
        for line in lines(found, rfm["segments"]):
            self.stdout.write(line)


def lines(found: dict[str, Any], segments: list[dict[str, Any]]) -> list[str]:
    """The report as text."""
    currency = found["base_currency"]
    share = "not enough customers" if found["top20_share"] is None else f"{found['top20_share']:.1%}"
    text = [
        "",
        f"  As of {found['as_of'][:10]}",
        f"    customers                 {found['customers']:>12,}",
        f"    orders                    {found['orders']:>12,}",
        f"    revenue                   {money(found['revenue'], currency):>16}",
        f"    share of the top 20%      {share:>12}",
    ]
    for band in found["first_order_bands"]:
        threshold = money(band["threshold"], currency)
        side = f"first order {band['band']} {threshold}"
        worth = money(band["average_value"], currency)
        text.append(f"    {side:<30}{band['customers']:>8,} customers, worth {worth} on average")
    text += ["  RFM segments"]
    text += [
        f"    {row['segment']:<22}{row['customers']:>8,} customers  {money(row['revenue'], currency):>18}"
        for row in segments
    ]
    return [*text, ""]


def money(amount: str, currency: str) -> str:
    """An amount for people."""
    return f"{Decimal(amount):,.2f} {currency}"
