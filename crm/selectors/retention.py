"""What is older than a retention rule lets it be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from core import criteria, registry
from core.actors import SYSTEM
from core.errors import Invalid
from core.models.record import Personal, Record, RecordQuerySet
from core.personal.kinds import emptied
from core.registry.entities import Entity
from crm.models import (
    Consent,
    ConsentState,
    Contact,
    Deal,
    Interaction,
    Order,
    RetentionAction,
    RetentionRule,
    Touch,
)
from crm.selectors import people

LAST_ACTIVITY = "last_activity"
_MOMENTS = frozenset({"date", "datetime"})
CONTACT = "contact"


def validate(rule: RetentionRule, at: datetime) -> None:
    """Raises Invalid where the rule makes no sense, InvalidCriteria where its criteria do not."""
    entity = _entity(rule)
    personal = entity.model.personal if entity is not None else None
    if entity is None or personal is None:
        raise Invalid.one("/entity", "not_found", "There is no kind of record of this name with data of people.")
    if rule.moment != LAST_ACTIVITY or rule.entity != CONTACT:
        moment = entity.by_name.get(rule.moment)
        if moment is None or not moment.stored or moment.type.name not in _MOMENTS:
            raise Invalid.one("/moment", "not_found", "Must name a date or a moment of the record.")
    if (rule.action == RetentionAction.ERASE) is not (rule.entity == CONTACT):
        raise Invalid.one("/action", "not_allowed", "Contacts are erased, and nothing else is.")
    if entity.model is ConsentState:
        raise Invalid.one("/entity", "not_allowed", "What holds now follows from consents, and stays.")
    if rule.action == RetentionAction.EMPTY and not personal.columns:
        raise Invalid.one("/action", "not_allowed", "These records have nothing to be emptied.")
    if rule.criteria is not None:
        criteria.to_q(entity, rule.criteria, actor=SYSTEM, at=at)


def due(rule: RetentionRule, at: datetime) -> RecordQuerySet:
    """The records to which the rule applies now: old enough, not done yet, and of nobody on legal hold."""
    entity = registry.entity(rule.entity)
    model, before = entity.model, at - timedelta(days=rule.keep_days)
    rows: RecordQuerySet = model._default_manager.all()
    if rule.moment == LAST_ACTIVITY:
        rows = _inactive(rows, before)
    else:
        moment = entity.by_name[rule.moment]
        rows = rows.filter(**{f"{moment.attribute}__lt": before.date() if moment.type.name == "date" else before})
    if rule.criteria is not None:
        condition = criteria.to_q(entity, rule.criteria, actor=SYSTEM, at=at)
        rows = rows.filter(condition) if condition else rows
    personal = model.personal or Personal(people=())
    held = people.held()
    for path in personal.people:
        rows = rows.exclude(**{f"{path}__in": held})
    if model is Touch and rule.action == RetentionAction.DELETE:
        # Where somebody came from is never lost.
        rows = rows.exclude(Exists(Contact.objects.filter(acquisition_touch_id=OuterRef("pk"), pk=OuterRef("contact"))))
    if model is Consent and rule.action == RetentionAction.DELETE:
        # What somebody said last holds: without it what they said before would hold again.
        rows = rows.exclude(pk__in=ConsentState.objects.values("consent"))
    if rule.action == RetentionAction.ERASE:
        # Whoever was merged goes with the contact that they are part of.
        return rows.filter(erased_at__isnull=True, merged_into__isnull=True)
    return rows.exclude(_done(model, personal)) if rule.action == RetentionAction.EMPTY else rows


def about(rule: RetentionRule, ids: Collection[UUID]) -> set[UUID]:
    """The people whom these records are about."""
    model = registry.entity(rule.entity).model
    rows = model._default_manager.filter(pk__in=ids)
    paths = model.personal.people if model.personal is not None else ()
    return {key for path in paths for key in rows.values_list(path, flat=True) if key is not None}


def _inactive(rows: RecordQuerySet, before: datetime) -> RecordQuerySet:
    """Contacts with whom nothing happened since, and who are in no open deal."""
    mine: dict[str, Any] = {"contact": OuterRef("pk")}
    spoke = Interaction.objects.alive().filter(occurred_at__gte=before, **mine)
    bought = Order.objects.alive().filter(placed_at__gte=before, **mine)
    dealing = Deal.objects.alive().filter(status="open", **mine)
    return rows.filter(~Exists(spoke), ~Exists(bought), ~Exists(dealing), created_at__lt=before, updated_at__lt=before)


def _done(model: type[Record], personal: Personal) -> Q:
    values = emptied(model, personal)
    return Q(**{f"{name}__isnull" if value is None else name: value is None or value for name, value in values.items()})


def _entity(rule: RetentionRule) -> Entity | None:
    return next((item for item in registry.entities() if item.name == rule.entity), None)
