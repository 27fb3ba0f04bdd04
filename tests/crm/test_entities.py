from __future__ import annotations

from datetime import datetime

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from core import registry
from core.actors import SYSTEM
from core.models.record import Record
from core.reads import reader
from core.reads.selection import default_selection
from core.registry.entities import Entity
from crm.entities import ENTITIES
from crm.models import Contact, OrderLine, Pipeline
from tests.crm import make

MODELS = [model for model in apps.get_app_config("crm").get_models() if issubclass(model, Record)]

BIG = {"company", "contact", "deal", "interaction", "order", "product"}


def named(entity: Entity) -> str:
    return entity.name


def test_every_model_is_an_entity() -> None:
    assert {entity.model for entity in ENTITIES} == set(MODELS)
    for entity in ENTITIES:
        assert registry.entity(entity.name) is entity
        assert entity.model.entity_name() == entity.name


@pytest.mark.parametrize("entity", ENTITIES, ids=named)
def test_every_foreign_key_is_a_field_a_reference_and_a_relation(entity: Entity) -> None:
    keys = {column.attname for column in entity.model._meta.fields if isinstance(column, ForeignKey)}
    assert {item.attribute for item in entity.fields if item.reference} == keys
    # Whom a contact was merged into is told as an id alone: a deleted record leads nowhere.
    keys -= {"merged_into_id"}
    assert {one.column for one in entity.relations if not one.reverse} == keys


@pytest.mark.parametrize("entity", ENTITIES, ids=named)
def test_relations_lead_somewhere(entity: Entity) -> None:
    for relation in entity.relations:
        target = registry.entity(relation.target)
        holder = target.model if relation.reverse else entity.model
        assert relation.column in {getattr(column, "attname", None) for column in holder._meta.fields}, relation


@pytest.mark.parametrize("entity", ENTITIES, ids=named)
def test_what_is_sorted_has_an_index(entity: Entity) -> None:
    """Small tables (tiers, stages, tags) are sorted in memory."""
    small = {
        "business_calendar",
        "queue",
        "service_level",
        "pipeline",
        "stage",
        "price_tier",
        "tag",
        "custom_field",
        "retention_rule",
    }
    if entity.name in small:
        return
    led_by = {index.fields[0] for index in entity.model._meta.indexes if index.fields} | {"id"}
    missing = {item.attribute for item in entity.fields if item.sortable} - led_by
    # Read by contact or order, or entered in the order of their ids.
    assert missing <= {"created_at", "updated_at"}, missing
    if entity.name in BIG:
        assert not missing


@pytest.mark.django_db
@pytest.mark.parametrize("entity", ENTITIES, ids=named)
def test_records_are_read_searched_and_sorted(
    at: datetime, contact: Contact, pipeline: Pipeline, entity: Entity
) -> None:
    make.deal(at, contact_id=str(contact.pk), tags=["vip"])
    order = make.order(at, contact_id=str(contact.pk), lines=[{"description": "x", "unit_price": "1.50"}])
    assert OrderLine.objects.get(order=order).total == order.total
    selection = default_selection(entity, SYSTEM)
    for sort in [()] + [(f"-{item.name}",) for item in entity.fields if item.sortable]:
        page = reader.page(entity, actor=SYSTEM, at=at, selection=selection, sort=sort)
        assert len(page.rows) == entity.model.objects.alive().count()
    if entity.search_fields:
        assert not reader.page(entity, actor=SYSTEM, at=at, selection=selection, q="no such thing").rows
