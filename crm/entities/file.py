"""Files: metadata as a record, the content sent and fetched by calls of its own."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Download, Upload
from crm.entities import common
from crm.entities.work import SUBJECT_RELATIONS
from crm.models import File
from crm.models.file import PLACES
from crm.services.files import content, files

_PLACES = tuple(common.reference(File, f"{name}_id", name, create_only=True) for name in (*PLACES, "note"))

FILE = Entity(
    name="file",
    plural="files",
    model=File,
    doc="A file on a record. Its type is found by looking at its content.",
    fields=(
        *common.record_fields(File),
        field(File, "name", sortable=True),
        field(File, "description"),
        field(File, "media_type", groupable=True, **common.READ_ONLY),
        field(File, "size", sortable=True, **common.READ_ONLY),
        field(File, "sha256", **common.READ_ONLY),
        common.reference(File, "author_id", "user", **common.READ_ONLY),
        *_PLACES,
        field(File, "purged_at", **common.READ_ONLY),
    ),
    relations=(
        one("author", "user", doc="Who sent it."),
        *SUBJECT_RELATIONS,
        one("interaction", "interaction", doc="The interaction it is about."),
        one("note", "note", doc="The note it belongs to."),
    ),
    writes=files,
    verbs=frozenset({"update", "delete", "restore"}),
    search_fields=("name",),
    identity="name",
    operations=[
        Operation(
            name="upload_file",
            path="files",
            run=files.upload,
            entity="file",
            action="create",
            input=(
                Field("file", Upload(limit="file"), "The file.", nullable=False, required=True),
                field(File, "name", required=False, nullable=True, doc="Another name than the sender's."),
                field(File, "description"),
                field(File, "external_id"),
                *_PLACES,
            ),
            status=201,
            doc="Attach a file to one record, or to a note and the record that it is on.",
        ),
        Operation(
            name="file_content",
            path="content",
            run=content,
            entity="file",
            action="view",
            kind=OperationKind.QUERY,
            method="GET",
            on_record=True,
            output=Download(),
            doc="The content of a file, to be saved and never to be shown in place.",
        ),
    ],
)
