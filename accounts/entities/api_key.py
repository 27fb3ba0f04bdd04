"""API keys in both APIs: made by `issue`, which tells the key once."""

from __future__ import annotations

from dataclasses import replace

from accounts.entities.common import READ_ONLY, record_fields
from accounts.models import ApiKey
from accounts.services.api_keys import api_keys
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, Shape, one
from core.registry.operations import Operation
from core.registry.types import DateTime, Id, Integer, Text, TextList

_SCOPES = TextList(max_length=80)
_NAME = field(ApiKey, "name", sortable=True)
_GRANTED = field(ApiKey, "scopes", type=_SCOPES)
_EXPIRES = field(ApiKey, "expires_at", sortable=True)

ISSUED = Shape(
    title="IssuedApiKey",
    fields=(
        Field("id", Id(), nullable=False),
        Field("name", Text(), nullable=False),
        Field("user_id", Id(), nullable=False),
        Field("key", Text(), "The key itself, told only this once.", nullable=False),
        Field("prefix", Text(), nullable=False),
        Field("scopes", _SCOPES, nullable=False),
        Field("expires_at", DateTime()),
    ),
)

_ISSUE = Operation(
    name="issue_api_key",
    path="api-keys",
    run=api_keys.issue,
    entity="api_key",
    action="create",
    input=(
        replace(_NAME, sortable=False),
        replace(_GRANTED, required=True),
        Field("user_id", Id(), "Whom it acts as; oneself by default.", reference="user"),
        replace(_EXPIRES, sortable=False),
    ),
    output=ISSUED,
    doc="Make an API key. The answer holds the key, which is not shown again.",
    status=201,
)
_ROTATE = Operation(
    name="rotate_api_key",
    path="rotate",
    run=api_keys.rotate,
    entity="api_key",
    action="rotate",
    on_record=True,
    input=(
        Field(
            "overlap_minutes",
            Integer(minimum=0, maximum=7 * 24 * 60),
            "For how long the old key works on; none by default.",
            nullable=False,
        ),
    ),
    output=ISSUED,
    doc="Replace the secret of a key. The answer holds the new one, which is not shown again.",
)
_REVOKE = Operation(
    name="revoke_api_key",
    path="revoke",
    run=api_keys.revoke,
    entity="api_key",
    action="revoke",
    on_record=True,
    doc="Make a key stop working, for good.",
)

API_KEY = Entity(
    name="api_key",
    plural="api-keys",
    model=ApiKey,
    doc="A key by which a program acts as a user, within its scopes.",
    fields=(
        *record_fields(ApiKey),
        _NAME,
        field(ApiKey, "user_id", reference="user", groupable=True, **READ_ONLY),
        field(ApiKey, "prefix", **READ_ONLY),
        _GRANTED,
        _EXPIRES,
        field(ApiKey, "revoked_at", sortable=True, **READ_ONLY),
        field(ApiKey, "last_used_at", sortable=True, **READ_ONLY),
        field(ApiKey, "previous_expires_at", doc="Until when the key before the last rotation works.", **READ_ONLY),
    ),
    relations=(one("user", "user", doc="Whom it acts as."),),
    verbs=frozenset({"update", "delete"}),
    writes=api_keys,
    search_fields=("name",),
    identity="name",
    operations=[_ISSUE, _ROTATE, _REVOKE],
)
