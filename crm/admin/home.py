"""What the customer record puts on the home page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from core.actors import Actor
from core.admin import home
from core.admin.home import Widget
from core.templatetags.core_admin import amount
from crm.models import Company, Contact, Deal, Order, StageKind
from crm.selectors import figures

DAYS = 30
MOST_SOURCES = 10


def glance(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """How many there are of what, of the kinds that the actor sees."""
    since = at - timedelta(days=DAYS)
    kinds: tuple[tuple[str, str, Any, dict[str, Any]], ...] = (
        ("Contacts", "contact", Contact, {}),
        (f"New in {DAYS} days", "contact", Contact, {"created_at__gte": since}),
        ("Companies", "company", Company, {}),
        ("Open deals", "deal", Deal, {"status": StageKind.OPEN}),
        (f"Orders in {DAYS} days", "order", Order, {"placed_at__gte": since}),
    )
    return {
        "figures": [
            {
                "label": label,
                "value": amount(figures.count(model, actor=actor, **conditions)),
                "link": reverse(f"admin:crm_{entity}_changelist"),
            }
            for label, entity, model, conditions in kinds
            if actor.may(entity, "view")
        ]
    }


def work(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Cases and tasks that wait."""
    found = figures.work(actor=actor, at=at)
    cases, tasks = reverse("admin:crm_case_changelist"), reverse("admin:crm_task_changelist")
    kinds = (
        ("cases", "Open cases", cases, ""),
        ("late_cases", "Cases past their limit", cases, "bad"),
        ("tasks", "Tasks due today", tasks, ""),
        ("late_tasks", "Tasks overdue", tasks, "bad"),
    )
    return {
        "figures": [
            {"label": label, "value": amount(found[name]), "link": link, "tone": tone if found[name] else ""}
            for name, label, link, tone in kinds
            if name in found
        ]
    }


def pipeline(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Open deals by stage: sums by currency where deals have amounts, else how many."""
    rows = figures.open_pipeline(actor=actor)
    several = len({row["pipeline__name"] for row in rows}) > 1
    named = [(f"{row['pipeline__name']}: " if several else "") + row["stage__name"] for row in rows]
    labels = list(dict.fromkeys(named))
    sums: dict[tuple[str, str], Any] = {}
    for label, row in zip(named, rows, strict=True):
        if row["amount"] is not None:
            sums[label, row["currency"]] = str(row["amount"])
        sums[label, "Deals"] = sums.get((label, "Deals"), 0) + row["deals"]
    currencies = sorted({name for _, name in sums if name != "Deals"})
    series = [{"name": name, "values": [sums.get((label, name), 0) for label in labels]} for name in currencies]
    if not series:
        series = [{"name": "Deals", "values": [sums[label, "Deals"] for label in labels]}]
    chart = {"kind": "hbar", "axis": "Stage", "labels": labels, "series": series}
    deals = sum(row["deals"] for row in rows)
    return {"chart": chart, "empty": "No open deals.", "note": f"{amount(deals)} open deals."}


def closed(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Deals won and lost by month."""
    rows = figures.closed_by_month(actor=actor, at=at)
    months = sorted({row["month"] for row in rows})
    found = {(row["month"], row["status"]): row["deals"] for row in rows}
    series = [
        {"name": kind.title(), "tone": tone, "values": [found.get((month, kind), 0) for month in months]}
        for kind, tone in ((StageKind.WON.value, "good"), (StageKind.LOST.value, "bad"))
    ]
    chart = {"kind": "bar", "axis": "Month", "labels": [f"{month:%b %Y}" for month in months], "series": series}
    return {"chart": chart, "empty": "No deal was closed yet."}


def sources(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Where the new contacts came from."""
    rows = figures.new_by_source(actor=actor, at=at, days=DAYS)
    shown, rest = rows[:MOST_SOURCES], sum(row["contacts"] for row in rows[MOST_SOURCES:])
    named = [(row["source"] or "not said", row["contacts"]) for row in shown]
    named += [("others", rest)] if rest else []
    chart = {
        "kind": "ring",
        "axis": "Source",
        "labels": [name for name, _ in named],
        "series": [{"name": "Contacts", "values": [contacts for _, contacts in named]}],
    }
    return {"chart": chart, "empty": f"No new contacts in the last {DAYS} days."}


home.add(
    Widget("glance", "At a glance", (("contact", "view"),), glance, home.PLAIN, span=12, rank=10),
    Widget("work", "To do", (("case", "view"),), work, home.PLAIN, span=12, rank=15),
    Widget("pipeline", "Open pipeline by stage", (("deal", "view"),), pipeline, home.CHART, span=6, rank=30),
    Widget("closed", "Deals won and lost", (("deal", "view"),), closed, home.CHART, span=6, rank=40),
    Widget("sources", "New contacts by source", (("contact", "view"),), sources, home.CHART, span=3, rank=60),
)
