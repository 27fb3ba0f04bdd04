"""Rules of consents, suppressions and what else protects people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models.record import Record
from crm.models import ConsentState
from tests.support.rules.rule import FUTURE, Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _state(samples: Samples) -> Record:
    made: Record = ConsentState.objects.get(consent=samples.make("consent").pk)
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
    "suppression": Rule(
        why="an address is one of its channel, and ends after it began",
        needed=_address,
        complete=lambda samples: {"expires_at": FUTURE},
        changed=lambda samples, record: {"expires_at": FUTURE},
    ),
}
MAKERS = {"consent_state": _state}
OPERATIONS = {
    "check_consents": lambda samples, record: _marketing(samples, record) | {"contact_ids": [ref(samples, "contact")]},
    "check_suppressions": lambda samples, record: {"channel": "email", "addresses": ["a@example.com"]},
    "may_contact": _marketing,
}
