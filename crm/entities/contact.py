"""The contact entity and its changes of lifecycle stage."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from core.registry.operations import Operation
from core.registry.types import Text
from crm.entities import common
from crm.entities.behaviour import OF_CONTACTS, REFERRAL_TREE
from crm.entities.consent import MAY_CONTACT_ONE
from crm.entities.duplicate import SCAN_DUPLICATES
from crm.entities.identifier import IDENTIFY_CONTACT
from crm.entities.merge import MERGE_CONTACT, UNMERGE_CONTACT
from crm.entities.privacy import CONTACT_OPERATIONS
from crm.models import Contact, LifecycleChange
from crm.selectors import merges
from crm.selectors.duplicates import duplicates_feed
from crm.selectors.identifiers import identifiers_feed
from crm.selectors.timeline import timeline_feed
from crm.services.contacts import contacts

CONTACT = Entity(
    name="contact",
    plural="contacts",
    model=Contact,
    doc="A person.",
    fields=(
        *common.record_fields(Contact),
        field(Contact, "first_name"),
        field(Contact, "last_name"),
        field(
            Contact,
            "name",
            type=Text(max_length=254),
            nullable=True,
            sortable=True,
            doc="First and last name, else the e-mail address.",
            **common.READ_ONLY,
        ),
        field(Contact, "email", sortable=True),
        common.phone(Contact),
        field(Contact, "job_title"),
        common.reference(Contact, "company_id", "company"),
        field(Contact, "lifecycle_stage", groupable=True),
        field(Contact, "source", groupable=True),
        field(Contact, "source_detail", groupable=True),
        field(Contact, "acquisition_source", groupable=True, **common.READ_ONLY),
        field(Contact, "acquisition_medium", groupable=True, **common.READ_ONLY),
        field(Contact, "acquisition_campaign", groupable=True, **common.READ_ONLY),
        field(Contact, "acquisition_at", groupable=True, **common.READ_ONLY),
        field(Contact, "acquisition_touch_id", **common.READ_ONLY),
        field(Contact, "region", groupable=True),
        common.country(Contact),
        field(Contact, "city", groupable=True),
        field(Contact, "birth_date"),
        common.reference(Contact, "merged_into_id", "contact", **common.READ_ONLY),
        field(Contact, "erased_at", doc="When the person's data was erased.", **common.READ_ONLY),
        field(Contact, "legal_hold", groupable=True, **common.READ_ONLY),
        field(Contact, "legal_hold_reason", internal=True, **common.READ_ONLY),
        *common.owned_fields(Contact),
        *common.described_fields(Contact),
    ),
    relations=(
        *common.OWNED_RELATIONS,
        one("company", "company", doc="Where they work."),
        many("orders", "order", "contact_id", "What they ordered."),
        many("gifts", "order", "gift_recipient_id", "Gifts that were ordered for them."),
        many("deals", "deal", "contact_id", "Deals with them."),
        many("interactions", "interaction", "contact_id", "What passed between us."),
        many("consents", "consent", "contact_id", "What they agreed to, refused or took back."),
        many("consent_states", "consent_state", "contact_id", "What of that holds now."),
        many("cases", "case", "contact_id", "What they asked for help with."),
        many("events", "event", "contact_id", "What they did, as programs saw it."),
        many("tasks", "task", "contact_id", "What is to be done about them."),
        many("notes", "note", "contact_id", "Our remarks on them."),
        many("merges", "merge", "winner_id", "Which contacts were merged into it."),
        many("identities", "identifier", "contact_id", "What they are known by, in every system."),
        many("files", "file", "contact_id", "Files on them."),
        *OF_CONTACTS,
        many("ties", "tie", "contact_id", "What was found to be theirs, and by which evidence."),
        many("lifecycle_changes", "lifecycle_change", "contact_id", "How far they came, and when."),
    ),
    writes=contacts,
    successor=merges.successor,
    keys=("external_id", "email"),
    search_fields=("name", "email"),
    identity="name",
    **common.CUSTOM,
    feeds=[timeline_feed("contact", Contact), identifiers_feed(), duplicates_feed()],
    operations=[
        Operation(
            name="change_contact_stage",
            path="change-stage",
            run=contacts.change_stage,
            entity="contact",
            action="update",
            on_record=True,
            input=(
                field(Contact, "lifecycle_stage", required=True, doc="The new stage."),
                common.parameter("changed_at", common.MOMENT, "When it happened; now if not given."),
            ),
            doc="Move a contact to another lifecycle stage, at a given moment.",
        ),
        MAY_CONTACT_ONE,
        IDENTIFY_CONTACT,
        MERGE_CONTACT,
        UNMERGE_CONTACT,
        SCAN_DUPLICATES,
        *CONTACT_OPERATIONS,
        REFERRAL_TREE,
    ],
)

LIFECYCLE_CHANGE = Entity(
    name="lifecycle_change",
    plural="lifecycle-changes",
    model=LifecycleChange,
    doc="A contact's step from one lifecycle stage to another. Written by the system.",
    fields=(
        *common.record_fields(LifecycleChange, external=False),
        common.reference(LifecycleChange, "contact_id", "contact", **common.READ_ONLY),
        field(LifecycleChange, "from_stage", groupable=True, **common.READ_ONLY),
        field(LifecycleChange, "to_stage", groupable=True, **common.READ_ONLY),
        field(LifecycleChange, "at", groupable=True, **common.READ_ONLY),
        field(LifecycleChange, "by", internal=True, nullable=True, **common.READ_ONLY),
    ),
    relations=(one("contact", "contact"),),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)
