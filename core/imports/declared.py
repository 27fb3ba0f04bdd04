"""Imports and kept mappings in both APIs."""

from __future__ import annotations

from typing import Any

from core.imports import problems
from core.imports.service import import_mappings, imports
from core.models.imports import Import, ImportMapping
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Download, Id, Json, Text, Upload

_FREE = Json(max_nodes=20_000)
_ANY = Json(max_depth=10, max_nodes=100_000, objects_only=False)
_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}


def _verb(name: str, path: str, run: Any, doc: str) -> Operation:
    return Operation(name=f"{name}_import", path=path, run=run, entity="import", action=name, on_record=True, doc=doc)


IMPORT = Entity(
    name="import",
    plural="imports",
    model=Import,
    doc="A file on its way to becoming records.",
    fields=(
        field(Import, "id", sortable=True, **_READ_ONLY),
        field(Import, "created_at", sortable=True, groupable=True, **_READ_ONLY),
        field(Import, "updated_at", sortable=True, groupable=True, **_READ_ONLY),
        field(Import, "version", **_READ_ONLY),
        field(Import, "deleted_at", **_READ_ONLY),
        field(Import, "name", **_READ_ONLY),
        field(Import, "entity", groupable=True, **_READ_ONLY),
        field(Import, "format", groupable=True, **_READ_ONLY),
        field(Import, "status", groupable=True, **_READ_ONLY),
        Field(
            "size",
            Text(),
            "In bytes, as it came.",
            nullable=False,
            filterable=False,
            sql="{t}.size::text",
            writable=False,
        ),
        field(Import, "sha256", **_READ_ONLY),
        field(Import, "rows", **_READ_ONLY),
        *(
            field(Import, name, type=_ANY, filterable=False, **_READ_ONLY)
            for name in ("columns", "layout", "questions", "notices", "preview", "report")
        ),
        field(Import, "mapping", type=_FREE, filterable=False),
        field(Import, "options", type=_FREE, filterable=False),
        field(Import, "duplicate_of_id", reference="import", doc="An earlier import of the same file.", **_READ_ONLY),
        Field("job_id", Id(), "The job of the last dry run or commit.", reference="job", writable=False),
        field(Import, "owner_id", **_READ_ONLY),
        field(Import, "expires_at", sortable=True, **_READ_ONLY),
    ),
    relations=(one("job", "job", doc="The work on it."), one("duplicate_of", "import", doc="The same file, earlier.")),
    verbs=frozenset({"update", "delete"}),
    writes=imports,
    keys=(),
    identity="name",
    search_fields=("name",),
    feeds=[problems.feed()],
    operations=[
        Operation(
            name="create_import",
            path="imports",
            run=imports.take,
            entity="import",
            action="upload",
            input=(
                Field("file", Upload(), "CSV or XLSX, also packed by gzip.", nullable=False, required=True),
                Field("entity", Text(max_length=63), "What its rows become.", nullable=False, required=True),
                Field("mapping", _FREE, "Column -> field, custom.<key> or <relation>.<key>; null to leave one out."),
                Field("options", _FREE, "How the file is read and written."),
            ),
            status=201,
            doc="Take in a file. The answer tells what was found out, what is suggested, and a preview.",
        ),
        _verb("dry_run", "dry-run", imports.dry_run, "Check every row, and write nothing."),
        _verb("commit", "commit", imports.commit, "Write the rows, in the background."),
        _verb("cancel", "cancel", imports.cancel, "Stop between two chunks; what is in stays in."),
        Operation(
            name="import_errors",
            path="errors",
            run=problems.as_file,
            entity="import",
            action="view",
            kind=OperationKind.QUERY,
            method="GET",
            on_record=True,
            output=Download(),
            doc="The rows that could not be imported, as CSV in the file's own columns and two more.",
        ),
    ],
)

IMPORT_MAPPING = Entity(
    name="import_mapping",
    plural="import-mappings",
    model=ImportMapping,
    doc="A mapping with a name, proposed for files with the same columns.",
    fields=(
        field(ImportMapping, "id", sortable=True, **_READ_ONLY),
        field(ImportMapping, "external_id"),
        field(ImportMapping, "created_at", sortable=True, groupable=True, **_READ_ONLY),
        field(ImportMapping, "updated_at", sortable=True, groupable=True, **_READ_ONLY),
        field(ImportMapping, "version", **_READ_ONLY),
        field(ImportMapping, "deleted_at", **_READ_ONLY),
        field(ImportMapping, "name"),
        field(ImportMapping, "entity", groupable=True, create_only=True),
        field(ImportMapping, "signature", create_only=True),
        field(ImportMapping, "mapping", type=_FREE, filterable=False),
        field(ImportMapping, "options", type=_FREE, filterable=False),
        field(ImportMapping, "owner_id", **_READ_ONLY),
    ),
    writes=import_mappings,
    keys=(),
    identity="name",
    search_fields=("name",),
)
