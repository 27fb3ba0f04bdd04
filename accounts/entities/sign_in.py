"""The audit of signing in, to be read in both APIs."""

from __future__ import annotations

from accounts.entities.common import READ_ONLY, record_fields
from accounts.models import SignInEvent
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import one

SIGN_IN_EVENT = Entity(
    name="sign_in_event",
    plural="sign-ins",
    model=SignInEvent,
    doc="One attempt to sign in, or a sign-out.",
    fields=(
        *record_fields(SignInEvent, external=False),
        field(SignInEvent, "kind", groupable=True, **READ_ONLY),
        field(SignInEvent, "user_id", reference="user", groupable=True, **READ_ONLY),
        field(SignInEvent, "email", sortable=True, groupable=True, **READ_ONLY),
        field(SignInEvent, "method", groupable=True, **READ_ONLY),
        field(SignInEvent, "ip", groupable=True, **READ_ONLY),
        field(SignInEvent, "user_agent", groupable=True, **READ_ONLY),
    ),
    relations=(one("user", "user", doc="Who, where the address is known."),),
    verbs=frozenset(),
    keys=(),
    search_fields=("email",),
)
