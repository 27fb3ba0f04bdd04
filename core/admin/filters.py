"""Filters of admin lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from core.admin.actors import actor_of
from core.models.record import Record


class DeletedFilter(SimpleListFilter):
    """Live records unless the deleted ones are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What can be chosen beside the live ones."""
        return [("deleted", "Deleted")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Call the default what it is."""
        for choice in super().choices(changelist):
            yield choice | {"display": "Live"} if choice["query_string"].find("state=") < 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """One or the other, never both."""
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


class _RelatedForm(AutocompleteDropdownForm):  # type: ignore[misc]  # unfold is untyped
    def __init__(self, request: HttpRequest, name: str, *args: Any, field: Any, **kwargs: Any) -> None:
        super().__init__(request, name, *args, field=field, **kwargs)
        target = field.remote_field.model
        if issubclass(target, Record):
            self.fields[name].queryset = target._default_manager.visible_to(actor_of(request))


class RelatedFilter(AutocompleteSelectFilter):  # type: ignore[misc]  # unfold is untyped
    """By a related record, searched for. What an address names keeps its name from those who may not see it."""

    form_class = _RelatedForm
