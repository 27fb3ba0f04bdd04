"""Exports and erasures of people's data, legal holds, and what is noted of them."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, Shape, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, DateTime, Download, Id, Integer, Json, Text
from crm.entities import common
from crm.models import DataExport, Erasure, ExportFormat, RetentionRule
from crm.services import data_exports, erasures, legal_holds, retention
from crm.services.retention import retention_rules

_REASON = Field("reason", Text(max_length=500), "Why; it is kept.", nullable=False, required=True)

DATA_EXPORT = Entity(
    name="data_export",
    plural="data-exports",
    model=DataExport,
    doc="That somebody was given everything that is kept of a person: who, when, why. Written by the system.",
    fields=(
        *common.record_fields(DataExport, external=False),
        common.reference(DataExport, "contact_id", "contact", **common.READ_ONLY),
        field(DataExport, "format", groupable=True, **common.READ_ONLY),
        field(DataExport, "reason", **common.READ_ONLY),
        field(DataExport, "at", groupable=True, sortable=True, **common.READ_ONLY),
        field(DataExport, "by", groupable=True, **common.READ_ONLY),
    ),
    relations=(one("contact", "contact", doc="Whose data it was."),),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)

ERASURE = Entity(
    name="erasure",
    plural="erasures",
    model=Erasure,
    doc="That a person was erased, and how far it has come outside of the database. Written by the system.",
    fields=(
        *common.record_fields(Erasure, external=False),
        common.reference(Erasure, "contact_id", "contact", **common.READ_ONLY),
        field(Erasure, "reason", **common.READ_ONLY),
        field(Erasure, "at", groupable=True, sortable=True, **common.READ_ONLY),
        field(Erasure, "by", groupable=True, **common.READ_ONLY),
        field(Erasure, "is_suppressed", groupable=True, **common.READ_ONLY),
        field(Erasure, "counts", filterable=False, **common.READ_ONLY),
        field(Erasure, "done", **common.READ_ONLY),
        field(Erasure, "completed_at", groupable=True, **common.READ_ONLY),
    ),
    relations=(one("contact", "contact", doc="What is left of the contact."),),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)

RETENTION_RULE = Entity(
    name="retention_rule",
    plural="retention-rules",
    model=RetentionRule,
    doc="Records of one kind go once they are older than so many days. Applied every night while it is active.",
    fields=(
        *common.record_fields(RetentionRule),
        field(RetentionRule, "name", sortable=True),
        field(RetentionRule, "entity", groupable=True),
        field(RetentionRule, "moment"),
        field(RetentionRule, "keep_days", type=Integer(minimum=1, maximum=36_500), sortable=True),
        field(RetentionRule, "action", groupable=True),
        field(RetentionRule, "criteria", type=Json(max_depth=16), filterable=False),
        field(RetentionRule, "active", groupable=True),
        field(RetentionRule, "last_run_at", **common.READ_ONLY),
        field(RetentionRule, "last_count", **common.READ_ONLY),
    ),
    writes=retention_rules,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
    operations=[
        Operation(
            name="dry_run_retention_rule",
            path="dry-run",
            run=retention.dry_run,
            entity="retention_rule",
            action="view",
            kind=OperationKind.QUERY,
            on_record=True,
            output=Shape(
                title="RetentionDryRun",
                fields=(
                    Field("count", Integer(minimum=0), "To how many records it applies.", nullable=False),
                    Field("as_of", DateTime(), nullable=False),
                ),
            ),
            doc="To how many records would the rule apply now? Nothing is changed.",
        ),
        Operation(
            name="apply_retention",
            path="retention-rules/apply",
            run=retention.ask,
            entity="retention_rule",
            action="apply",
            status=202,
            output=Shape(
                title="RetentionJob",
                fields=(
                    Field("id", Id(), "Of the job; ask for it at /jobs/{id}.", nullable=False),
                    Field("kind", Text(), nullable=False),
                    Field("status", Text(), nullable=False),
                    Field("done", Integer(minimum=0)),
                    Field("total", Integer(minimum=0)),
                    Field("message", Text()),
                ),
            ),
            doc="Apply the active rules now, as a job.",
        ),
    ],
)

CONTACT_OPERATIONS = (
    Operation(
        name="export_contact_data",
        path="data-export",
        run=data_exports.export,
        entity="contact",
        action="export_data",
        kind=OperationKind.QUERY,
        method="GET",
        on_record=True,
        input=(
            Field("format", Choice(options=tuple(ExportFormat.values)), "json, or html to be read; json if not given."),
            Field("reason", Text(max_length=500), "Why it is asked for; it is kept."),
        ),
        output=Download(),
        doc="Everything that is kept of the person, as a file. That it was given is kept in data exports.",
    ),
    Operation(
        name="erase_contact",
        path="erase",
        run=erasures.erase,
        entity="contact",
        action="erase",
        on_record=True,
        input=(
            _REASON,
            Field("confirm", Boolean(), "true: erasing cannot be undone.", nullable=False, required=True),
            Field("suppress_addresses", Boolean(), "Put the addresses on the suppression list too."),
        ),
        doc="Erase the person everywhere; totals stay, and so does an anonymous shell of the contact.",
    ),
    Operation(
        name="hold_contact",
        path="legal-hold",
        run=legal_holds.hold,
        entity="contact",
        action="legal_hold",
        on_record=True,
        input=(_REASON,),
        doc="Keep the data for now, whoever asks for it to be erased.",
    ),
    Operation(
        name="release_contact",
        path="release-legal-hold",
        run=legal_holds.release,
        entity="contact",
        action="legal_hold",
        on_record=True,
        doc="Let the data go again.",
    ),
)
