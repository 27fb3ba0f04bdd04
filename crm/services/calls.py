"""Calls and field visits: interactions with the time that they took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.errors import Invalid
from crm.models import Channel, Interaction
from crm.services.interactions import interactions

CENT = Decimal("0.01")
LONGEST = timedelta(days=7)


def log_call(*, actor: Actor, at: datetime, **given: Any) -> UUID:
    """Record a call. Its agent is the caller of this function where none is named. Raises Invalid, Forbidden."""
    return _log(actor, at, Channel.CALL, given)


def log_visit(*, actor: Actor, at: datetime, location: str | None = None, **given: Any) -> UUID:
    """Record a visit to a customer, with where it was. Raises Invalid, Forbidden."""
    data = {} if location is None else {"location": location}
    return _log(actor, at, Channel.VISIT, {**given, "data": data})


def _log(actor: Actor, at: datetime, channel: Channel, given: Mapping[str, Any]) -> UUID:
    values = {name: value for name, value in given.items() if value is not None}
    started, ended = values.pop("started_at", None), values.pop("ended_at", None)
    minutes: Decimal | None = values.pop("minutes", None)
    started = started or _start(at, ended, minutes)
    values["minutes"] = str(_minutes(started, ended, minutes, at))
    wire = {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}
    made: Interaction = interactions.create(
        actor=actor, at=at, values={**wire, "channel": channel.value, "occurred_at": started.isoformat()}
    )
    return made.pk


def _start(at: datetime, ended: datetime | None, minutes: Decimal | None) -> datetime:
    """Where only its end is known, or nothing: it ends now, or took the time that was said."""
    if minutes is None:
        raise Invalid.one("/started_at", "required", "Say when it began, or how long it took.")
    return (ended or at) - timedelta(minutes=float(minutes))


def _minutes(started: datetime, ended: datetime | None, minutes: Decimal | None, at: datetime) -> Decimal:
    """The minutes between, or as said. Raises Invalid where moments and minutes do not fit each other."""
    if started > at:
        raise Invalid.one("/started_at", "in_future", "Must not be in the future.")
    if ended is None:
        if minutes is None:
            raise Invalid.one("/minutes", "required", "Say how long it took, or when it ended.")
        return minutes
    if ended < started:
        raise Invalid.one("/ended_at", "before_start", "Must not be before it began.")
    if ended > at:
        raise Invalid.one("/ended_at", "in_future", "Must not be in the future.")
    if ended - started > LONGEST:
        raise Invalid.one("/ended_at", "out_of_range", "Nothing takes more than a week.")
    between = Decimal((ended - started) // timedelta(seconds=1)) / 60
    between = between.quantize(CENT, ROUND_HALF_UP)
    if minutes is not None and minutes != between:
        raise Invalid.one("/minutes", "minutes_mismatch", f"From beginning to end it took {between} minutes.")
    return between
