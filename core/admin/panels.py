"""What stands beside or below a record's form: its feeds, its related records, what is computed of it.

All of it comes from the declaration of its kind. A panel is fetched when it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field, unquote
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import select_template
from django.urls import NoReverseMatch, reverse
from django.utils.text import slugify

from core import clock, registry
from core.actors import Actor
from core.admin import unseen
from core.admin.actors import actor_of
from core.admin.permissions import GrantedPermissions
from core.errors import DomainError
from core.reads import reader
from core.reads.selection import Selection
from core.registry.entities import Entity
from core.registry.feeds import Feed
from core.registry.fields import Relation
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, Download
from core.templatetags.core_admin import NOTHING, words

PER_PAGE = 20
COLUMNS = 6
# Tabs that are seen at once, where there are many.
UNFOLDED = 10
FIRST, LAST = "timeline", "history"


@dataclass(frozen=True)
class Panel:
    """One tab of a record's page."""

    name: str
    source: Feed | Relation | Operation

    @property
    def title(self) -> str:
        return words(self.name.replace("-", "_"))

    def rank(self, leading: tuple[str, ...]) -> tuple[int, int]:
        """Timeline first, then what is looked at most, what is computed before what is listed."""
        if self.name == FIRST:
            return 0, 0
        if self.name in leading:
            return 1, leading.index(self.name)
        return {LAST: 2}.get(self.name, 4 if getattr(self.source, "many", False) else 3), 0


