"""Idempotency keys: a write that carried one is carried out once, however often it is sent.

The answer is stored in the transaction of the write itself, so a crash in between leaves neither. Only answers of
writes that were carried out are stored: a refusal changed nothing, and may be tried again under the same key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from core import encryption
from core.actors import Actor
from core.errors import BadRequest, IdempotencyInProgress, IdempotencyKeyReused
from core.models.idempotency import IdempotentRequest

KEPT_FOR = timedelta(days=1)
# Answers hold personal data, and those that issue an API key its secret.
_PURPOSE = "idempotency"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class InvalidIdempotencyKey(BadRequest):
    """The key itself cannot be used."""

    code = "invalid_idempotency_key"
    title = "An idempotency key has 1 to 255 visible ASCII characters."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `replayed` tells that this is the stored answer of an earlier request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


def fingerprint(*parts: str | bytes) -> str:
    """A digest by which a repeated request is recognised: of method, path, query and body."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def once(*, actor: Actor, key: str, fingerprint: str, at: datetime, work: Callable[[], Answer]) -> Answer:
    """Do the work, unless this caller's key was used before: then give the answer of that time.

    The work runs inside one transaction with the storing of its answer; what it raises undoes both.
    Raises InvalidIdempotencyKey, IdempotencyKeyReused (another request), IdempotencyInProgress (still running).
    """
    if not _KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    caller = f"{actor.kind}:{actor.id}"
    with transaction.atomic():
        _lock(caller, key)
        stored = IdempotentRequest.objects.filter(caller=caller, key=key, created_at__gt=at - KEPT_FOR).first()
        if stored is not None:
            return _replay(stored, fingerprint)
        answer = work()
        IdempotentRequest.objects.bulk_create(
            [
                IdempotentRequest(
                    caller=caller,
                    key=key,
                    fingerprint=fingerprint,
                    status=answer.status,
                    headers=dict(answer.headers),
                    body=encryption.encrypt(_PURPOSE, answer.body),
                    created_at=at,
                    locked_until=at,
                )
            ],
            # What is left under this key is older than answers are kept.
            update_conflicts=True,
            unique_fields=["caller", "key"],
            update_fields=["fingerprint", "status", "headers", "body", "created_at", "locked_until"],
        )
    return answer


def forget(*, at: datetime) -> int:
    """Remove the answers that are older than they are kept; returns how many."""
    removed, _ = IdempotentRequest.objects.filter(created_at__lte=at - KEPT_FOR).delete()
    return removed


def blank(words: Collection[str]) -> int:
    """Take the content out of the kept answers in which one of the words stands; returns how many.

    The keys stay used: a request that is sent again is still not carried out again.
    """
    wanted = [word.lower() for word in words if word]
    kept = IdempotentRequest.objects.filter(body__isnull=False)
    gone = []
    for key, body in kept.values_list("pk", "body").iterator(chunk_size=500):
        content = encryption.decrypt(_PURPOSE, bytes(body or b"")).decode(errors="replace").lower()
        if any(word in content for word in wanted):
            gone.append(key)
    nothing = encryption.encrypt(_PURPOSE, b'{"erased":true}')
    return IdempotentRequest.objects.filter(pk__in=gone).update(body=nothing, headers={})


def _lock(caller: str, key: str) -> None:
    """Hold this key until the transaction ends, without waiting for whoever holds it now."""
    number = int.from_bytes(hashlib.sha256(f"{caller}\n{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise IdempotencyInProgress


def _replay(stored: IdempotentRequest, print_now: str) -> Answer:
    if stored.fingerprint != print_now:
        raise IdempotencyKeyReused
    answer = Answer(
        status=stored.status or 200,
        body=encryption.decrypt(_PURPOSE, bytes(stored.body or b"")),
        headers=stored.headers,
    )
    return replace(answer, replayed=True)
