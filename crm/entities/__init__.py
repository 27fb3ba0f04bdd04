"""What the registry knows of the customer record; both APIs, criteria and grants are made from these."""

from crm.entities import imports
from crm.entities.behaviour import LIFE_EVENT, LIFE_EVENT_KIND, LIFECYCLE_RULE, REFERRAL, TOUCH
from crm.entities.case import CASE, CASE_CHANGE, CASE_DEADLINE
from crm.entities.catalogue import PRICE_TIER, PRICE_TIER_PRICE, PRODUCT, PRODUCT_LINE
from crm.entities.company import COMPANY
from crm.entities.consent import CONSENT, CONSENT_PURPOSE, CONSENT_STATE, SUPPRESSION
from crm.entities.contact import CONTACT, LIFECYCLE_CHANGE
from crm.entities.custom_field import CUSTOM_FIELD, offer_entities
from crm.entities.deal import DEAL, PIPELINE, STAGE, STAGE_CHANGE
from crm.entities.duplicate import DUPLICATE_CANDIDATE, DUPLICATE_DECISION
from crm.entities.event import EVENT
from crm.entities.file import FILE
from crm.entities.identifier import IDENTIFIER, RESOLVE_CONTACT
from crm.entities.interaction import INTERACTION
from crm.entities.labels import TAG
from crm.entities.merge import MERGE
from crm.entities.order import ORDER, ORDER_DISCOUNT, ORDER_LINE, ORDER_RETURN
from crm.entities.privacy import DATA_EXPORT, ERASURE, RETENTION_RULE
from crm.entities.service_level import BUSINESS_CALENDAR, ESCALATION_STEP, QUEUE, SERVICE_LEVEL
from crm.entities.tie import TIE
from crm.entities.work import NOTE, NOTE_MENTION, NOTIFICATION, TASK

ENTITIES = (
    COMPANY,
    CONTACT,
    LIFECYCLE_CHANGE,
    CONSENT_PURPOSE,
    DATA_EXPORT,
    ERASURE,
    RETENTION_RULE,
    CONSENT,
    CONSENT_STATE,
    SUPPRESSION,
    PRODUCT_LINE,
    PRODUCT,
    PRICE_TIER,
    PRICE_TIER_PRICE,
    ORDER,
    ORDER_LINE,
    ORDER_DISCOUNT,
    ORDER_RETURN,
    PIPELINE,
    STAGE,
    DEAL,
    STAGE_CHANGE,
    INTERACTION,
    BUSINESS_CALENDAR,
    SERVICE_LEVEL,
    ESCALATION_STEP,
    QUEUE,
    CASE,
    CASE_CHANGE,
    CASE_DEADLINE,
    EVENT,
    TASK,
    NOTE,
    NOTE_MENTION,
    NOTIFICATION,
    FILE,
    TOUCH,
    REFERRAL,
    LIFE_EVENT_KIND,
    LIFE_EVENT,
    LIFECYCLE_RULE,
    TAG,
    CUSTOM_FIELD,
    IDENTIFIER,
    MERGE,
    DUPLICATE_DECISION,
    DUPLICATE_CANDIDATE,
    TIE,
)


def extend() -> None:
    """What can be said only when everything is registered."""
    offer_entities()
    imports.teach()


OPERATIONS = (RESOLVE_CONTACT,)
