"""The entities of pairs of contacts that look like one person and of decisions about them, and the scan for such."""

from __future__ import annotations

from core.jobs import sending
from core.jobs.shapes import STARTED
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, one
from core.registry.operations import Operation
from core.registry.types import Boolean
from crm.entities import common
from crm.models import DuplicateCandidate, DuplicateDecision
from crm.selectors.duplicates import REASON
from crm.services import duplicate_scans
from crm.services.duplicate_decisions import duplicate_decisions
from crm.types import Share

DUPLICATE_DECISION = Entity(
    name="duplicate_decision",
    plural="duplicate-decisions",
    model=DuplicateDecision,
    doc="What somebody decided about two contacts that look like one person; they are not proposed again.",
    fields=(
        *common.record_fields(DuplicateDecision, external=False),
        common.reference(DuplicateDecision, "contact_id", "contact", create_only=True),
        common.reference(DuplicateDecision, "other_id", "contact", create_only=True),
        field(DuplicateDecision, "verdict", groupable=True),
        field(DuplicateDecision, "until"),
        field(DuplicateDecision, "by", **common.READ_ONLY),
    ),
    relations=(one("contact", "contact"), one("other", "contact")),
    writes=duplicate_decisions,
    keys=(),
)

DUPLICATE_CANDIDATE = Entity(
    name="duplicate_candidate",
    plural="duplicate-candidates",
    model=DuplicateCandidate,
    doc="Two contacts that a scan took for one person. Written by scans; gone once decided, merged or deleted.",
    fields=(
        *common.record_fields(DuplicateCandidate, external=False),
        common.reference(DuplicateCandidate, "contact_id", "contact", **common.READ_ONLY),
        common.reference(DuplicateCandidate, "other_id", "contact", **common.READ_ONLY),
        field(DuplicateCandidate, "score", type=Share(), sortable=True, **common.READ_ONLY),
        field(DuplicateCandidate, "reasons", type=ListOf(REASON), filterable=False, **common.READ_ONLY),
        field(DuplicateCandidate, "found_at", sortable=True, groupable=True, **common.READ_ONLY),
    ),
    relations=(one("contact", "contact"), one("other", "contact")),
    verbs=common.CLOSED,
    keys=(),
    time_field="found_at",
)

sending.register(duplicate_scans.KIND, duplicate_scans.TASK)

SCAN_DUPLICATES = Operation(
    name="scan_duplicates",
    path="contacts/scan-duplicates",
    run=duplicate_scans.request,
    entity="contact",
    action=duplicate_scans.ACTION,
    input=(Field("full", Boolean(), "Compare all contacts, not only with those that changed since the last scan."),),
    output=STARTED,
    status=202,
    doc="Look for pairs of contacts that look like one person, as a job. They are found in duplicate candidates.",
)
