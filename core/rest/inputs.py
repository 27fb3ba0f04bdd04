"""The bodies of the calls that every entity has: search, batch, aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.reads import aggregates, reader
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Boolean, FieldType, Integer, Text
from core.writes import batch

DEFAULT_LIMIT = 50


@dataclass(frozen=True)
class Handed(FieldType):
    """A value that is handed on as it is to whoever checks it, and reports its faults by place; with its schema."""

    name: ClassVar[str] = "handed"
    graphql: ClassVar[str] = "JSON"
    schema: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def parse(self, value: Any) -> Any:
        """The value itself."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """What it must look like in the end."""
        return dict(self.schema)


CRITERIA = Handed(schema={"$ref": "#/components/schemas/Criteria"})
NAMES = ListOf(Text(max_length=200), 100)
ORDER = ListOf(Text(max_length=200), 4)

SEARCH = Shape(
    title="SearchRequest",
    fields=(
        Field("filter", CRITERIA, "Which records; all, where it is left out.", nullable=False),
        Field("q", Text(max_length=reader.MAX_QUERY), "Words to look for in the main texts."),
        Field("sort", ORDER, 'Field names, "-" before one for descending.', nullable=False),
        Field("limit", Integer(minimum=1, maximum=reader.MAX_LIMIT), f"Default {DEFAULT_LIMIT}.", nullable=False),
        Field("after", Text(max_length=2000), "The cursor `next` of the page before."),
        Field("fields", NAMES, "Only these fields, also of related records: company.name.", nullable=False),
        Field("expand", NAMES, "Related records to bring along, to three levels: orders.lines.", nullable=False),
        Field("deleted", Boolean(), "The deleted records instead; needs the right to restore.", nullable=False),
    ),
)
BATCH = Shape(
    title="BatchRequest",
    fields=(
        Field(
            "items",
            Handed(
                schema={
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/{batch.ITEM.title}"},
                    "maxItems": batch.MAX_ITEMS,
                }
            ),
            "Carried out in this order.",
            nullable=False,
            required=True,
        ),
        Field("atomic", Boolean(), "Undo all of it if one item fails.", nullable=False),
    ),
)
AGGREGATE = Shape(
    title="AggregateRequest",
    fields=(
        Field("filter", CRITERIA, "Which records; all, where it is left out.", nullable=False),
        Field(
            "group_by",
            Handed(
                schema={
                    "type": "array",
                    "items": {
                        "oneOf": [{"type": "string"}, {"$ref": f"#/components/schemas/{aggregates.GROUP.title}"}]
                    },
                    "maxItems": aggregates.MAX_GROUPS,
                }
            ),
            "Fields to group by, dates with a bucket.",
            nullable=False,
        ),
        Field(
            "measures",
            Handed(
                schema={
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/{aggregates.MEASURE.title}"},
                    "maxItems": aggregates.MAX_MEASURES,
                }
            ),
            "What to compute of each group; the count, where it is left out.",
            nullable=False,
        ),
        Field("sort", ORDER, 'Names of keys or values, "-" before one for descending.', nullable=False),
        Field("limit", Integer(minimum=1, maximum=aggregates.MAX_ROWS), "Groups at most; default 100.", nullable=False),
    ),
)
