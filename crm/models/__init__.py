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
from crm.models.deal import Deal, Pipeline, Stage, StageChange, StageKind
from crm.models.interaction import Channel, Direction, Interaction
from crm.models.labels import CustomField, CustomFieldEntity, CustomFieldType, Tag
from crm.models.order import (
    DiscountKind,
    Order,
    OrderChannel,
    OrderDiscount,
    OrderLine,
    OrderReturn,
    OrderStatus,
)
from crm.models.suppression import Suppression, SuppressionChannel, SuppressionReason

__all__ = [
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
    "CustomFieldEntity",
    "CustomFieldType",
    "Deal",
    "Direction",
    "DiscountKind",
    "Interaction",
    "LegalBasis",
    "LifecycleChange",
    "LifecycleStage",
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
    "Stage",
    "StageChange",
    "StageKind",
    "Suppression",
    "SuppressionChannel",
    "SuppressionReason",
    "Tag",
]