class PanelsAdmin(GrantedPermissions):
    """Mixed into the admin of a kind of record. `without_panels` names what is shown elsewhere on the page."""

    opts: Any
    without_panels: frozenset[str] = frozenset()
    # Which come after the timeline, where there are many.
    leading_panels: ClassVar[tuple[str, ...]] = ()
    # Beside the form where the page is wide enough; else below it.
    panels_beside = False

    def tabs_of(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """The tabs, each with the address of what it shows, and how many of them are folded away."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_panel"
        panels = self.panels_of(actor_of(request))
        unfolded = UNFOLDED if len(panels) > UNFOLDED + 2 else len(panels)
        tabs = [
            {
                "title": panel.title,
                "slug": slugify(panel.name),
                "url": reverse(name, args=[record.pk, panel.name]),
                "is_further": place >= unfolded,
            }
            for place, panel in enumerate(panels)
        ]
        return {"panels": tabs, "further_panels": len(panels) - unfolded}

    def panels_of(self, actor: Actor) -> list[Panel]:
        """The tabs, in order."""
        found: dict[str, Panel] = {item.name: Panel(item.name, item) for item in self.entity.feeds}
        related = {relation.name for relation in self.entity.relations}
        for relation in self.entity.relations:
            if relation.reverse and actor.may(relation.target, "view"):
                found.setdefault(relation.name, Panel(relation.name, relation))
        for operation in self.entity.operations:
            granted = operation.path not in related and actor.may(operation.entity, operation.action)
            if granted and self._is_view(operation):
                found.setdefault(operation.path, Panel(operation.path, operation))
        shown = [panel for name, panel in found.items() if name not in self.without_panels]
        return sorted(shown, key=lambda panel: panel.rank(self.leading_panels))

    @staticmethod
    def _is_view(operation: Operation) -> bool:
        """Whether it tells something about the record without being asked anything."""
        plain = operation.on_record and operation.kind is OperationKind.QUERY and operation.method == "GET"
        told = operation.output is not None and not isinstance(operation.output, Download)
        return plain and told and not any(item.required for item in operation.input)

    def panel_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """One panel, or its next page."""
        actor = actor_of(request)
        panel = next((item for item in self.panels_of(actor) if item.name == name), None)
        record = self._seen(actor, object_id)
        if panel is None:
            raise Http404
        after = request.GET.get("after") or None
        filters = _filters(panel, request)
        chosen = {item["name"]: item["value"] for item in filters if item["value"]}
        try:
            context = self._filled(panel, record, actor, after, request, chosen)
        except DomainError as refusal:
            context = {"kind": "refusal", "refusal": refusal.detail}
        kind = context.pop("kind")
        template = select_template(
            [f"{self.opts.app_label}/admin/panels/{self.entity.name}_{name}.html", f"core/admin/panels/{kind}.html"]
        )
        shown = {
            "panel": panel, "record": record, "after": after, "address": request.path,
            "filters": filters, "chosen": urlencode(chosen), **context,
        }  # fmt: skip
        return HttpResponse(template.render(shown, request))

    def _seen(self, actor: Actor, object_id: str) -> Any:
        try:
            return self.model._default_manager.visible_to(actor).get(pk=unquote(object_id))
        except (self.model.DoesNotExist, ValueError):
            raise Http404 from None

    def _filled(
        self,
        panel: Panel,
        record: Any,
        actor: Actor,
        after: str | None,
        request: HttpRequest,
        chosen: Mapping[str, str],
    ) -> dict[str, Any]:
        match panel.source:
            case Feed() as feed:
                page = feed.fetch(
                    actor=actor, record_id=record.pk, limit=PER_PAGE, after=after, at=clock.now(), **chosen
                )
                if not {"at", "detail"} <= {item.name for item in feed.item.fields} and feed.name != LAST:
                    return _told(page.items) | {"kind": "table", "next": page.next_cursor, "raw": page.items}
                kind = "history" if feed.name == LAST else "feed"
                return {"kind": kind, "items": [_linked(item) for item in page.items], "next": page.next_cursor}
            case Relation(many=True) as relation:
                return listed(relation, record.pk, actor=actor, after=after, request=request)
            case Relation() as relation:
                return _single(relation, record.pk, actor)
            case Operation() as operation:
                found = operation.run(actor=actor, at=clock.now(), record_id=record.pk)
                return _told(found)


def _filters(panel: Panel, request: HttpRequest) -> list[dict[str, Any]]:
    """What a feed can be narrowed to, and what it is narrowed to now."""
    found = []
    for item in getattr(panel.source, "filters", ()):
        value = request.GET.get(item.name, "")
        if isinstance(item.type, Choice) and value in ("", *item.type.options):
            options = [(option, words(option)) for option in item.type.options]
            found.append({"name": item.name, "label": item.doc, "value": value, "options": options})
    return found


def listed(relation: Relation, key: UUID, *, actor: Actor, after: str | None, request: HttpRequest) -> dict[str, Any]:
    """A page of related records, newest first, in the columns of their own list."""
    target = registry.entity(relation.target)
    options: Any = admin.site._registry.get(target.model)
    rows: Any = target.model._default_manager.visible_to(actor).alive().filter(**{relation.column: key})
    if after is not None:
        rows = rows.filter(pk__lt=_position(after))
    if options is not None and options.list_select_related:
        rows = rows.select_related(*options.list_select_related)
    names = _columns(target, options, relation, actor)
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    unseen.hide(shown, actor, names)
    return {
        "kind": "table",
        "columns": [words(label_for_field(name, target.model, options)) for name in names],
        "rows": [{"url": _url(row), "cells": [_cell(name, row, options) for name in names]} for row in shown],
        "next": str(shown[-1].pk) if len(found) > PER_PAGE else None,
    }


def _columns(target: Entity, options: Any, relation: Relation, actor: Actor) -> list[str]:
    """Without the one that leads back to where we are, and what the actor may not see."""
    own = relation.column.removesuffix("_id")
    hidden = {item.attribute for item in target.fields if not (item.readable and target.may_see(actor, item))}
    names = list(options.list_display) if options is not None else _plain_columns(target)
    return [name for name in names if isinstance(name, str) and name not in {own, relation.column, *hidden}][:COLUMNS]


def _plain_columns(target: Entity) -> list[str]:
    known = {column.attname for column in target.model._meta.concrete_fields}
    passed = {"id", "external_id", "version", "created_at", "updated_at", "deleted_at"}
    return [item.attribute for item in target.fields if item.readable and item.attribute in known - passed]


def _cell(name: str, row: Any, options: Any) -> str:
    try:
        column, _, value = lookup_field(name, row, options)
    except (AttributeError, ValueError, ObjectDoesNotExist):
        return NOTHING
    if column is None:
        return str(display_for_value(value, NOTHING, bool(getattr(value, "boolean", False))))
    if isinstance(column, models.ForeignKey):
        return str(getattr(row, column.name) or NOTHING)
    return str(display_for_field(value, column, NOTHING))


def _position(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _single(relation: Relation, key: UUID, actor: Actor) -> dict[str, Any]:
    """The fields of the one related record."""
    target = registry.entity(relation.target)
    row = target.model._default_manager.visible_to(actor).alive().filter(**{relation.column: key}).first()
    if row is None:
        return {"kind": "values", "values": []}
    names = tuple(item.name for item in target.visible_fields(actor))
    found = reader.one(target, row.pk, actor=actor, at=clock.now(), selection=Selection(names))
    return _told({name: value for name, value in found.items() if name not in {"id", "version", relation.column}})


def _told(found: Any) -> dict[str, Any]:
    """An answer of ours as a table: of names and values, or of rows."""
    rows = found if isinstance(found, list) else next((v for v in _lists(found)), None)
    if rows is not None:
        names = list(dict.fromkeys(name for row in rows for name in row))[:COLUMNS]
        cells = [{"url": "", "cells": [row.get(name) for name in names]} for row in rows]
        return {"kind": "table", "columns": [words(name) for name in names], "rows": cells, "next": None, "raw": rows}
    return {"kind": "values", "values": [(words(name), value) for name, value in (found or {}).items()]}


def _lists(found: Any) -> list[list[dict[str, Any]]]:
    """The lists of objects in an answer that is hardly more than a list."""
    if not isinstance(found, Mapping):
        return []
    return [value for value in found.values() if isinstance(value, list) and all(isinstance(v, dict) for v in value)]


def _linked(item: dict[str, Any]) -> dict[str, Any]:
    """With the page of the record that an entry of a feed is about."""
    if not item.get("entity") or not item.get("record_id"):
        return item
    known = next((entity for entity in registry.entities() if entity.name == item["entity"]), None)
    return item | {"url": _address(known.model, item["record_id"]) if known else ""}


def _url(row: Any) -> str:
    return _address(type(row), row.pk)


def _address(model: type[models.Model], key: Any) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
    except NoReverseMatch:
        return ""
