"""Nothing is offered that the generated tests do not know, and nothing is kept that the APIs do not offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from graphql import GraphQLObjectType

from config.schema import schema
from core import registry
from core.graphql.names import camel
from core.models.record import Record
from tests.contracts import calls

APPS = ("core", "accounts", "crm", "analytics", "campaigns", "extranet")

# Models that are in no API, each with the reason.
NO_ENTITY = {
    "accounts.Grant": "a part of its role, shown and written as the role's field `grants`",
    "accounts.UserRole": "a part of its user, shown and written as the user's field `roles`",
    "analytics.LakeFact": "the lake's own bookkeeping",
    "analytics.LakeFile": "the lake's own bookkeeping",
    "analytics.StoredTable": "what the storing of computed rows knows of the last time",
    "analytics.StoredElsewise": "the same",
    "analytics.SegmentMark": "what segments have yet to look at",
    "analytics.SegmentChange": "the history of a segment's size, shown by its feed `history`",
    "analytics.MetricResult": "what a run found as a whole, shown by the operations of analytics",
    "crm.MergeMove": "what is needed to undo a merge; how many rows moved is shown by the merge's field `counts`",
    "crm.FileGarbage": "what is still to be removed from the storage of files",
    "crm.TieRows": "what is needed to undo a visitor's tie; how many they are is shown by the tie's field `counts`",
    "core.DirtyMonth": "what the lake must copy again, for the lake alone",
    "crm.EventKey": "which messages came, for the events' own trigger; shown by their events",
    "core.Change": "shown record by record, as the feed `history`",
    "core.ImportProblem": "the rows with errors of an import, shown as its feed `problems` and its file of errors",
    "core.IdempotentRequest": "answers kept for repeated requests; shown by repeating one",
    "core.OutboxEvent": "on its way to subscribers",
}

# Addresses under /api that no declaration gives rise to, each with the reason.
PUBLIC_ROUTES = {
    ("schema", "GET"): "the description of the API, open to everybody by setting",
    ("docs", "GET"): "the page that shows it",
    ("downloads/<str:token>", "GET"): "a file by a link that its caller was given; tested with core.downloads",
}

# Everything beside /api, each with the reason why the matrix of calls does not hold it.
# Lead to the documentation.
BARE = [""]
OTHER_ADDRESSES = {
    "admin/": "walked by test_admin",
    "graphql": "its fields are walked, one by one",
    "accounts/": "pages of signing in, tested with accounts",
    "identity/": "the OpenID Connect provider, tested with accounts",
    ".well-known/": "the OpenID Connect provider's description, tested with accounts",
    "api/": "all that does not exist below it",
    "api": "all that does not exist below it",
}


def _own_models() -> list[Any]:
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


@pytest.mark.parametrize("model", _own_models(), ids=lambda model: model._meta.label)
def test_every_model_is_in_both_apis_or_says_why_not(model: Any) -> None:
    found = [item for item in registry.entities() if item.model is model]
    if model._meta.label in NO_ENTITY:
        assert not found, "it has become an entity: take its exemption away"
        return
    assert len(found) == 1, f"declare {model._meta.label} in an app's entities, or say why not in NO_ENTITY"
    assert issubclass(model, Record)
    (entity,) = found
    routes = {route for route, _ in rest_routes()}
    assert {entity.plural, f"{entity.plural}/{calls.RECORD}"} <= routes
    kind = schema.graphql_schema.get_type(entity.title)
    assert isinstance(kind, GraphQLObjectType)


def test_exemptions_are_of_models_that_exist() -> None:
    assert set(NO_ENTITY) <= {model._meta.label for model in _own_models()}


def test_every_route_and_method_is_known_to_the_permission_matrix() -> None:
    known = {(call.route, call.method) for call in calls.all_calls()}
    offered = set(rest_routes())
    assert offered - known - set(PUBLIC_ROUTES) == set(), "calls.py makes no call for these"
    assert (known | set(PUBLIC_ROUTES)) - offered == set(), "these are no longer offered"


def test_every_field_of_graphql_is_known_to_the_permission_matrix() -> None:
    known = {call.field for call in calls.all_calls()}
    roots = {"Query": schema.graphql_schema.query_type, "Mutation": schema.graphql_schema.mutation_type}
    offered = {f"{name}.{field}" for name, root in roots.items() if root for field in root.fields}
    assert offered - known == set(), "calls.py makes no call for these"
    feeds = {f"{item.title}.{camel(feed.name)}" for item in registry.entities() for feed in item.feeds}
    assert known - offered - feeds == set(), "these are no longer offered"


def test_every_other_address_has_its_reason() -> None:
    found = list(_first_segments(get_resolver().url_patterns))
    assert found
    unknown = [address for address in found if not any(address.startswith(known) for known in OTHER_ADDRESSES)]
    assert unknown == BARE


def _first_segments(patterns: list[Any]) -> Iterator[str]:
    for item in patterns:
        if isinstance(item, URLResolver) and str(item.pattern) == "":
            yield from _first_segments(item.url_patterns)
        else:
            yield str(item.pattern)


def test_both_apis_show_the_same_fields_and_relations() -> None:
    for entity in registry.entities():
        kind = schema.graphql_schema.get_type(entity.title)
        assert isinstance(kind, GraphQLObjectType)
        expected = {camel(item.name) for item in entity.readable_fields()}
        expected |= {camel(item.name) for item in (*entity.relations, *entity.feeds)}
        assert set(kind.fields) == expected, entity.name


def test_every_record_that_is_written_is_in_the_admin_or_says_why_not() -> None:
    absent = {
        item.name for item in registry.entities() if item.writes is not None and item.model not in admin.site._registry
    }
    assert absent == set()


def rest_routes() -> Iterator[tuple[str, str]]:
    """Every route below /api/v1/ with each of its methods."""
    for item in get_resolver().url_patterns:
        if isinstance(item, URLResolver) and str(item.pattern) == "api/v1/":
            yield from _walk(item, "")


def _walk(resolver: URLResolver, above: str) -> Iterator[tuple[str, str]]:
    for item in resolver.url_patterns:
        route = above + str(item.pattern)
        if isinstance(item, URLPattern):
            view: Any = item.callback.view_class  # type: ignore[attr-defined]
            methods = [name for name in view.http_method_names if name not in ("head", "options")]
            yield from ((route, name.upper()) for name in methods if hasattr(view, name))
        else:
            yield from _walk(item, route)
