"""How operations, which are declared one by one, are described."""

from __future__ import annotations

from core import registry
from core.body import FORM
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.operations import Operation, OperationKind
from core.registry.types import Download, TextList, Upload
from core.rest.openapi import parts
from core.rest.openapi.schemas import Components, Schema, ref


def describe(operation: Operation, path: str) -> Schema:
    """One operation at this path."""
    known = {entity.name: entity for entity in registry.entities()}
    entity = known.get(operation.entity)
    tag = (operation.tags or (entity.plural if entity else path.split("/")[3],))[0]
    in_path = [item for item in operation.input if f"{{{item.name}}}" in path]
    rest = [item for item in operation.input if item not in in_path]
    parameters = [parts.path_id(entity)] if operation.on_record and entity else []
    parameters += [_parameter(item, "path") for item in in_path]
    refusals: set[int] = {404, 409, 422}
    body: Schema | None = None
    if operation.method == "GET":
        parameters += [_parameter(item, "query") for item in rest]
    else:
        body = Components().input(rest)
        refusals |= {413, 415}
    if operation.kind is OperationKind.MUTATION:
        parameters += parts.shared("IdempotencyKey", *(["IfMatch"] if operation.on_record else []))
        refusals |= {412} if operation.on_record else set()
    return parts.call(
        parts.camel(operation.name),
        tag,
        operation.doc or operation.name.replace("_", " ").capitalize() + ".",
        answers={str(operation.status): _result(operation, entity)},
        parameters=parameters,
        body=body,
        body_required=any(item.required for item in rest),
        media_type=FORM if any(isinstance(item.type, Upload) for item in rest) else "application/json",
        refusals=refusals,
    )


def _result(operation: Operation, entity: Entity | None) -> Schema:
    replayed = ("Idempotent-Replayed",) if operation.kind is OperationKind.MUTATION else ()
    if isinstance(operation.output, Download):
        return parts.file("The file.")
    if operation.output is not None:
        return parts.answer(Components().of(operation.output, output=True), "Done.", *replayed)
    if entity is None or operation.status == 204:
        return {"description": "Done.", "headers": parts.headers(*replayed)}
    return parts.answer(ref(entity.title), "The record as it is now.", "ETag", *replayed)


def _parameter(item: Field, where: str) -> Schema:
    parameter: Schema = {"name": item.name, "in": where, "schema": dict(item.type.json_schema())}
    if where == "path" or item.required:
        parameter["required"] = True
    if isinstance(item.type, TextList):
        parameter |= {"style": "form", "explode": False}
    return parameter | ({"description": item.doc} if item.doc else {})
