"""The head of a record's page: what it is, how it stands, and the few facts that people look for first."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.utils import display_for_field
from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core.admin.actors import actor_of
from core.admin.navigation import icon_of
from core.admin.permissions import GrantedPermissions
from core.admin.unseen import Unseen
from core.templatetags.core_admin import amount, moment, words

# How a state is meant, by its name.
TONES = {
    "good": frozenset({"won", "completed", "succeeded", "customer", "evangelist", "resolved", "active", "granted"}),
    "bad": frozenset({"lost", "failed", "cancelled", "breached", "withdrawn", "denied"}),
    "warn": frozenset({"pending", "queued", "running", "waiting", "opportunity", "escalated"}),
}


def tone_of(state: Any) -> str:
    """The tone in which a state is shown; empty for one that is neither good nor bad."""
    return next((tone for tone, states in TONES.items() if str(state) in states), "")


class HeaderAdmin(GrantedPermissions):
    """Mixed into the admin of a kind of record. `badges` are its states, `headline` its first facts: columns' names."""

    opts: Any
    badges: ClassVar[tuple[str, ...]] = ()
    headline: ClassVar[tuple[str, ...]] = ()

    def header_of(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """What the template shows, without what the actor may not see."""
        actor = actor_of(request)
        seen = {item.attribute for item in self.entity.visible_fields(actor)}
        return {
            "name": str(record),
            "icon": icon_of(self.opts.label_lower),
            "deleted": record.deleted_at,
            "badges": [badge for name in self.badges if name in seen and (badge := _badge(record, name))],
            "facts": [fact for name in self.headline if (fact := self._fact(record, name, seen))],
        }

    def _fact(self, record: Any, name: str, seen: set[str]) -> dict[str, str] | None:
        column = self.opts.get_field(name)
        if column.attname not in seen:
            return None
        value = getattr(record, name)
        if value is None or value == "":
            return None
        if isinstance(column, models.ForeignKey):
            return {
                "label": words(name),
                "value": str(value),
                "url": "" if isinstance(value, Unseen) else _page_of(value),
            }
        url = {models.EmailField: f"mailto:{value}", models.URLField: str(value)}.get(type(column), "")
        return {"label": words(name), "value": self._shown(record, column, value), "url": url}

    @staticmethod
    def _shown(record: Any, column: Any, value: Any) -> str:
        if isinstance(column, models.DecimalField):
            return f"{amount(value)} {getattr(record, 'currency', '')}".strip()
        if isinstance(column, models.DateTimeField):
            return moment(value)
        return str(display_for_field(value, column, ""))


def _badge(record: Any, name: str) -> dict[str, str] | None:
    value = getattr(record, name)
    if isinstance(value, bool):
        return {"text": words(name), "tone": ""} if value else None
    return {"text": words(value), "tone": tone_of(value)} if value else None


def _page_of(record: Any) -> str:
    meta = record._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
    except NoReverseMatch:
        return ""
