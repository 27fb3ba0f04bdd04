"""The business-to-business data: companies, products, and deals through one pipeline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.ids import new_id
from crm.demo.copying import analyze, copy_rows
from crm.demo.files import moment, rows
from crm.demo.people import ACTOR, People
from crm.models import Company, Deal, Pipeline, Product, ProductLine, Stage, StageChange
from crm.services.pipelines import pipelines, stages

PREFIX = "sales_pipeline:"
# The data has dirt on purpose. What is cleaned stands here, word by word.
PRODUCTS = {"GTXPro": "GTX Pro"}
SECTORS = {"technolgy": "technology"}
COUNTRIES = {
    "Belgium": "BE", "Brazil": "BR", "China": "CN", "Germany": "DE", "Italy": "IT", "Japan": "JP", "Jordan": "JO",
    "Kenya": "KE", "Korea": "KR", "Norway": "NO", "Panama": "PA", "Philipines": "PH", "Poland": "PL", "Romania": "RO",
    "United States": "US",
}  # fmt: skip
# Probabilities are invented: the data has none.
STAGES = (("Prospecting", 20, "open"), ("Engaging", 60, "open"), ("Won", 100, "won"), ("Lost", 0, "lost"))
MILLION = Decimal(1_000_000)
SHARED_COMPANIES = 8


def is_loaded() -> bool:
    return Company.objects.filter(external_id__startswith=PREFIX).exists()


def load(people: People, at: datetime) -> dict[str, int]:
    """Write the whole data set; returns how many rows of what."""
    deals = [_cleaned(row) for row in rows("sales_pipeline_opportunities")]
    companies = _companies(deals, people)
    products = _products(at)
    columns: tuple[str, ...] = (
        "external_id", "name", "parent_id", "industry", "region", "country", "founded_year", "employees",
        "annual_revenue", "owner_id", "team_id", "partner_id",
    )  # fmt: skip
    made = {"companies": copy_rows(Company, columns, companies.values(), at), "products": len(products)}
    pipeline_id, stage_ids = _pipeline(at)
    records = list(_deals(deals, people, companies, products, pipeline_id, stage_ids))
    columns = (
        "external_id", "name", "company_id", "product_id", "pipeline_id", "stage_id", "status", "amount", "opened_at",
        "closed_at", "owner_id", "team_id", "partner_id", "source",
    )  # fmt: skip
    made["deals"] = copy_rows(Deal, columns, ({name: row[name] for name in ("id", *columns)} for row in records), at)
    columns = ("deal_id", "from_stage_id", "to_stage_id", "kind", "at", "by")
    made["stage changes"] = copy_rows(StageChange, columns, _moves(records, stage_ids, at), at)
    analyze(Company, Deal, StageChange)
    return made


def _cleaned(row: dict[str, str]) -> dict[str, str]:
    return row | {"product": PRODUCTS.get(row["product"], row["product"])}


def _companies(deals: list[dict[str, str]], people: People) -> dict[str, dict[str, Any]]:
    """Companies by name. Each belongs to the agent with the most deals with it, some to a partner too."""
    agents: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in deals:
        agents[deal["account"]][deal["sales_agent"]] += 1
    found: dict[str, dict[str, Any]] = {}
    for index, row in enumerate(rows("sales_pipeline_accounts")):
        name = row["account"]
        agent = min(agents[name], key=lambda one: (-agents[name][one], one))
        found[name] = {
            "id": new_id(),
            "external_id": PREFIX + name,
            "name": name,
            "industry": SECTORS.get(row["sector"], row["sector"]),
            "region": people.office_of[agent],
            "country": COUNTRIES[row["office_location"]],
            "founded_year": int(row["year_established"]),
            "employees": int(row["employees"]),
            "annual_revenue": Decimal(row["revenue"]) * MILLION,
            "owner_id": people.users[agent],
            "team_id": people.teams[people.team_of[agent]],
            "partner_id": _partner(index, people),
            "parent": row["subsidiary_of"],
        }
    for company in found.values():
        parent = company.pop("parent")
        company["parent_id"] = found[parent]["id"] if parent else None
    return found


def _partner(index: int, people: People) -> UUID | None:
    """Every fifth company is a partner's, the partners in turn, until each has its share."""
    turn, rest = divmod(index, 5)
    mine = rest == 0 and turn < SHARED_COMPANIES * len(people.partners)
    return people.partners[turn % len(people.partners)] if mine else None


