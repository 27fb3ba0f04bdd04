"""Segments and memberships as entities, and the calls on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analytics.entities.shapes import parameter, value
from analytics.guard.verdicts import VERDICTS
from analytics.models import Segment, SegmentMembership
from analytics.selectors import segments as reading
from analytics.selectors import verdicts
from analytics.services.segments import members, refreshing
from analytics.services.segments.definitions import segments
from core.criteria.types import Criteria
from core.history.feed import history_feed
from core.jobs.shapes import STARTED
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, DateTime, DecimalNumber, Id, Integer, Number, Text
from crm.entities import common

_TAGS = ("segments",)
_KEY = "(SELECT s.key FROM analytics_segment s WHERE s.id = {t}.segment_id)"
_NAME = "(SELECT s.name FROM analytics_segment s WHERE s.id = {t}.segment_id)"
_IDS = Field("contact_ids", ListOf(Id(), members.MOST), "Up to 1,000.", required=True, nullable=False, stored=False)
_CHANGED = Shape(
    title="SegmentMembersChanged",
    fields=(
        value("size", Integer(), "How many members there are now."),
        value(
            "items",
            ListOf(
                Shape(
                    title="SegmentMemberChanged",
                    fields=(
                        value("contact_id", Id()),
                        value(
                            "result",
                            Choice(options=("added", "already_member", "removed", "no_member", "not_found")),
                            "What became of it.",
                        ),
                    ),
                )
            ),
            "One for each that was named, in the same order.",
        ),
    ),
)
_PREVIEW = Shape(
    title="SegmentPreview",
    fields=(
        value("count", Integer(), "How many contacts meet the criteria."),
        value(
            "sample",
            ListOf(
                Shape(
                    title="SegmentPreviewContact",
                    fields=(value("contact_id", Id()), value("name", Text(), nullable=True)),
                )
            ),
            "The latest of them.",
        ),
    ),
)


def _maybe(name: str, kind: Any, doc: str) -> Field:
    return value(name, kind, doc, nullable=True)


VERDICT = Shape(
    title="SegmentVerdict",
    fields=(
        value("segment_id", Id()),
        value("verdict", Choice(options=VERDICTS), "Whether it can be acted upon by itself."),
        value("reason", Text(), "Why."),
        value("outcome", Choice(options=verdicts.OUTCOMES), "What was measured."),
        value("from", DateTime(), "Outcomes count after this moment."),
        value("until", DateTime(), "And until this one."),
        value("n", Integer(), "Customers."),
        _maybe("estimate", Number(), "The rate, or the mean in the base currency."),
        _maybe("low", Number(), "Lower end of its interval."),
        _maybe("high", Number(), "Upper end of its interval."),
        _maybe("needed_per_arm", Integer(), "Customers in each of two arms that would show the lift."),
        _maybe("power", Number(), "The chance that its halves show the lift."),
        _maybe("detectable_lift", Number(), "The smallest relative lift that its halves can show."),
        _maybe("p_value", Number(), "Of no difference from the rest of the parent."),
        _maybe("q_value", Number(), "The same, adjusted for all that are compared (Benjamini and Hochberg 1995)."),
        _maybe(
            "shrunk_estimate", Number(), "The estimate, drawn to the parent's as far as its size makes it doubtful."
        ),
        _maybe("parent_id", Id(), "The parent; null is everybody."),
        value("parent_n", Integer(), "Customers of the parent."),
        _maybe("parent_estimate", Number(), "The parent's rate or mean."),
        _maybe(
            "alternative",
            Shape(
                title="SegmentAlternative",
                fields=(
                    _maybe("segment_id", Id(), "The wider segment; null is everybody."),
                    value("name", Text()),
                    value("n", Integer()),
                    _maybe("estimate", Number(), "What is expected of it."),
                    value("is_enough", Boolean(), "Whether it can show the lift itself."),
                    value("sentence", Text(), "What to do, and why."),
                ),
            ),
            "What to address instead; null for a viable segment.",
        ),
        value(
            "caveats", ListOf(Text()), "membership_after_window: members are judged by what may have made them members."
        ),
    ),
)
_SHARE = DecimalNumber(max_digits=6, places=5)
_ASKED = (
    parameter("outcome", Choice(options=verdicts.OUTCOMES), "repurchase (the default): bought; revenue: mean revenue."),
    parameter("window_days", Integer(minimum=1, maximum=3650), "How far the outcome looks back; 90 days."),
    parameter("lift", _SHARE, "The relative lift that a campaign must be able to show; 0.2."),
    parameter("alpha", _SHARE, "The error level; 0.05."),
    parameter("power", _SHARE, "The power; 0.8."),
    parameter("minimum", Integer(minimum=2, maximum=1_000_000), "Customers below which nothing is said; 100."),
)
_GIVEN: dict[str, Any] = {"required": True, "nullable": False, "stored": False}
_FILTER = Field("filter", Criteria(), "Criteria on contacts.", **_GIVEN)
_SEGMENTS = Field("segment_ids", ListOf(Id(), verdicts.MOST), "Up to 100.", **_GIVEN)

SEGMENT = Entity(
    name="segment",
    plural="segments",
    model=Segment,
    doc="A group of contacts: chosen by hand, kept by criteria, or frozen.",
    fields=(
        *common.record_fields(Segment),
        field(Segment, "name", sortable=True),
        field(Segment, "key", create_only=True),
        field(Segment, "description"),
        field(Segment, "kind", create_only=True, groupable=True),
        field(Segment, "filter", type=Criteria(), filterable=False),
        common.reference(Segment, "source_id", "segment", create_only=True),
        common.reference(Segment, "parent_id", "segment"),
        field(Segment, "status", groupable=True, **common.READ_ONLY),
        field(Segment, "error", **common.READ_ONLY),
        field(Segment, "size", **common.READ_ONLY),
        field(Segment, "refreshed_at", **common.READ_ONLY),
        *common.owned_fields(Segment),
    ),
    relations=(
        *common.OWNED_RELATIONS,
        one("source", "segment", doc="The segment it copies."),
        one("parent", "segment", doc="The group it is judged against."),
    ),
    writes=segments,
    keys=("external_id", "key"),
    search_fields=("name", "key"),
    identity="name",
)
SEGMENT.add_feed(replace(history_feed(SEGMENT), name="changes"))
SEGMENT.add_feed(reading.sizes_feed())
SEGMENT.add_feed(reading.members_feed())
for _operation in (
    Operation(
        name="add_segment_members", path="members/add", run=members.add, entity="segment", action="update",
        on_record=True, input=(_IDS,), output=_CHANGED, doc="Make contacts members of a manual segment.", tags=_TAGS,
    ),
    Operation(
        name="remove_segment_members", path="members/remove", run=members.remove, entity="segment", action="update",
        on_record=True, input=(_IDS,), output=_CHANGED, doc="Take contacts out of a manual segment.", tags=_TAGS,
    ),
    Operation(
        name="refresh_segment", path="refresh", run=refreshing.request, entity="segment", action="refresh",
        on_record=True, output=STARTED, status=202, doc="Evaluate it from scratch, as a job.", tags=_TAGS,
    ),
    Operation(
        name="segment_verdict", path="verdict", run=verdicts.verdict, entity="segment", action="view",
        kind=OperationKind.QUERY, method="GET", on_record=True, input=_ASKED, output=VERDICT,
        doc="Whether the segment is large, certain and different enough to be acted upon by itself.", tags=_TAGS,
    ),
):  # fmt: skip
    SEGMENT.add_operation(_operation)

SEGMENT_OPERATIONS = (
    Operation(
        name="preview_segment", path="segments/preview", run=reading.preview, entity="segment", action="view",
        kind=OperationKind.QUERY, method="POST", input=(_FILTER,),
        output=_PREVIEW, doc="How many contacts criteria find, and some of them.", tags=_TAGS,
    ),
    Operation(
        name="segment_verdicts", path="segments/verdicts", run=verdicts.verdicts, entity="segment", action="view",
        kind=OperationKind.QUERY, method="POST",
        input=(_SEGMENTS, *_ASKED),
        output=Shape(title="SegmentVerdicts", fields=(value("verdicts", ListOf(VERDICT)),)),
        doc="Verdicts on several segments, adjusted for how many are compared.", tags=_TAGS,
    ),
)  # fmt: skip

SEGMENT_MEMBERSHIP = Entity(
    name="segment_membership",
    plural="segment-memberships",
    model=SegmentMembership,
    doc="A contact's stay in a segment. Written by the system.",
    fields=(
        *common.record_fields(SegmentMembership, external=False),
        common.reference(SegmentMembership, "segment_id", "segment", **common.READ_ONLY),
        common.reference(SegmentMembership, "contact_id", "contact", **common.READ_ONLY),
        Field("key", Text(max_length=63), "The segment's key.", column="segment__key", sql=_KEY, **common.READ_ONLY),
        Field(
            "name",
            Text(max_length=200),
            "The segment's name.",
            column="segment__name",
            sql=_NAME,
            filterable=False,
            **common.READ_ONLY,
        ),
        field(SegmentMembership, "entered_at", **common.READ_ONLY),
    ),
    relations=(one("segment", "segment"), one("contact", "contact")),
    verbs=common.CLOSED,
    keys=(),
    time_field="entered_at",
)
