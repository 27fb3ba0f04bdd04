"""Touches, referrals, life events and their kinds, rules of the lifecycle."""

from __future__ import annotations

from decimal import Decimal

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, many, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import DateTime, DecimalNumber, Id, Integer, Text
from crm.entities import common
from crm.entities.tie import tie_operation, ties_of
from crm.models import LifecycleRule, LifeEvent, LifeEventKind, Referral, Touch
from crm.selectors import referral_tree
from crm.services.life_events import life_event_kinds, life_events
from crm.services.lifecycle_rules import lifecycle_rules
from crm.services.referrals import referrals
from crm.services.touches import touches
from crm.types import Key

TOUCH = Entity(
    name="touch",
    plural="touches",
    model=Touch,
    doc="One occasion on which a campaign, a page or a person of ours reached somebody. The first is the acquisition.",
    fields=(
        *common.record_fields(Touch),
        common.reference(Touch, "contact_id", "contact"),
        field(Touch, "anonymous_id", create_only=True),
        field(Touch, "occurred_at", sortable=True, groupable=True, create_only=True),
        field(Touch, "source", groupable=True, create_only=True),
        field(Touch, "medium", groupable=True, create_only=True),
        field(Touch, "campaign_code", groupable=True, create_only=True),
        field(Touch, "content", groupable=True),
        field(Touch, "term", groupable=True),
        field(Touch, "channel", groupable=True),
        common.money(Touch, "cost"),
        common.currency(Touch),
        field(Touch, "url"),
        field(Touch, "referrer"),
    ),
    relations=(one("contact", "contact"), ties_of("touch")),
    writes=touches,
    time_field="occurred_at",
    operations=[tie_operation("touch")],
)

REFERRAL = Entity(
    name="referral",
    plural="referrals",
    model=Referral,
    doc="One person recommended us to another; the first who did counts.",
    fields=(
        *common.record_fields(Referral),
        common.reference(Referral, "referrer_id", "contact", create_only=True),
        common.reference(Referral, "referred_id", "contact", create_only=True),
        field(Referral, "occurred_at", sortable=True, groupable=True, create_only=True),
        field(Referral, "code", groupable=True),
        field(Referral, "status", groupable=True),
        field(Referral, "channel", groupable=True),
        common.money(Referral, "reward"),
        common.currency(Referral),
        field(Referral, "is_counted", groupable=True, **common.READ_ONLY),
    ),
    relations=(
        one("referrer", "contact", doc="Who recommended us."),
        one("referred", "contact", doc="To whom."),
    ),
    writes=referrals,
    time_field="occurred_at",
)

LIFE_EVENT_KIND = Entity(
    name="life_event_kind",
    plural="life-event-kinds",
    model=LifeEventKind,
    doc="A kind of event in somebody's life.",
    fields=(
        *common.record_fields(LifeEventKind),
        field(LifeEventKind, "key", type=Key(), sortable=True, create_only=True),
        field(LifeEventKind, "name", sortable=True),
        field(LifeEventKind, "description"),
    ),
    writes=life_event_kinds,
    keys=("external_id", "key"),
    search_fields=("name",),
    identity="name",
)

LIFE_EVENT = Entity(
    name="life_event",
    plural="life-events",
    model=LifeEvent,
    doc="Something in a person's life that changes what they need.",
    fields=(
        *common.record_fields(LifeEvent),
        common.reference(LifeEvent, "contact_id", "contact", create_only=True),
        field(LifeEvent, "kind", type=Key(), groupable=True),
        field(LifeEvent, "occurred_on", sortable=True, groupable=True),
        field(LifeEvent, "source", groupable=True),
        field(
            LifeEvent,
            "confidence",
            type=DecimalNumber(max_digits=3, places=2, minimum=Decimal(0)),
        ),
        field(LifeEvent, "note", filterable=False),
    ),
    relations=(one("contact", "contact"),),
    writes=life_events,
    time_field="occurred_on",
)

LIFECYCLE_RULE = Entity(
    name="lifecycle_rule",
    plural="lifecycle-rules",
    model=LifecycleRule,
    doc="When something of a kind happens to a contact who fits, the contact comes to a stage of the lifecycle.",
    default_sort=("rank", "id"),
    fields=(
        *common.record_fields(LifecycleRule),
        field(LifecycleRule, "name", sortable=True),
        field(LifecycleRule, "trigger", groupable=True),
        field(LifecycleRule, "match"),
        field(LifecycleRule, "order_count", type=Integer(minimum=1)),
        field(LifecycleRule, "criteria", filterable=False),
        field(LifecycleRule, "from_stages"),
        field(LifecycleRule, "to_stage", groupable=True),
        field(LifecycleRule, "forward_only"),
        field(LifecycleRule, "rank", sortable=True),
        field(LifecycleRule, "is_active", groupable=True),
        common.reference(LifecycleRule, "author_id", "user", **common.READ_ONLY),
    ),
    relations=(one("author", "user"),),
    writes=lifecycle_rules,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

_NODE = Shape(
    title="ReferralNode",
    fields=(
        Field("contact_id", Id(), "Who was brought.", nullable=False),
        Field("name", Text(), "Their name."),
        Field("referrer_id", Id(), "Who brought them.", nullable=False),
        Field("referral_id", Id(), "The referral that counts.", nullable=False),
        Field("status", Text(), "How far they came: invited, joined, converted.", nullable=False),
        Field("occurred_at", DateTime(), "When it happened.", nullable=False),
        Field("depth", Integer(), "How many referrals lead to them.", nullable=False),
    ),
)
REFERRAL_TREE = Operation(
    name="referral_tree",
    path="referral-tree",
    run=referral_tree.fetch,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    input=(
        common.parameter("depth", Integer(minimum=1, maximum=referral_tree.MAX_DEPTH), "How many levels; 3."),
        common.parameter("limit", Integer(minimum=1, maximum=referral_tree.MAX_NODES), "How many people at most; 200."),
    ),
    output=Shape(
        title="ReferralTree",
        fields=(
            Field("contact_id", Id(), "Whose tree it is.", nullable=False),
            Field("nodes", ListOf(_NODE), "Whom they brought, level by level.", nullable=False),
            Field("truncated", common.FLAG, "Whether there are more than were asked for.", nullable=False),
        ),
    ),
    doc="Whom a contact brought, whom those brought, and so on, by the referrals that count.",
)

OF_CONTACTS = (
    many("touches", "touch", "contact_id", "How they were reached."),
    many("referrals", "referral", "referrer_id", "Whom they recommended us to."),
    many("referred_by", "referral", "referred_id", "Who recommended us to them."),
    many("life_events", "life_event", "contact_id", "What happened in their life."),
)
