"""Who is calling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from core.actors import Actor

# Everybody who is signed in may ask who they are: held by every resolved actor, granted by nobody.
RESOURCE = "me"


def me(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """The caller: identity, team, partner organisation, roles, effective grants."""
    users = User.objects.select_related("team", "partner")
    user = users.filter(pk=actor.user_id).first() if actor.user_id else None
    roles = user.roles.filter(deleted_at=None).order_by("key").values_list("key", flat=True) if user else ()
    return {
        "kind": actor.kind.value,
        "id": str(actor.id) if actor.id else None,
        "label": actor.label,
        "user_id": str(actor.user_id) if actor.user_id else None,
        "email": user.email if user else None,
        "name": user.name if user else None,
        "time_zone": user.time_zone if user else None,
        "is_staff": bool(user and user.is_staff),
        "is_superuser": actor.is_superuser,
        "team_id": str(actor.team_id) if actor.team_id else None,
        "team_name": user.team.name if user and user.team else None,
        "partner_id": str(actor.partner_id) if actor.partner_id else None,
        "partner_name": user.partner.name if user and user.partner else None,
        "roles": list(roles),
        "grants": _grants(actor),
    }


def _grants(actor: Actor) -> list[dict[str, Any]]:
    return [
        {"entity": entity, "actions": sorted(grant.actions), "visibility": grant.visibility.value}
        for entity, grants in sorted(actor.grants.items())
        for grant in grants
        if entity != RESOURCE
    ]
