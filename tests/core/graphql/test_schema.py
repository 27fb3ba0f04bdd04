"""The schema is the registry: every entity and call in it, each name once, enums spelled as REST spells the words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    assert_valid_schema,
    build_schema,
    print_schema,
)

from config.schema import schema
from core import registry
from core.graphql import schema as building
from core.graphql.book import SchemaClash
from core.graphql.names import camel, is_enum, pascal
from core.registry.operations import Operation, OperationKind
from core.registry.types import Text


def object_type(name: str) -> GraphQLObjectType:
    found = schema.graphql_schema.get_type(name)
    assert isinstance(found, GraphQLObjectType)
    return found


def input_type(name: str) -> GraphQLInputObjectType:
    found = schema.graphql_schema.get_type(name)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def test_it_is_valid_and_survives_printing() -> None:
    assert_valid_schema(schema.graphql_schema)
    printed = print_schema(schema.graphql_schema)
    assert print_schema(build_schema(printed)) == printed
    assert print_schema(building.build().graphql_schema) == printed


def test_every_entity_is_in_it() -> None:
    queries, mutations = object_type("Query").fields, object_type("Mutation").fields
    for entity in registry.entities():
        assert {camel(entity.name), camel(entity.plural), f"{camel(entity.name)}Aggregate"} <= queries.keys()
        names = {*entity.readable_fields(), *entity.relations, *entity.feeds}
        assert object_type(entity.title).fields.keys() == {camel(item.name) for item in names}
        for verb in entity.verbs:
            assert verb + entity.title in mutations
    for operation in registry.operations():
        fields = queries if operation.kind is OperationKind.QUERY else mutations
        assert camel(operation.name) in fields


def test_relations_to_one_may_be_null() -> None:
    for entity in registry.entities():
        for relation in entity.relations:
            kind = object_type(entity.title).fields[camel(relation.name)].type
            assert isinstance(kind, GraphQLNonNull) is relation.many


def test_fields_that_need_a_grant_may_be_null() -> None:
    for entity in registry.entities():
        for item in entity.readable_fields():
            kind = object_type(entity.title).fields[camel(item.name)].type
            assert isinstance(kind, GraphQLNonNull) is not (item.nullable or item.needs is not None)


def test_enums_are_spelled_as_in_rest() -> None:
    stage = schema.graphql_schema.get_type("ContactLifecycleStage")
    assert isinstance(stage, GraphQLEnumType)
    assert all(name == value.value for name, value in stage.values.items())
    assert "marketing_qualified" in stage.values


def test_input_requires_what_rest_requires() -> None:
    create = input_type("CompanyCreateInput").fields
    assert isinstance(create["name"].type, GraphQLNonNull)
    assert not isinstance(create["industry"].type, GraphQLNonNull)
    assert not {"id", "createdAt", "version"} & create.keys()
    assert not any(isinstance(item.type, GraphQLNonNull) for item in input_type("CompanyUpdateInput").fields.values())


@pytest.fixture
def operations() -> Iterator[dict[str, Operation]]:
    before = dict(registry._operations)
    yield registry._operations
    registry._operations.clear()
    registry._operations.update(before)


def test_two_things_of_one_name_stop_the_program(operations: dict[str, Operation]) -> None:
    clashing = Operation(
        name="companies", path="x", run=dict, entity="company", action="view", kind=OperationKind.QUERY, output=Text()
    )
    operations["companies"] = clashing
    with pytest.raises(SchemaClash, match="companies"):
        building.build()
    operations["companies"] = replace(clashing, name="company_list")
    assert "companyList" in building.build().roots["Query"]


def test_names() -> None:
    assert camel("price-tiers") == "priceTiers"
    assert camel("address_line_1") == "addressLine1"
    assert pascal("created_at") == "CreatedAt"
    assert is_enum(("customer", "marketing_qualified"))
    assert not any(is_enum(words) for words in ((), ("a-b",), ("true",), ("1st",), ("__x",), ("a", "")))
