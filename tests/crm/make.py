"""Records made by the services, as SYSTEM."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from core.actors import SYSTEM
from crm.models import Case, Company, Contact, Deal, Interaction, Order, Pipeline, Product, ServiceLevel, Stage, Tag
from crm.services.cases import cases
from crm.services.catalogue import products
from crm.services.companies import companies
from crm.services.contacts import contacts
from crm.services.deals import deals
from crm.services.interactions import interactions
from crm.services.orders import orders
from crm.services.pipelines import pipelines, stages
from crm.services.service_levels import escalation_steps, service_levels
from crm.services.tags import tags

STAGES = (("Talking", "open"), ("Offer", "open"), ("Won", "won"), ("Lost", "lost"))


def company(at: datetime, **values: Any) -> Company:
    return companies.create(actor=SYSTEM, values={"name": "Company", **values}, at=at)


def contact(at: datetime, **values: Any) -> Contact:
    return contacts.create(actor=SYSTEM, values=values, at=at)


def product(at: datetime, **values: Any) -> Product:
    return products.create(actor=SYSTEM, values={"name": "Product", **values}, at=at)


def pipeline(at: datetime, name: str = "Sales") -> Pipeline:
    made = pipelines.create(actor=SYSTEM, values={"name": name}, at=at)
    for rank, (stage, kind) in enumerate(STAGES, start=1):
        values = {"pipeline_id": str(made.pk), "name": stage, "rank": rank, "kind": kind}
        stages.create(actor=SYSTEM, values=values, at=at)
    return made


def stage(of: Pipeline, name: str) -> Stage:
    return Stage.objects.get(pipeline=of, name=name)


def deal(at: datetime, **values: Any) -> Deal:
    return deals.create(actor=SYSTEM, values={"name": "Deal", **values}, at=at)


def order(at: datetime, **values: Any) -> Order:
    return orders.create(actor=SYSTEM, values={"placed_at": at.isoformat(), **values}, at=at)


def interaction(at: datetime, **values: Any) -> Interaction:
    given = {"channel": "call", "occurred_at": at.isoformat(), **values}
    return interactions.create(actor=SYSTEM, values=given, at=at)


def tag(at: datetime, name: str) -> Tag:
    return tags.create(actor=SYSTEM, values={"name": name}, at=at)


def case(at: datetime, **values: Any) -> Case:
    return cases.create(actor=SYSTEM, values={"subject": "It does not work", **values}, at=at)


def service_level(at: datetime, *steps: dict[str, Any], **values: Any) -> ServiceLevel:
    """An hour to the first response, four to the resolution, every minute counted."""
    limits = {"normal_first_response_minutes": 60, "normal_resolution_minutes": 240, "urgent_resolution_minutes": 30}
    made = service_levels.create(actor=SYSTEM, values={"name": "Gold", **limits, **values}, at=at)
    for step in steps:
        escalation_steps.create(actor=SYSTEM, values={"service_level_id": str(made.pk), **step}, at=at)
    return made


def user(name: str, **values: Any) -> User:
    made: User = User.objects.create_user(f"{name.lower()}@example.com", name=name, **values)
    return made
