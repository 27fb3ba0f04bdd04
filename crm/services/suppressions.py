"""Writes of the suppression list. Addresses come in and are forgotten; their hashes stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from core.actors import Actor
from core.errors import Duplicate, FieldError, Invalid
from core.history.context import acting
from core.registry.types import TypeFault
from core.writes import inputs
from core.writes.base import Write, Writes
from crm.models import Suppression
from crm.selectors import addresses as written


class Suppressions(Writes[Suppression]):
    """The same address twice is one entry; what has run out, or would sooner, is renewed."""

    def create(self, *, actor: Actor, values: Mapping[str, Any], at: datetime) -> Suppression:
        self._offer("create", actor)
        cleaned = inputs.clean(self.entity, values, actor=actor)
        try:
            return self._renewed(cleaned, actor, at) or self._new(actor, values, at)
        except Duplicate as refusal:
            # Somebody else put it on the list meanwhile.
            known = self._renewed(cleaned, actor, at)
            if known is None:
                raise refusal
            return known

    def prepare(self, change: Write[Suppression]) -> None:
        entry = change.record
        if change.created:
            entry.address_hash = _hash(entry.channel, change.values["address"], "/address")
            entry.at = change.values.get("at") or change.at
        if entry.at > change.at:
            raise Invalid.one("/at", "in_future", "Must not be in the future.")
        if entry.expires_at is not None and entry.expires_at <= entry.at:
            raise Invalid.one("/expires_at", "out_of_range", "Must be after it began.")

    def _new(self, actor: Actor, values: Mapping[str, Any], at: datetime) -> Suppression:
        with transaction.atomic():
            return super().create(actor=actor, values=values, at=at)

    def _renewed(self, cleaned: Mapping[str, Any], actor: Actor, at: datetime) -> Suppression | None:
        key = _hash(cleaned["channel"], cleaned["address"], "/address")
        with transaction.atomic():
            acting(actor, at)
            rows = Suppression.objects.alive().filter(channel=cleaned["channel"], address_hash=key)
            entry: Suppression | None = rows.select_for_update(no_key=True).first()
            if entry is None:
                return None
            until = cleaned.get("expires_at")
            if entry.expires_at is not None and (until is None or until > entry.expires_at):
                change = Write(actor=actor, at=at, record=entry, values={}, created=False)
                new = {"expires_at": until, "reason": cleaned.get("reason"), "source": cleaned.get("source")}
                for name, value in new.items():
                    if name == "expires_at" or value is not None:
                        change.before[name] = getattr(entry, name)
                        setattr(entry, name, value)
                self.apply(change, action="create")
        return entry


def check(*, actor: Actor, at: datetime, channel: str, addresses: Sequence[str]) -> list[dict[str, Any]]:
    """Which of up to 1,000 addresses are on the list. Raises Invalid where one is no address of the channel."""
    actor.require("suppression", "view")
    errors: list[FieldError] = []
    hashes: list[str | None] = []
    for index, address in enumerate(addresses):
        try:
            hashes.append(_hash(channel, address, f"/addresses/{index}"))
        except Invalid as refusal:
            errors.extend(refusal.errors)
    if errors:
        raise Invalid(errors)
    rows = Suppression.objects.alive().filter(channel=channel, address_hash__in=hashes)
    found = {row.address_hash: row for row in rows if row.expires_at is None or row.expires_at > at}
    return [_told(address, found.get(key)) for address, key in zip(addresses, hashes, strict=True)]


def suppress(hashes: Mapping[str, Sequence[str]], *, reason: str, source: str, at: datetime) -> None:
    """Put hashes on the list, by channel, in the present transaction; those that are on it stay as they are."""
    given = {"reason": reason, "source": source, "at": at, "created_at": at, "updated_at": at}
    rows = [
        Suppression(channel=channel, address_hash=key, **given)
        for channel, keys in sorted(hashes.items())
        for key in sorted(keys)
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def _hash(channel: str, address: str, pointer: str) -> str:
    try:
        return written.hashed(channel, written.normal(channel, address))
    except TypeFault as fault:
        raise Invalid.one(pointer, fault.code, str(fault)) from None


def _told(address: str, entry: Suppression | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"address": address, "suppressed": entry is not None}
    if entry is None:
        return answer | {"reason": None, "at": None, "expires_at": None}
    until = entry.expires_at.isoformat() if entry.expires_at else None
    return answer | {"reason": entry.reason, "at": entry.at.isoformat(), "expires_at": until}


suppressions = Suppressions("suppression")
