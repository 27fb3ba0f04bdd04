"""The description of the API with the custom fields that are defined now."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from core import registry
from core.registry.custom import CustomDefinition, Definitions
from core.registry.entities import Entity
from core.rest.openapi import document
from core.rest.openapi.schemas import Components, Schema, closed, or_null, ref

FORMATS = {"json": document.json_of, "yaml": document.yaml_of}


def served(form: str) -> bytes:
    """The description as JSON or YAML. It is made anew when the definitions have changed."""
    return _made(registry.custom_revision(), form)


@lru_cache(maxsize=4)
def _made(revision: str, form: str) -> bytes:
    found = registry.custom_definitions() if revision else {}
    return FORMATS[form](_with_custom(found) if found else document.document())


def _with_custom(found: dict[str, Definitions]) -> Schema:
    result = copy.deepcopy(document.document())
    schemas = result["components"]["schemas"]
    for name, definitions in found.items():
        entity = registry.entity(name)
        column, title = str(entity.custom_column), f"{entity.title}Custom"
        schemas[title] = _object(entity, definitions, output=True)
        schemas[f"{title}Input"] = _object(entity, definitions, output=False)
        for kind, shown in ((entity.title, title), *((f"{entity.title}{verb}", f"{title}Input") for verb in _VERBS)):
            properties: Any = schemas.get(kind, {}).get("properties", {})
            if column in properties:
                properties[column] = ref(shown) | {"description": properties[column].get("description", "")}
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


_VERBS = ("Create", "Update")


def _object(entity: Entity, definitions: Definitions, *, output: bool) -> Schema:
    properties = {key: _value(item, output=output) for key, item in definitions.items()}
    schema = closed(properties, doc=f"The custom fields of {entity.plural.replace('-', ' ')}.")
    # A record may hold what was stored past the definitions.
    return schema | {"additionalProperties": True} if output else schema


def _value(item: CustomDefinition, *, output: bool) -> Schema:
    schema = or_null(Components().of(item.type, output=output))
    note = f" The id of a record of the kind {item.target}." if item.target else ""
    return schema | {"title": item.label, "description": f"{item.doc}{note}"}
