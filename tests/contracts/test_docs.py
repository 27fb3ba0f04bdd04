"""What the documents name exists: links, files, make targets, commands, addresses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from core.embedded.home import PROJECT

DOCUMENTS = sorted({*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")})
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_MAKE = re.compile(r"\bmake ([a-z]+)\b(?=[^a-z ]|$| [A-Z]+=)", re.MULTILINE)
_MANAGE = re.compile(r"manage\.py ([a-z_]+)")
_ADDRESS = re.compile(r"(?:127\.0\.0\.1:\d+|localhost:\d+|\$[A-Z_]+)(/(?:api|graphql|admin)[a-z0-9/_-]*)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    missing = [
        link
        for link in _LINK.findall(text)
        if not link.startswith(("http://", "https://", "#", "mailto:"))
        and not (document.parent / link.partition("#")[0]).exists()
    ]
    assert missing == []
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    assert set(_MAKE.findall(code)) <= targets
    assert set(_MANAGE.findall(code)) <= set(get_commands())
    assert [address for address in _ADDRESS.findall(code) if not _is_served(address)] == []


def _is_served(address: str) -> bool:
    for candidate in (address, f"{address}/"):
        try:
            match = resolve(candidate)
        except Resolver404:
            continue
        if match.func.__name__ != "NothingHere" and getattr(match.func, "view_class", None).__name__ != "NothingHere":
            return True
    return False
