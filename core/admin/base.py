"""The admin of one entity. An app's admin says what to show; everything else comes from the declaration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from core import clock
from core.admin import custom, unseen
from core.admin.actors import actor_of
from core.admin.filters import DeletedFilter
from core.admin.forms import RecordForm
from core.admin.header import HeaderAdmin
from core.admin.imports.offers import may_import
from core.admin.layout import LayoutAdmin
from core.admin.lists import RecordList
from core.admin.operations import OperationsAdmin
from core.admin.paginator import CappedPaginator
from core.admin.panels import PanelsAdmin
from core.errors import DomainError
from core.models.record import RecordQuerySet

# As many as are made in a tenth of a second, whatever the table's size.
PAGE = 30
# Trigrams need three letters; fewer would read the whole table.
SHORTEST_SEARCH = 3


class RecordAdmin(HeaderAdmin, OperationsAdmin, PanelsAdmin, LayoutAdmin):
    """Lists without counting, foreign keys by search, writes and refusals by the entity's services."""

    form = RecordForm
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = PAGE
    list_max_show_all = 0
    ordering: ClassVar[Sequence[str]] = ("-id",)
    filters: ClassVar[Sequence[Any]] = ()
    change_form_outer_before_template = "core/admin/record_header.html"
    change_form_outer_after_template = "core/admin/panels.html"
    warn_unsaved_form = True
    list_filter_submit = True

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of a record's operations and panels."""
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("<path:object_id>/do/<slug:name>/", view(self.operation_view), name=f"{name}_do"),
            path("<path:object_id>/panel/<path:name>/", view(self.panel_view), name=f"{name}_panel"),
        ]
        return [*own, *super().get_urls()]

    # What is shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the actor may see; lists of choices never offer deleted records."""
        rows: RecordQuerySet = self.model._default_manager.visible_to(actor_of(request))
        rows = rows.order_by(*self.get_ordering(request))
        match = request.resolver_match
        return rows.alive() if match is not None and match.url_name == "autocomplete" else rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordList]:
        """Its orders end where the indexes end."""
        return RecordList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Without the names of related records that the actor may not see."""
        found = super().get_changelist_instance(request)
        unseen.hide(list(found.result_list), actor_of(request), found.list_display)
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Without the names of related records that the actor may not see."""
        found = super().get_object(request, object_id, from_field)
        unseen.hide([found] if found is not None else [], actor_of(request))
        return found

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What is chosen already keeps its name from those who may not see it."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.label_from_instance = partial(unseen.name_of, actor_of(request))
        return field

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        entity = self.entity
        seen = entity.custom_column and entity.may_see(actor_of(request), entity.by_name[entity.custom_column])
        return (DeletedFilter, *self.filters, *(custom.filters_of(entity) if seen else ()))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a way to take what is listed along as a file, and one to bring a file in."""
        actor, found = actor_of(request), dict(extra_context or {})
        if actor.may("export", "create") and actor.may(self.entity.name, "view"):
            address = reverse("admin:core_export_new", args=[self.entity.name])
            found["export_url"] = f"{address}?{request.GET.urlencode()}" if request.GET else address
        if may_import(actor, self.entity.name):
            found.setdefault("import_url", f"{reverse('admin:core_import_new')}?entity={self.entity.name}")
        return cast("HttpResponse", super().changelist_view(request, found))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The address of a list filters by no column whose value is hidden from the actor: matches would tell it."""
        # The parameter of our own filter is no field, even where the record has one of that name.
        if lookup == DeletedFilter.parameter_name:
            return True
        column = lookup.partition("__")[0]
        seen = {self._column(item.attribute) for item in self.entity.visible_fields(actor_of(request)) if item.stored}
        hidden = {item.name for item in self.model._meta.concrete_fields} - seen
        return column not in hidden and bool(super().lookup_allowed(lookup, value, request))

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        return self.search_fields or self.entity.search_fields or ("=external_id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """All words, each in any of the searched fields, or as the whole value of one that is marked by "="."""
        words = search_term.replace("\x00", "").split()
        if words and max(map(len, words)) < SHORTEST_SEARCH:
            if request.resolver_match is None or request.resolver_match.url_name != "autocomplete":
                self.message_user(request, f"Search for {SHORTEST_SEARCH} letters or more.", messages.WARNING)
            return queryset.none(), False
        for word in words:
            found = Q()
            for name in self.get_search_fields(request):
                found |= Q(**{name[1:] if name.startswith("=") else f"{name}__icontains": word})
            queryset = queryset.filter(found)
        return queryset, False

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return [column.name for column in self._keys() if column.related_model in self.admin_site._registry]

    @property
    def raw_id_fields(self) -> list[str]:
        """For records that have no admin to be searched in."""
        return [column.name for column in self._keys() if column.related_model not in self.admin_site._registry]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An address without a scheme is taken for https; lists of words are one line, parted by commas."""
        if isinstance(db_field, models.URLField):
            kwargs.setdefault("assume_scheme", "https")
        if isinstance(db_field, ArrayField):
            kwargs.setdefault("widget", UnfoldAdminTextInputWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, with the actor who fills it in."""
        actor = actor_of(request)
        definitions = self.entity.definitions() if self._writes_custom(request, obj) else {}
        if definitions:
            base = kwargs.pop("form", self.form)
            kwargs["form"] = type(base.__name__, (base,), dict(custom.inputs_of(definitions, actor)))
        form = super().get_form(request, obj, change, **kwargs)
        about = {"entity": self.entity, "actor": actor, "at": clock.now(), "definitions": definitions}
        return type(form.__name__, (form,), about)

    # What is done

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """The form has called the service."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Softly."""
        self._writes().delete(actor=actor_of(request), record_id=obj.pk, at=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """All or none."""
        with transaction.atomic():
            for obj in queryset.order_by("pk"):
                self.delete_model(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A refusal is shown on the record's page."""
        return self._refusable(request, lambda: super(RecordAdmin, self).delete_view(request, object_id, extra_context))

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """A refusal is shown on the list."""
        return self._refusable(request, lambda: super(RecordAdmin, self).response_action(request, queryset))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Restoring is offered wherever there is something to restore."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_restore_permission(request) and "_popup" not in request.GET:
            actions["restore_selected"] = self.get_action("restore_selected")
        return actions

    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Bring deleted records back; all or none."""
        with transaction.atomic():
            ids = list(queryset.filter(deleted_at__isnull=False).order_by("pk").values_list("pk", flat=True))
            for record_id in ids:
                self._writes().restore(actor=actor_of(request), record_id=record_id, at=clock.now())
        self.message_user(request, f"{len(ids)} restored.", messages.SUCCESS)

    restore_selected.short_description = "Restore selected"  # type: ignore[attr-defined]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Nothing hangs on a soft deletion, so there is nothing to collect."""
        names = [str(obj) for obj in objs]
        denied = not all(self.has_delete_permission(request, obj) for obj in objs)
        verbose = str(self.opts.verbose_name)
        return names, {str(self.opts.verbose_name_plural): len(names)}, {verbose} if denied else set(), []

    def _refusable(self, request: HttpRequest, call: Callable[[], Any]) -> HttpResponse:
        try:
            with transaction.atomic():
                return cast("HttpResponse", call())
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _writes(self) -> Any:
        if self.entity.writes is None:
            raise TypeError(f"{self.entity.name} has no writes")
        return self.entity.writes

    # What is known of it

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the record's header, its operations, and the tabs of what is known of it."""
        obj = kwargs.get("obj")
        if obj is not None and obj.pk is not None and not kwargs.get("add") and "_popup" not in request.GET:
            context["header"] = self.header_of(request, obj)
            context["operations"] = self.operations_of(request, obj)
            context |= self.tabs_of(request, obj)
            context["panels_beside"] = self.panels_beside
        return cast("HttpResponse", super().render_change_form(request, context, *args, **kwargs))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the record's page."""
        return HttpResponseRedirect("../change/")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The record's own history tells it, for every door alike."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The record's own history tells it, for every door alike."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """The record's own history tells it, for every door alike."""
