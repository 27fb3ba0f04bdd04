"""Consents, their present state, purposes, and the suppression list."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, DateTime, Id, Text
from crm.entities import common
from crm.models import Consent, ConsentPurpose, ConsentState, LegalBasis, Suppression, SuppressionReason
from crm.models.suppression import SuppressionChannel
from crm.selectors.contactable import Reason
from crm.services import consent as service
from crm.services import suppressions as listing
from crm.services.consent import consent_purposes, consents
from crm.services.suppressions import suppressions
from crm.types import Key

CHANNELS = tuple(SuppressionChannel.values)
MAY_CONTACT = Shape(
    title="MayContact",
    fields=(
        Field("contact_id", Id(), nullable=False),
        Field("allowed", Boolean(), "Whether they may be addressed.", nullable=False),
        Field("reason", Choice(options=tuple(Reason)), "Why, or why not.", nullable=False),
        Field("legal_basis", Choice(options=tuple(LegalBasis.values)), "Of the consent or purpose that decides."),
        Field("since", DateTime(), "When the consent that decides was given."),
        Field("expires_at", DateTime(), "Until when it holds."),
    ),
)
_ASKED = (
    Field("channel", Choice(options=CHANNELS), "By which way.", nullable=False, required=True),
    Field("purpose", Key(), "For what: the key of a purpose.", nullable=False, required=True),
)

CONSENT_PURPOSE = Entity(
    name="consent_purpose",
    plural="consent-purposes",
    model=ConsentPurpose,
    doc="What people are addressed for: marketing, newsletter, service.",
    fields=(
        *common.record_fields(ConsentPurpose),
        field(ConsentPurpose, "key", type=Key(), create_only=True),
        field(ConsentPurpose, "name"),
        field(ConsentPurpose, "description"),
        field(ConsentPurpose, "legal_basis", groupable=True),
    ),
    writes=consent_purposes,
    keys=("external_id", "key"),
    identity="name",
)

CONSENT = Entity(
    name="consent",
    plural="consents",
    model=Consent,
    doc="What a person agreed to, refused or took back. Never changed: a new one is added, and the latest counts.",
    verbs=frozenset({"create"}),
    fields=(
        *common.record_fields(Consent),
        common.reference(Consent, "contact_id", "contact", create_only=True),
        field(Consent, "channel", groupable=True, create_only=True),
        field(Consent, "purpose", type=Key(), groupable=True, create_only=True),
        field(Consent, "status", groupable=True, create_only=True),
        field(Consent, "legal_basis", groupable=True, create_only=True),
        field(Consent, "source", groupable=True, create_only=True),
        field(Consent, "proof", filterable=False, needs="view_proof", open_input=True, create_only=True),
        field(Consent, "occurred_at", sortable=True, groupable=True, create_only=True),
        field(Consent, "recorded_at", **common.READ_ONLY),
        field(Consent, "expires_at", create_only=True),
    ),
    relations=(one("contact", "contact", doc="Whose it is."),),
    writes=consents,
    time_field="occurred_at",
    operations=[
        Operation(
            name="check_consents",
            path="consents/check",
            run=service.check,
            entity="consent",
            action="view",
            kind=OperationKind.QUERY,
            input=(
                Field("contact_ids", ListOf(Id(), 1000), "Up to 1,000 contacts.", nullable=False, required=True),
                *_ASKED,
            ),
            output=ListOf(MAY_CONTACT),
            doc="May these contacts be addressed? An answer with its reason for each: consents, bases, suppressions.",
        )
    ],
)

CONSENT_STATE = Entity(
    name="consent_state",
    plural="consent-states",
    model=ConsentState,
    doc="What holds now for a contact, a channel and a purpose. Written by the system.",
    fields=(
        *common.record_fields(ConsentState, external=False),
        common.reference(ConsentState, "contact_id", "contact", **common.READ_ONLY),
        field(ConsentState, "channel", groupable=True, **common.READ_ONLY),
        field(ConsentState, "purpose", groupable=True, **common.READ_ONLY),
        field(ConsentState, "status", groupable=True, **common.READ_ONLY),
        field(ConsentState, "legal_basis", groupable=True, **common.READ_ONLY),
        field(ConsentState, "since", groupable=True, **common.READ_ONLY),
        field(ConsentState, "expires_at", **common.READ_ONLY),
        common.reference(ConsentState, "consent_id", "consent", **common.READ_ONLY),
    ),
    relations=(
        one("contact", "contact", doc="Whose it is."),
        one("consent", "consent", doc="The latest consent, which decides."),
    ),
    verbs=common.CLOSED,
    keys=(),
    time_field="since",
)

SUPPRESSION = Entity(
    name="suppression",
    plural="suppressions",
    model=Suppression,
    doc="An address that is not written to; known by a keyed hash, which outlives the erasure of the person.",
    fields=(
        *common.record_fields(Suppression),
        field(Suppression, "channel", groupable=True, create_only=True),
        common.parameter(
            "address",
            Text(max_length=500),
            "The address; it is hashed and not kept.",
            nullable=False,
            required=True,
            create_only=True,
        ),
        field(Suppression, "reason", groupable=True),
        field(Suppression, "source", groupable=True),
        field(Suppression, "at", groupable=True, create_only=True),
        field(Suppression, "expires_at"),
    ),
    writes=suppressions,
    time_field="at",
    operations=[
        Operation(
            name="check_suppressions",
            path="suppressions/check",
            run=listing.check,
            entity="suppression",
            action="view",
            kind=OperationKind.QUERY,
            input=(
                _ASKED[0],
                Field(
                    "addresses",
                    ListOf(Text(max_length=500), 1000),
                    "Up to 1,000 addresses.",
                    nullable=False,
                    required=True,
                ),
            ),
            output=ListOf(
                Shape(
                    title="SuppressionCheck",
                    fields=(
                        Field("address", Text(max_length=500), "As it was asked.", nullable=False),
                        Field("suppressed", Boolean(), nullable=False),
                        Field("reason", Choice(options=tuple(SuppressionReason.values))),
                        Field("at", DateTime(), "Since when."),
                        Field("expires_at", DateTime(), "Until when; null is for ever."),
                    ),
                )
            ),
            doc="Which of these addresses are on the suppression list?",
        )
    ],
)

MAY_CONTACT_ONE = Operation(
    name="may_contact",
    path="may-contact",
    run=service.check_one,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    input=_ASKED,
    output=MAY_CONTACT,
    doc="May this contact be addressed by this channel for this purpose, and why (not)?",
)
