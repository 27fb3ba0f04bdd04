"""Addresses under /api/v1/, made from the registry when the URL configuration is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver, include, path

from core import registry
from core.registry.entities import Entity, Feed
from core.registry.operations import Operation
from core.rest import filtering
from core.rest.base import ApiView, NothingHere
from core.rest.downloads import DownloadView
from core.rest.openapi.views import DocsView, SchemaView
from core.rest.operations import OperationView
from core.rest.records import (
    AggregateView,
    BatchView,
    CollectionView,
    EntityView,
    FeedView,
    RecordView,
    RestoreView,
    SearchView,
)

PREFIX = "api/v1/"
_RECORD = "<uuid:record_id>"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ALWAYS = ("head", "options")

Views = dict[str, type[ApiView]]


def urlpatterns() -> list[URLPattern | URLResolver]:
    """Every address of the API, the ones that nobody declared included."""
    return [
        _BySegment.of(path(PREFIX, include(([*_by_first_segment(declared_views())], "rest")))),
        path("api/<path:rest>", NothingHere.as_view()),
        path("api", NothingHere.as_view()),
    ]


class _BySegment(URLResolver):
    """Looks up the first segment below the prefix, where Django would compare with one pattern after the other."""

    @classmethod
    def of(cls, plain: URLResolver) -> _BySegment:
        return cls(plain.pattern, plain.urlconf_name, plain.default_kwargs, plain.app_name, plain.namespace)

    @cached_property
    def _below(self) -> dict[str, URLResolver]:
        below: dict[str, list[URLPattern | URLResolver]] = {}
        for item in self.url_patterns:
            below.setdefault(str(item.pattern).partition("/")[0], []).append(item)
        names = self.default_kwargs, self.app_name, self.namespace
        return {segment: URLResolver(self.pattern, found, *names) for segment, found in below.items()}

    def resolve(self, path: str) -> ResolverMatch:
        segment = path.removeprefix(PREFIX).partition("/")[0]
        if path.startswith(PREFIX) and segment in self._below:
            return self._below[segment].resolve(path)
        return super().resolve(path)


def _by_first_segment(views: Views) -> Iterator[URLPattern | URLResolver]:
    """Patterns in two levels: a request is compared with a few dozen names, not with every route."""
    below: dict[str, list[URLPattern]] = {}
    for route, view in views.items():
        first, slash, rest = route.partition("/")
        if slash:
            below.setdefault(first, []).append(path(rest, view.as_view(), name=view.__name__))
        else:
            yield path(route, view.as_view(), name=view.__name__)
    for first, patterns in below.items():
        yield path(f"{first}/", include(patterns))


def declared_views() -> Views:
    """The view class of every route that the registry gives rise to."""
    views: Views = {"schema": SchemaView, "docs": DocsView, "downloads/<str:token>": DownloadView}
    for entity in registry.entities():
        views |= _entity_views(entity)
    for route, operations in _operations_by_route().items():
        views[route] = _with_operations(views.get(route), operations)
    return views


def _entity_views(entity: Entity) -> Views:
    base = entity.plural
    views: Views = {
        base: _collection(entity),
        f"{base}/search": _view(SearchView, entity, "Search", {"POST": "view"}),
        f"{base}/aggregate": _view(AggregateView, entity, "Aggregate", {"POST": "view"}),
        f"{base}/{_RECORD}": _record(entity),
    }
    if entity.writes is not None and entity.verbs:
        # What each item may do is for the item to find out; seeing records is needed to name them.
        views[f"{base}/batch"] = _view(BatchView, entity, "Batch", {})
    if entity.writes is not None and "restore" in entity.verbs:
        views[f"{base}/{_RECORD}/restore"] = _view(RestoreView, entity, "Restore", {"POST": "restore"})
    for feed in entity.feeds:
        views[f"{base}/{_RECORD}/{feed.name}"] = _view(FeedView, entity, _title(feed), {"GET": "view"}, feed=feed)
    return views


def _collection(entity: Entity) -> type[ApiView]:
    actions = {"GET": "view"}
    if entity.writes is not None and "create" in entity.verbs:
        actions["POST"] = "create"
    known = frozenset((*filtering.LIST, *filtering.equality_fields(entity))) - _unsupported(entity)
    return _view(CollectionView, entity, "Collection", actions, known=known)


def _unsupported(entity: Entity) -> set[str]:
    """Parameters of lists that make no sense for this entity."""
    unsupported = set() if entity.search_fields else {"q"}
    return unsupported if "restore" in entity.verbs else unsupported | {"deleted"}


def _record(entity: Entity) -> type[ApiView]:
    actions = {"GET": "view"}
    if entity.writes is not None:
        actions |= {m: v for m, v in (("PATCH", "update"), ("DELETE", "delete")) if v in entity.verbs}
    return _view(RecordView, entity, "Record", actions, known=RecordView.known - _unsupported(entity))


def _view(
    base: type[EntityView], entity: Entity, name: str, actions: Mapping[str, str], **attributes: Any
) -> type[ApiView]:
    """A subclass of the base for this entity, with the methods that the entity offers."""
    methods = [method.lower() for method in actions] or ["post"]
    made: dict[str, Any] = {
        "entity": entity,
        "grants": {method: (entity.name, action) for method, action in actions.items()},
        "http_method_names": [*methods, *_ALWAYS],
        "__doc__": base.__doc__,
        "__module__": base.__module__,
    }
    return type(f"{entity.title}{name}", (base,), made | attributes)


def _title(feed: Feed) -> str:
    return "".join(part.capitalize() for part in feed.name.replace("-", "_").split("_"))


def _operations_by_route() -> dict[str, dict[str, Operation]]:
    routes: dict[str, dict[str, Operation]] = {}
    for operation, route in _routed():
        routes.setdefault(route, {})[operation.method] = operation
    return routes


def _routed() -> Iterator[tuple[Operation, str]]:
    everything = [*registry.operations(), *(item for entity in registry.entities() for item in entity.operations)]
    for operation in everything:
        yield operation, _PLACEHOLDER.sub(r"<str:\1>", route_of(operation))


def route_of(operation: Operation) -> str:
    """The route of an operation below the prefix, with `{name}` for parameters in the path."""
    if not operation.on_record:
        return operation.path.strip("/")
    return f"{registry.entity(operation.entity).plural}/{_RECORD}/{operation.path.strip('/')}"


def _with_operations(view: type[ApiView] | None, operations: Mapping[str, Operation]) -> type[ApiView]:
    """The view with these methods as declared; what it did by these methods before is replaced."""
    base = view or OperationView
    bases = (base,) if issubclass(base, OperationView) else (OperationView, base)
    methods = {method.lower(): OperationView.run_operation for method in operations}
    kept = [name for name in (view.http_method_names if view else []) if name not in (*methods, *_ALWAYS)]
    first = next(iter(operations.values()))
    made: dict[str, Any] = {
        **methods,
        "operations": dict(operations),
        "grants": {**base.grants, **{method: (item.entity, item.action) for method, item in operations.items()}},
        "http_method_names": [*kept, *methods, *_ALWAYS],
        "__doc__": first.doc,
        "__module__": OperationView.__module__,
    }
    name = base.__name__ if view else "".join(part.capitalize() for part in first.name.split("_"))
    return type(name, bases, made)
