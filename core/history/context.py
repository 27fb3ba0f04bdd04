"""Tells the database who is acting, for the history of what the transaction changes."""

from __future__ import annotations

from datetime import datetime

import orjson
import structlog
from django.db import connection

from core.actors import Actor
from core.database.cursors import run_prepared


def acting(actor: Actor, at: datetime) -> None:
    """Name the actor and the moment for the rest of the present transaction. Must be called inside one."""
    if not connection.in_atomic_block:
        raise RuntimeError("acting() outside a transaction would name nobody")
    who = {
        "kind": actor.kind,
        "id": str(actor.id) if actor.id else None,
        "label": actor.label,
        "door": actor.door,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "at": at.isoformat(),
    }
    run_prepared("SELECT set_config('bifocal.actor', %s, true)", [orjson.dumps(who).decode()])
