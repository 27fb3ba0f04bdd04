"""The identifier entity, and the calls that lead from identifiers to contacts."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, Email, Id, Json, Phone, Text
from crm.entities import common
from crm.models import Identifier, IdentifierKind
from crm.services import identity
from crm.services.identifiers import identifiers
from crm.types import Share, System

SHARE = Share()
VALUE = Text(max_length=254)

IDENTIFIER = Entity(
    name="identifier",
    plural="identifiers",
    model=Identifier,
    doc="Something that a contact is known by. Those with `is_primary` mirror the contact's own columns.",
    default_sort=("id",),
    fields=(
        # Millions of rows that nobody reads in the order of their change.
        *(
            item.with_(sortable=item.name == "id", groupable=False)
            for item in common.record_fields(Identifier, external=False)
        ),
        common.reference(Identifier, "contact_id", "contact", create_only=True),
        field(Identifier, "kind", create_only=True, groupable=True),
        field(Identifier, "system", type=System(), create_only=True, groupable=True),
        field(Identifier, "value", create_only=True),
        field(Identifier, "confidence", type=SHARE),
        field(Identifier, "evidence", type=Json(), filterable=False),
        field(Identifier, "first_seen_at", required=False, doc="When it was first seen; now if not given."),
        field(Identifier, "last_seen_at", required=False, doc="When it was last seen; now if not given."),
        field(Identifier, "is_primary", **common.READ_ONLY),
    ),
    relations=(one("contact", "contact", doc="Whose it is."),),
    writes=identifiers,
    keys=(),
    time_field="first_seen_at",
    identity="value",
)

_EXTERNAL = Shape(
    title="ExternalIdentifier",
    fields=(
        Field("system", System(), "Whose id it is: shopify, till.", nullable=False, required=True),
        Field("value", VALUE, "The id there.", nullable=False, required=True),
    ),
)
_KNOWN_BY = (
    common.parameter("email", Email(), "An e-mail address."),
    common.parameter("phone", Phone(), "A telephone number."),
    common.parameter("anonymous_id", VALUE, "The id of a browser or device."),
    common.parameter("external_ids", ListOf(_EXTERNAL, max_items=20), "Ids in other systems."),
)
_MATCHED = Shape(
    title="MatchedIdentifier",
    fields=(
        Field("kind", Choice(options=tuple(IdentifierKind.values)), nullable=False),
        Field("system", Text(), nullable=False),
        Field("value", Text(), nullable=False),
    ),
)
_CANDIDATE = Shape(
    title="ResolutionCandidate",
    fields=(
        Field("contact_id", Id(), nullable=False),
        Field("name", Text()),
        Field("confidence", SHARE, "Of the surest identifier that leads there.", nullable=False),
        Field("matched", ListOf(_MATCHED), "What leads there.", nullable=False),
    ),
)
RESOLUTION = Shape(
    title="Resolution",
    fields=(
        Field("status", Choice(options=(identity.RESOLVED, identity.NONE, identity.CONFLICT)), nullable=False),
        Field("contact_id", Id(), "The contact, where it is resolved."),
        Field("confidence", SHARE, "Of the surest identifier."),
        Field("candidates", ListOf(_CANDIDATE), "The contact, or those between whom it is undecided.", nullable=False),
    ),
)

RESOLVE_CONTACT = Operation(
    name="resolve_contact",
    path="contacts/resolve",
    run=identity.resolve,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    input=(*_KNOWN_BY, common.parameter("external_id", Text(max_length=200), "The contact's own external id.")),
    output=RESOLUTION,
    doc="To which contact identifiers lead. A shared phone leads to nobody; a conflict names the candidates.",
    tags=("contacts",),
)
IDENTIFY_CONTACT = Operation(
    name="identify_contact",
    path="identify",
    run=identity.identify,
    entity="contact",
    action="identify",
    on_record=True,
    input=(
        *_KNOWN_BY,
        common.parameter("confidence", SHARE, "How sure it is that they are theirs; 1 if not given."),
        common.parameter("evidence", Json(), "What tells that they are theirs."),
        common.parameter("seen_at", common.MOMENT, "When they were seen with this contact; now if not given."),
    ),
    doc="Link identifiers to a contact. Refused as identifier_taken where another contact has one of them.",
)
