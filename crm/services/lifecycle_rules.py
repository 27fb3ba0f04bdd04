"""Rules that move contacts through the lifecycle: their writes, and what they do when something happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.selectors import actors
from core import criteria, registry
from core.actors import SYSTEM, Actor, ActorKind, Door
from core.errors import DomainError, FieldError, Invalid, InvalidCriteria
from core.writes.base import Write, Writes
from crm.models import Contact, LifecycleChange, LifecycleRule, LifecycleStage, LifecycleTrigger
from crm.services.contacts import contacts
from crm.services.life_events import require_kind

logger = structlog.get_logger(__name__)

# The order of the stages; `other` stands outside of it.
_ORDER = [stage.value for stage in LifecycleStage if stage != LifecycleStage.OTHER]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happened to a contact: what a rule's trigger, match and order count are compared with."""

    trigger: LifecycleTrigger
    contact_id: UUID
    occurred_at: datetime
    match: str | None = None
    order_count: int | None = None


class LifecycleRules(Writes[LifecycleRule]):
    """What a rule says must make sense to whoever writes it, as they see the data."""

    def prepare(self, change: Write[LifecycleRule]) -> None:
        rule, errors = change.record, []
        if rule.trigger == LifecycleTrigger.LIFE_EVENT and rule.match and "deleted_at" not in change.before:
            require_kind(rule.match, "/match")
        if rule.match and rule.trigger in (LifecycleTrigger.ORDER, LifecycleTrigger.REFERRAL):
            errors.append(FieldError("/match", "not_allowed", "Neither orders nor referrals are matched by a name."))
        if rule.order_count is not None and rule.trigger != LifecycleTrigger.ORDER:
            errors.append(FieldError("/order_count", "not_allowed", "Only orders are counted."))
        unknown = sorted(set(rule.from_stages) - set(LifecycleStage.values))
        if unknown:
            errors.append(FieldError("/from_stages", "not_allowed", f"Not a stage: {', '.join(unknown)}."))
        if change.changed("criteria"):
            errors += _faults(rule, change.actor)
            # Only with what is written anew do they become the writer's.
            rule.author_id = change.actor.user_id
            rule.by_system = change.actor.kind is ActorKind.SYSTEM
        if errors:
            raise Invalid(errors)


def _faults(rule: LifecycleRule, actor: Actor) -> list[FieldError]:
    if rule.criteria is None:
        return []
    if actor.user_id is None and actor.kind is not ActorKind.SYSTEM:
        return [FieldError("/criteria", "needs_author", "Criteria see what their author sees: a user must write them.")]
    try:
        criteria.parse(registry.entity("contact"), rule.criteria, actor=actor)
    except InvalidCriteria as refusal:
        return refusal.below("/criteria")
    return []


def apply(occasion: Occasion, *, at: datetime) -> LifecycleRule | None:
    """Let the first of the rules that fit, by rank, move the contact; returns it, or None where none did.

    To be called once for each thing that happened. What rules do sets off no others: a change of stage is no occasion.
    """
    with transaction.atomic():
        # Held until the end, so that of two occasions at once the second finds the stage that the first led to.
        rows = Contact.objects.alive().filter(pk=occasion.contact_id, erased_at=None)
        contact = rows.select_for_update(of=("self",), no_key=True).first()
        if contact is None:
            return None
        for rule in _set_off_by(occasion):
            if _leads_on(rule, contact) and _fits(rule, contact, at):
                by = replace(SYSTEM, label=f"Rule: {rule.name}"[:254])
                contacts.change_stage(
                    actor=by,
                    record_id=contact.pk,
                    at=at,
                    lifecycle_stage=rule.to_stage,
                    changed_at=_moment(occasion, at),
                )
                return rule
    return None


def _moment(occasion: Occasion, at: datetime) -> datetime:
    """When the stage changed: as it happened, but neither before the last change nor in the future."""
    steps = LifecycleChange.objects.alive().filter(contact=occasion.contact_id)
    last = steps.aggregate(last=Max("at"))["last"]
    return min(max(occasion.occurred_at, last or occasion.occurred_at), at)


def active(trigger: LifecycleTrigger) -> QuerySet[LifecycleRule]:
    """The rules that something of this kind sets off, in the order in which they are tried."""
    rows: QuerySet[LifecycleRule] = LifecycleRule.objects.alive().filter(is_active=True, trigger=trigger)
    return rows.order_by("rank", "id")


def _set_off_by(occasion: Occasion) -> Iterator[LifecycleRule]:
    for rule in active(occasion.trigger):
        if rule.match in (None, "", occasion.match) and rule.order_count in (None, occasion.order_count):
            yield rule


def _leads_on(rule: LifecycleRule, contact: Contact) -> bool:
    stage = contact.lifecycle_stage
    if stage == rule.to_stage or (rule.from_stages and stage not in rule.from_stages):
        return False
    if not rule.forward_only:
        return True
    return stage in _ORDER and rule.to_stage in _ORDER and _ORDER.index(stage) < _ORDER.index(rule.to_stage)


def _fits(rule: LifecycleRule, contact: Contact, at: datetime) -> bool:
    """Whether the contact meets the criteria, as far as the rule's author sees it. What cannot be asked is not met."""
    if rule.criteria is None:
        return True
    author = _author(rule)
    if author is None:
        return False
    try:
        condition = criteria.to_q(registry.entity("contact"), rule.criteria, actor=author, at=at)
    except DomainError as refusal:
        # A custom field that has gone since, a grant that was taken away.
        logger.warning("lifecycle_rule_fails", rule=str(rule.pk), reason=str(refusal))
        return False
    return bool(Contact.objects.filter(pk=contact.pk).visible_to(author).filter(condition).exists())


def _author(rule: LifecycleRule) -> Actor | None:
    if rule.author_id is None:
        # Where the author's account is gone, nobody's rights take their place.
        return SYSTEM if rule.by_system else None
    found = actors.by_user(user_id=rule.author_id, door=Door.WORKER)
    return found.actor if found is not None else None


lifecycle_rules = LifecycleRules("lifecycle_rule")
