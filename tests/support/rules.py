"""What the registry alone does not tell of an entity: rules across its fields, and how closed kinds come about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from accounts.models import ApiKey
from accounts.services.api_keys import api_keys
from analytics.models import ContactMetrics
from core.actors import SYSTEM
from core.models.record import Record
from core.registry import types
from crm.models import LifecycleChange, OrderDiscount, OrderLine, OrderReturn, Stage, StageChange
from crm.services.deals import deals
from crm.services.orders import orders
from tests.support.values import sample

if TYPE_CHECKING:
    from tests.support.samples import Samples

Values = dict[str, Any]
Given = Callable[["Samples"], Values]

FUTURE = "2099-01-01T00:00:00+00:00"
# Texts that look free and are not.
NOT_FREE = frozenset({"time_zone", "key", "password"})


def _none(samples: Samples) -> Values:
    return {}


@dataclass(frozen=True)
class Rule:
    """Values that only make sense together, and fields that are left out; `why` says what rule asks for it."""

    why: str = ""
    needed: Given = _none
    complete: Given = _none
    changed: Callable[[Samples, Record], Values] = lambda samples, record: {}
    not_at_creation: frozenset[str] = frozenset()
    not_in_updates: frozenset[str] = frozenset()


def of(entity: str) -> Rule:
    return RULES.get(entity, Rule())


def _ref(samples: Samples, entity: str) -> str:
    return str(samples.make(entity).pk)


def _pipeline(samples: Samples) -> Values:
    """A pipeline with all kinds of stages, and its first one."""
    pipeline = samples.make("pipeline")
    stages = [
        samples.make("stage", pipeline_id=str(pipeline.pk), kind=kind, rank=rank)
        for rank, kind in enumerate(("open", "open", "won", "lost"), 1)
    ]
    return {"pipeline_id": str(pipeline.pk), "stage_id": str(stages[0].pk)}


def _order(samples: Samples) -> Values:
    line = {"product_id": _ref(samples, "product"), "quantity": "2", "unit_price": "10.50"}
    # The numbers that the product makes are never the same twice.
    number = f"{samples.marker}N-{samples.next()}"
    return {"number": number, "contact_id": _ref(samples, "contact"), "lines": [line]}


def _whole_order(samples: Samples) -> Values:
    number = samples.next()
    line = {
        "external_id": f"line {number}",
        "product_id": _ref(samples, "product"),
        "description": f"{samples.marker}line {number}",
        "quantity": "3",
        "unit_price": "20.00",
        "unit_cost": "12.00",
        "is_gift": True,
        "discounts": [{"kind": "coupon", "amount": "1.25", "is_reimbursed": True, "code": f"C{number}"}],
    }
    free = {"description": f"{samples.marker}wrapping", "unit_price": "2.5"}
    discounts = [{"kind": "loyalty", "amount": "2.00", "is_reimbursed": False, "code": None}]
    return {"lines": [line, free], "discounts": discounts, "is_gift": True}


def _grants(*actions: str) -> list[Values]:
    return [{"entity": "contact", "actions": list(actions), "visibility": "own"}]


RULES: dict[str, Rule] = {
    "api_key": Rule(
        why="scopes are those that there are, a key does not expire in the past",
        changed=lambda samples, record: {"scopes": ["contacts:read"], "expires_at": FUTURE},
    ),
    "custom_field": Rule(
        why="only a choice has choices; a required one would be asked of all other records",
        complete=lambda samples: {"type": "choice", "choices": ["a", "b"], "entity": "contact", "required": False},
        needed=lambda samples: {"type": "text", "entity": "contact"},
        not_in_updates=frozenset({"required", "choices"}),
    ),
    "deal": Rule(
        why="the stage is one of the pipeline's; only closed deals have a closing moment, lost ones a reason",
        needed=_pipeline,
        not_at_creation=frozenset({"closed_at", "lost_reason"}),
        not_in_updates=frozenset({"lost_reason"}),
    ),
    "interaction": Rule(
        why="it is with a contact or a company",
        needed=lambda samples: {"contact_id": _ref(samples, "contact")},
    ),
    "order": Rule(
        why="it is of a contact or a company, its total follows from lines, only a gift has a recipient",
        needed=_order,
        complete=_whole_order,
        changed=lambda samples, record: {"is_gift": True, "status": "confirmed"},
        not_at_creation=frozenset({"expected_total"}),
        not_in_updates=frozenset({"lines", "discounts", "expected_total", "currency"}),
    ),
    "role": Rule(
        why="grants name what there is",
        complete=lambda samples: {"grants": _grants("view", "update")},
        needed=lambda samples: {"key": f"role_{samples.next()}", "grants": _grants("view")},
        changed=lambda samples, record: {"grants": _grants("view", "create")},
    ),
    "user": Rule(
        why="time zones and roles are known ones, passwords strong, superusers made by superusers",
        complete=lambda samples: {
            "time_zone": "Europe/Brussels",
            "roles": ["analyst"],
            "password": "correct horse battery 9",
            "is_superuser": False,
            "is_active": True,
        },
        changed=lambda samples, record: {
            "time_zone": "Asia/Tokyo",
            "roles": ["service"],
            "password": "battery horse correct 9",
            "is_superuser": False,
            "is_active": False,
        },
    ),
}


def _metrics(samples: Samples) -> Record:
    contact = samples.make("contact")
    numbers = {"frequency": 1, "other_currency_orders": 0, "as_of": samples.at, "computed_at": samples.at}
    moments = {"created_at": samples.at, "updated_at": samples.at}
    made: Record = ContactMetrics.objects.create(
        id=contact.pk, contact_id=contact.pk, definition_version="1", window="all", **numbers, **moments
    )
    return made


def _returned(samples: Samples) -> Record:
    line = OrderLine.objects.get(pk=_line(samples).pk)
    given = {"line_id": line.pk, "quantity": Decimal(1), "reason": f"{samples.marker}torn"}
    orders.return_line(actor=SYSTEM, record_id=line.order_id, at=samples.at, **given)
    made: Record = OrderReturn.objects.get(line=line)
    return made


def _line(samples: Samples) -> Record:
    made: Record = OrderLine.objects.filter(order=samples.make("order").pk).get()
    return made


def _discount(samples: Samples) -> Record:
    order = samples.make("order", discounts=[{"kind": "coupon", "amount": "1", "code": f"{samples.marker}code"}])
    made: Record = OrderDiscount.objects.get(order=order.pk)
    return made


def _key(samples: Samples) -> Record:
    user = samples.make("user")
    name = samples.marker + sample(types.Text(max_length=60), "key", samples.next())
    told = api_keys.issue(actor=SYSTEM, at=samples.at, name=name, scopes=["read"], user_id=user.pk)
    made: Record = ApiKey.objects.get(pk=told["id"])
    return made


def _step(samples: Samples) -> Record:
    made: Record = LifecycleChange.objects.get(contact=samples.make("contact").pk)
    return made


def _move(samples: Samples) -> Record:
    made: Record = StageChange.objects.get(deal=samples.make("deal").pk)
    return made


# Kinds that are not created through the API, and whose rows hang on others.
MAKERS: dict[str, Callable[[Samples], Record]] = {
    "api_key": _key,
    "contact_metrics": _metrics,
    "lifecycle_change": _step,
    "order_discount": _discount,
    "order_line": _line,
    "order_return": _returned,
    "stage_change": _move,
}


def operation_input(name: str, samples: Samples, record: Record | None) -> Values | None:
    """Input of operations whose parameters must fit the record; None where any will do."""
    make = _OPERATIONS.get(name)
    return None if make is None else make(samples, record)


def _another_stage(samples: Samples, record: Any) -> Values:
    stages = Stage.objects.alive().filter(pipeline=record.pipeline_id, kind="open").exclude(pk=record.stage_id)
    return {"stage_id": str(stages.order_by("rank").values_list("pk", flat=True).first())}


def _some_line(samples: Samples, record: Any) -> Values:
    key: UUID | None = OrderLine.objects.alive().filter(order=record.pk).values_list("pk", flat=True).first()
    return {"line_id": str(key), "quantity": "1", "reason": "broken"}


_OPERATIONS: dict[str, Callable[[Samples, Record | None], Values]] = {
    "change_contact_stage": lambda samples, record: {"lifecycle_stage": "customer"},
    "issue_api_key": lambda samples, record: {"name": "a key", "scopes": ["contacts:read"]},
    "lose_deal": lambda samples, record: {"lost_reason": "price"},
    "move_deal": _another_stage,
    "reopen_deal": lambda samples, record: {},
    "return_order_line": _some_line,
    "win_deal": lambda samples, record: {"amount": "1234.50"},
}


def close(deal: Record, samples: Samples) -> None:
    """Lose a deal, so that it can be reopened."""
    deals.lose(actor=SYSTEM, record_id=deal.pk, at=samples.at)


# What has to be done to a record before the operation can be carried out on it.
BEFORE: dict[str, Callable[[Record, Samples], None]] = {"reopen_deal": close}


def relative(entity: str, relation: str, samples: Samples, record: Any) -> Values | None:
    """What a record at the end of a relation needs beside pointing here; None where there can be none."""
    match entity, relation:
        case "contact", "gifts":
            return {"is_gift": True}
        case "pipeline", "deals":
            return {"stage_id": str(samples.make("stage", pipeline_id=str(record.pk), kind="open").pk)}
        case "stage", "deals":
            return {"pipeline_id": str(record.pipeline_id)}
        case "user", "partner_people":
            # One of our own does not belong to a partner.
            return None
    return {}