def _products(at: datetime) -> dict[str, tuple[UUID, Decimal]]:
    """Id and list price of the products, by name."""
    lines: dict[str, UUID] = {}
    found: dict[str, tuple[UUID, Decimal]] = {}
    records = []
    for row in rows("sales_pipeline_products"):
        line_id = lines.setdefault(row["series"], new_id())
        found[row["product"]] = new_id(), Decimal(row["sales_price"])
        product_id, price = found[row["product"]]
        records.append({
            "id": product_id, "external_id": PREFIX + row["product"], "sku": row["product"], "name": row["product"],
            "line_id": line_id, "unit_price": price,
        })  # fmt: skip
    series = ({"id": key, "external_id": PREFIX + name, "name": f"{name} series"} for name, key in lines.items())
    copy_rows(ProductLine, ("external_id", "name"), series, at)
    copy_rows(Product, ("external_id", "sku", "name", "line_id", "unit_price"), records, at)
    return found


def _pipeline(at: datetime) -> tuple[UUID, dict[str, UUID]]:
    pipeline: Pipeline = pipelines.create(actor=ACTOR, values={"name": "Sales", "external_id": PREFIX + "sales"}, at=at)
    found: dict[str, UUID] = {}
    for rank, (name, probability, kind) in enumerate(STAGES, start=1):
        values = {"pipeline_id": str(pipeline.pk), "name": name, "rank": rank, "probability": probability, "kind": kind}
        stage: Stage = stages.create(actor=ACTOR, values=values, at=at)
        found[name] = stage.pk
    return pipeline.pk, found


def _deals(
    deals: list[dict[str, str]],
    people: People,
    companies: dict[str, dict[str, Any]],
    products: dict[str, tuple[UUID, Decimal]],
    pipeline_id: UUID,
    stage_ids: dict[str, UUID],
) -> Iterator[dict[str, Any]]:
    kinds = {name: kind for name, _, kind in STAGES}
    for row in deals:
        stage, agent = row["deal_stage"], row["sales_agent"]
        company = companies.get(row["account"])
        product_id, list_price = products[row["product"]]
        yield {
            "id": new_id(),
            "external_id": PREFIX + row["opportunity_id"],
            "name": f"{row['product']} for {row['account'] or 'a company not named'}",
            "company_id": company["id"] if company else None,
            "product_id": product_id,
            "pipeline_id": pipeline_id,
            "stage_id": stage_ids[stage],
            "stage": stage,
            "status": kinds[stage],
            # What a won deal brought; the list price of what was, or is, at stake in others.
            "amount": Decimal(row["close_value"]) if stage == "Won" else list_price,
            "opened_at": moment(row["engage_date"]),
            "closed_at": moment(row["close_date"]),
            "owner_id": people.users[agent],
            "team_id": people.teams[people.team_of[agent]],
            "partner_id": company["partner_id"] if company else None,
            "source": "partner" if company and company["partner_id"] else "direct",
            "agent": agent,
        }


def _moves(deals: list[dict[str, Any]], stage_ids: dict[str, UUID], at: datetime) -> Iterator[dict[str, Any]]:
    """The way of each deal, as far as the data tells: engaged on a day, closed on a day."""
    kinds = {name: kind for name, _, kind in STAGES}
    for deal in deals:
        first = "Prospecting" if deal["stage"] == "Prospecting" else "Engaging"
        steps: list[tuple[str | None, str, datetime]] = [(None, first, deal["opened_at"] or at)]
        if deal["closed_at"] is not None:
            steps.append((first, deal["stage"], deal["closed_at"]))
        for before, after, when in steps:
            yield {
                "deal_id": deal["id"], "from_stage_id": stage_ids[before] if before else None,
                "to_stage_id": stage_ids[after], "kind": kinds[after], "at": when, "by": deal["agent"],
            }  # fmt: skip
