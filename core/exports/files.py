"""The files of exports in the storage: who may have them, and when they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from core.actors import Actor, Visibility
from core.models.export import Export

FOLDER = "exports"
_CHUNK = 64 * 1024


def chunks(path: str) -> Iterator[bytes]:
    """The content of a file."""
    with default_storage.open(path, "rb") as file:
        while part := file.read(_CHUNK):
            yield part


def discard(export: Export) -> None:
    """Remove the file once the present transaction is committed; the export itself stays."""
    path = export.path
    if path:
        Export.objects.filter(pk=export.pk).update(path="")
        transaction.on_commit(lambda: default_storage.delete(path))


def throw_away(*, at: datetime) -> int:
    """Remove the files that have expired, or whose export was deleted. Returns how many."""
    count = 0
    gone = Q(expires_at__lte=at) | Q(deleted_at__isnull=False)
    for export in Export.objects.exclude(path="").filter(gone).order_by("pk").iterator():
        with transaction.atomic():
            discard(export)
        count += 1
    return count


def reach_of(needs: set[tuple[str, str]], actor: Actor) -> dict[str, Any]:
    """How far the actor saw when the file was made: by entity and action, and whose eyes and teams these were."""
    grants: dict[str, dict[str, list[str]]] = {}
    for entity, action in sorted(needs):
        grants.setdefault(entity, {})[action] = sorted(actor.visibilities(entity, action))
    by_team = any(Visibility.TEAM in reach for actions in grants.values() for reach in actions.values())
    teams = sorted(map(str, actor.team_ids)) if by_team else []
    whose = {"user_id": _text(actor.user_id), "partner_id": _text(actor.partner_id)}
    return {"grants": grants, "teams": teams, **whose}


def still_covers(reach: Mapping[str, Any], actor: Actor) -> bool:
    """Whether the actor sees at least as far now."""
    if reach["partner_id"] != _text(actor.partner_id):
        return False
    if not {UUID(team) for team in reach["teams"]} <= actor.team_ids and not actor.is_superuser:
        return False
    is_same = reach.get("user_id") == _text(actor.user_id)
    return all(
        _is_within(set(found), actor.visibilities(entity, action), is_same=is_same)
        for entity, actions in reach["grants"].items()
        for action, found in actions.items()
    )


def _is_within(found: set[str], held: frozenset[Visibility], *, is_same: bool) -> bool:
    if Visibility.ALL in held:
        return True
    # One's own records are others than those of whoever else may see their own; a team's are seen beside one's own.
    is_personal = not found <= {Visibility.PARTNER, Visibility.ALL}
    return bool(held) and found <= {str(item) for item in held} and (is_same or not is_personal)


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)
