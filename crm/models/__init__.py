from crm.models.catalogue import PriceTier, PriceTierPrice, Product, ProductLine
from crm.models.company import Company
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

__all__ = [
    "Channel",
    "Company",
    "Contact",
    "CustomField",
    "CustomFieldEntity",
    "CustomFieldType",
    "Deal",
    "Direction",
    "DiscountKind",
    "Interaction",
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
    "Tag",
]
