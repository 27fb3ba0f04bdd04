from crm.models.case import Case, CaseChange, CaseDeadline, CasePriority, CaseStatus
from crm.models.catalogue import PriceTier, PriceTierPrice, Product, ProductLine
from crm.models.company import Company
from crm.models.consent import (
    Consent,
    ConsentChannel,
    ConsentPurpose,
    ConsentStanding,
    ConsentState,
    ConsentStatus,
    LegalBasis,
)
from crm.models.contact import Contact, LifecycleChange, LifecycleStage
from crm.models.custom_field import CustomField, CustomFieldType
from crm.models.deal import Deal, Pipeline, Stage, StageChange, StageKind
from crm.models.duplicate import DuplicateCandidate, DuplicateDecision, DuplicateVerdict
from crm.models.event import Event, EventKey
from crm.models.file import File, FileGarbage
from crm.models.identifier import Identifier, IdentifierKind
from crm.models.interaction import Channel, Direction, Interaction
from crm.models.labels import Tag
from crm.models.lifecycle import LifecycleRule, LifecycleTrigger, LifeEvent, LifeEventKind
from crm.models.merge import Merge, MergeMove
from crm.models.order import (
    DiscountKind,
    Order,
    OrderChannel,
    OrderDiscount,
    OrderLine,
    OrderReturn,
    OrderStatus,
)
from crm.models.privacy import DataExport, Erasure, ExportFormat, RetentionAction, RetentionRule
from crm.models.referral import Referral, ReferralStatus
from crm.models.service_level import BusinessCalendar, CaseClock, EscalationStep, Queue, ServiceLevel
from crm.models.suppression import Suppression, SuppressionChannel, SuppressionReason
from crm.models.tie import Tie, TieEvidence, TieKind, TieMethod, TieRows
from crm.models.touch import Touch
from crm.models.work import (
    Note,
    NoteMention,
    Notification,
    NotificationKind,
    Recurrence,
    Task,
    TaskKind,
    TaskPriority,
    TaskStatus,
)

__all__ = [
    "BusinessCalendar",
    "Case",
    "CaseChange",
    "CaseClock",
    "CaseDeadline",
    "CasePriority",
    "CaseStatus",
    "Channel",
    "Company",
    "Consent",
    "ConsentChannel",
    "ConsentPurpose",
    "ConsentStanding",
    "ConsentState",
    "ConsentStatus",
    "Contact",
    "CustomField",
    "CustomFieldType",
    "DataExport",
    "Deal",
    "Direction",
    "DiscountKind",
    "DuplicateCandidate",
    "DuplicateDecision",
    "DuplicateVerdict",
    "Erasure",
    "EscalationStep",
    "Event",
    "EventKey",
    "ExportFormat",
    "File",
    "FileGarbage",
    "Identifier",
    "IdentifierKind",
    "Interaction",
    "LegalBasis",
    "LifeEvent",
    "LifeEventKind",
    "LifecycleChange",
    "LifecycleRule",
    "LifecycleStage",
    "LifecycleTrigger",
    "Merge",
    "MergeMove",
    "Note",
    "NoteMention",
    "Notification",
    "NotificationKind",
    "Order",
    "OrderChannel",
    "OrderDiscount",
    "OrderLine",
    "OrderReturn",
    "OrderStatus",
    "Pipeline",
    "PriceTier",
    "PriceTierPrice",
    "Product",
    "ProductLine",
    "Queue",
    "Recurrence",
    "Referral",
    "ReferralStatus",
    "RetentionAction",
    "RetentionRule",
    "ServiceLevel",
    "Stage",
    "StageChange",
    "StageKind",
    "Suppression",
    "SuppressionChannel",
    "SuppressionReason",
    "Tag",
    "Task",
    "TaskKind",
    "TaskPriority",
    "TaskStatus",
    "Tie",
    "TieEvidence",
    "TieKind",
    "TieMethod",
    "TieRows",
    "Touch",
]
