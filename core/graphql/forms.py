"""Requests with files: the GraphQL multipart request specification (form fields `operations`, `map`, and the files)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from core import body
from core.errors import BadRequest

_OPERATIONS, _MAP = "operations", "map"
MAX_FILES = 10


class InvalidForm(BadRequest):
    """The parts of the form do not fit together."""

    code = "invalid_request"
    title = "Send `operations`, `map` and the files, as the GraphQL multipart request specification has it."


def content_of(request: HttpRequest) -> Any:
    """The request as JSON would have it, with the files where `map` puts them. Raises a BadRequest."""
    texts, files = body.form(request)
    if set(texts) != {_OPERATIONS, _MAP}:
        raise InvalidForm(f"Besides the files there must be the fields {_OPERATIONS} and {_MAP}.")
    content = body.parse_json(texts[_OPERATIONS].encode("utf-8", "surrogatepass"))
    places = body.parse_json(texts[_MAP].encode("utf-8", "surrogatepass"))
    if not isinstance(content, dict) or not isinstance(places, dict):
        raise InvalidForm(f"{_OPERATIONS} and {_MAP} must be objects.")
    if set(places) != set(files) or len(files) > MAX_FILES:
        raise InvalidForm(f"{_MAP} must name every file, and there may be at most {MAX_FILES}.")
    for name, paths in places.items():
        if not isinstance(paths, list) or not paths:
            raise InvalidForm(f"{_MAP} must give a list of places for each file.")
        for path in paths:
            _put(content, path, files[name])
    return content


def _put(content: dict[str, Any], path: Any, file: Any) -> None:
    """Put the file into the variables, where there must be a null."""
    steps = path.split(".") if isinstance(path, str) else []
    if len(steps) < 2 or steps[0] != "variables":
        raise InvalidForm("A place is written variables.<name>.")
    target: Any = content
    for step in steps[:-1]:
        target = _step(target, step)
    last = steps[-1]
    if _step(target, last) is not None:
        raise InvalidForm(f"{path[:100]!r} must be null in {_OPERATIONS}.")
    target[int(last) if isinstance(target, list) else last] = file


def _step(target: Any, step: str) -> Any:
    try:
        if isinstance(target, list) and step.isascii() and step.isdecimal():
            return target[int(step)]
        if isinstance(target, dict):
            return target[step]
    except (KeyError, IndexError, ValueError):
        pass
    raise InvalidForm(f"There is no {step[:100]!r} in the variables.")
