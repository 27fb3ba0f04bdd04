"""The whole description, as a document."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import yaml
from drf_spectacular.generators import SchemaGenerator

from core import registry
from core.rest.openapi import common
from core.rest.openapi.schemas import Components, Schema


@cache
def document() -> Schema:
    """The OpenAPI description of all addresses; the same for everybody."""
    made: Schema = SchemaGenerator().get_schema(request=None, public=True)
    return made


@cache
def as_json() -> bytes:
    """The description as JSON, without custom fields: the same for every installation."""
    return json_of(document())


@cache
def as_yaml() -> bytes:
    """The same as YAML."""
    return yaml_of(document())


def json_of(description: Schema) -> bytes:
    """As JSON."""
    return orjson.dumps(description)


def yaml_of(description: Schema) -> bytes:
    """As YAML, with long texts on one line."""
    plain = orjson.loads(json_of(description))
    text = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return str(text).encode()


# The one in C writes the same, in a fifth of the time.
_Fastest: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Fastest):  # type: ignore[misc]  # chosen when the program starts
    """Without anchors: a reader should not have to look for them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def complete(result: Schema, **context: Any) -> Schema:
    """Postprocessing hook: named components, path parameters called `id`, tags with their descriptions."""
    components = Components()
    components.all_entities()
    result["paths"] = {path.replace("{record_id}", "{id}"): item for path, item in result["paths"].items()}
    result["components"] = {
        "schemas": dict(sorted(common.schemas(components).items())),
        "responses": common.responses(),
        "parameters": common.parameters(),
        "headers": common.headers(),
        "securitySchemes": common.security(),
    }
    result["security"] = [{name: []} for name in result["components"]["securitySchemes"]]
    used = {tag for item in result["paths"].values() for call in item.values() for tag in call["tags"]}
    docs = {entity.plural: entity.doc for entity in registry.entities()}
    result["tags"] = [{"name": tag, **({"description": docs[tag]} if docs.get(tag) else {})} for tag in sorted(used)]
    result["servers"] = [{"url": "/"}]
    return result
