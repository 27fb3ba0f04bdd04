"""Request bodies: strict JSON in UTF-8 of bounded size, for REST and GraphQL alike."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from core.errors import BadRequest, MalformedBody, TooLarge, UnsupportedMediaType

MEGABYTE = 1024 * 1024
FORM = "multipart/form-data"
_DEFAULTS = {"batch": 10 * MEGABYTE, "upload": 25 * MEGABYTE}


class LengthRequired(BadRequest):
    """A body without its length is never read."""

    code = "length_required"
    status = 411
    title = "Send the length of the body in Content-Length."


def limit_of(kind: str = "default") -> int:
    """How many bytes a body of this kind may have, by setting."""
    limits: dict[str, int] = getattr(settings, "BIFOCAL_BODY_LIMITS", {})
    return limits.get(kind, _DEFAULTS.get(kind, MEGABYTE))


def is_form(request: HttpRequest) -> bool:
    """Whether the body is `multipart/form-data`."""
    return str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() == FORM


def require_bounded_form(request: HttpRequest) -> None:
    """Refuse a form that is too large before anything reads it. Raises TooLarge or LengthRequired."""
    if not is_form(request):
        return
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        raise LengthRequired
    # The parts' own headers and the other fields come on top of the file.
    most = limit_of("upload") + MEGABYTE
    if int(length) > most:
        raise TooLarge(f"The body may have at most {most} bytes.", limit=most)


def form(request: HttpRequest) -> tuple[dict[str, str], dict[str, UploadedFile[Any]]]:
    """The text fields and the files of a `multipart/form-data` body, each name given once.

    Raises UnsupportedMediaType, TooLarge, LengthRequired or MalformedBody.
    """
    if not is_form(request):
        raise UnsupportedMediaType("Send multipart/form-data.")
    require_bounded_form(request)
    try:
        texts, files = request.POST, request.FILES
    except RequestDataTooBig:
        raise TooLarge("The fields beside the file are too large.") from None
    except (MultiPartParserError, UnreadablePostError, SuspiciousOperation, UnicodeError) as error:
        raise MalformedBody(f"The body is not valid multipart/form-data: {error}") from None
    names = [*texts, *files]
    repeated = [name for name in names if names.count(name) > 1 or len(texts.getlist(name) or files.getlist(name)) > 1]
    if repeated:
        raise MalformedBody(f"The part {repeated[0][:100]!r} is there twice.")
    return {name: str(texts[name]) for name in texts}, {name: cast("UploadedFile[Any]", files[name]) for name in files}


def digest_of_form(request: HttpRequest) -> str:
    """A digest of what the form says and of its files' content, whatever the boundary between its parts."""
    texts, files = form(request)
    digest = hashlib.sha256(orjson.dumps(sorted(texts.items())))
    for name, file in sorted(files.items()):
        content = hashlib.sha256()
        for chunk in file.chunks():
            content.update(chunk)
        file.seek(0)
        digest.update(orjson.dumps([name, file.name, content.hexdigest()]))
    return digest.hexdigest()


def read_json(request: HttpRequest, *, limit: int) -> Any:
    """The JSON value in the body of the request.

    Raises UnsupportedMediaType, TooLarge, LengthRequired or MalformedBody.
    """
    _require_json(request)
    return parse_json(read(request, limit=limit))


def read(request: HttpRequest, *, limit: int) -> bytes:
    """The raw body, if it is not larger than the limit. Raises TooLarge or LengthRequired."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired
    if length.isdigit() and int(length) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.", limit=limit)
    try:
        content = request.body
    except UnreadablePostError:
        raise MalformedBody("The body ended too soon.") from None
    if len(content) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.", limit=limit)
    return content


def parse_json(content: bytes) -> Any:
    """The JSON value of these bytes. Raises MalformedBody for anything that is not plain, unambiguous JSON in UTF-8."""
    if not content:
        raise MalformedBody("The body is empty; send a JSON document.")
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON in UTF-8: {error}.") from None
    if content[:1] not in b'"0123456789-tfn':
        _refuse_repeated_names(content)
    return value


def _refuse_repeated_names(content: bytes) -> None:
    """The parser above keeps the last of two equal names: which one was meant, nobody knows."""
    try:
        _NAMES.decode(content.decode())
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        seen: set[str] = set()
        repeated = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedBody(f"The name {repeated[:100]!r} occurs twice in one object.")
    return names


_NAMES = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=len, parse_float=len)


def _require_json(request: HttpRequest) -> None:
    media_type, _, parameters = request.META.get("CONTENT_TYPE", "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise UnsupportedMediaType
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset" and value.strip('" ').lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType("JSON is sent in UTF-8.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType("Compressed bodies are not supported.")
