"""Rules of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import ApiKey
from accounts.services.api_keys import api_keys
from core.actors import SYSTEM
from core.models.record import Record
from core.registry import types
from tests.support.rules.rule import FUTURE, Rule, Values
from tests.support.values import sample

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _grants(*actions: str) -> list[Values]:
    return [{"entity": "contact", "actions": list(actions), "visibility": "own"}]


def _key(samples: Samples) -> Record:
    user = samples.make("user")
    name = samples.marker + sample(types.Text(max_length=60), "key", samples.next())
    told = api_keys.issue(actor=SYSTEM, at=samples.at, name=name, scopes=["read"], user_id=user.pk)
    made: Record = ApiKey.objects.get(pk=told["id"])
    return made


RULES = {
    "api_key": Rule(
        why="scopes are those that there are, a key does not expire in the past",
        changed=lambda samples, record: {"scopes": ["contacts:read"], "expires_at": FUTURE},
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
MAKERS = {"api_key": _key}
OPERATIONS = {"issue_api_key": lambda samples, record: {"name": "a key", "scopes": ["contacts:read"]}}
# One of our own does not belong to a partner.
RELATIVES = {("user", "partner_people"): lambda samples, record: None}
