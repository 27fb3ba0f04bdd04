"""Rules of consents, suppressions and what else protects people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actors import SYSTEM
from core.models.record import Record
from crm.models import ConsentState, DataExport, Erasure
from crm.services import data_exports, erasures
from tests.support.rules.rule import FUTURE, Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _state(samples: Samples) -> Record:
    made: Record = ConsentState.objects.get(consent=samples.make("consent").pk)
    return made


def _export(samples: Samples) -> Record:
    contact = samples.make("contact")
    told = data_exports.export(actor=SYSTEM, record_id=contact.pk, at=samples.at, reason=f"{samples.marker}asked")
    list(told.chunks())
    made: Record = DataExport.objects.get(contact=contact.pk)
    return made


def _erasure(samples: Samples) -> Record:
    contact = samples.make("contact")
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=samples.at, reason="asked", confirm=True)
    made: Record = Erasure.objects.get(contact=contact.pk)
    return made


def _grant(samples: Samples) -> Values:
    return {"purpose": "newsletter", "status": "granted", "expires_at": FUTURE}


def _address(samples: Samples) -> Values:
    return {"channel": "email", "address": f"person.{samples.next()}@example.com"}


def _marketing(samples: Samples, record: Record | None) -> Values:
    return {"channel": "email", "purpose": "marketing"}


RULES = {
    "consent": Rule(
        why="the purpose is one that there is, only a grant runs out",
        needed=lambda samples: {"contact_id": ref(samples, "contact"), "purpose": "marketing", "status": "denied"},
        complete=_grant,
    ),
    "retention_rule": Rule(
        why="a rule names a kind with data of people, a moment of it, and what can be done to it",
        needed=lambda samples: {"entity": "interaction", "moment": "occurred_at", "action": "empty"},
        complete=lambda samples: {"criteria": {"field": "channel", "value": "chat"}, "active": False},
        changed=lambda samples, record: {
            "entity": "order_return",
            "moment": "at",
            "action": "delete",
            "criteria": None,
            "active": True,
        },
    ),
    "suppression": Rule(
        why="an address is one of its channel, and ends after it began",
        needed=_address,
        complete=lambda samples: {"expires_at": FUTURE},
        changed=lambda samples, record: {"expires_at": FUTURE},
    ),
}
MAKERS = {"consent_state": _state, "data_export": _export, "erasure": _erasure}
OPERATIONS = {
    "check_consents": lambda samples, record: _marketing(samples, record) | {"contact_ids": [ref(samples, "contact")]},
    "check_suppressions": lambda samples, record: {"channel": "email", "addresses": ["a@example.com"]},
    "erase_contact": lambda samples, record: {"reason": "asked for it", "confirm": True, "suppress_addresses": True},
    "export_contact_data": lambda samples, record: {"format": "html", "reason": "asked for it"},
    "hold_contact": lambda samples, record: {"reason": "a lawsuit"},
    "may_contact": _marketing,
}
