"""Writes the descriptions of both APIs, or says whether the committed ones are out of date."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from core.rest.openapi import document


class Command(BaseCommand):
    """`manage.py export_schemas [--check]`."""

    help = "Write openapi.yaml and schema.graphql, or check with --check that they are up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The arguments."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
        parser.add_argument("--directory", type=Path, default=Path(settings.BASE_DIR), help="where the files are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        stale = []
        for name, content in _schemas():
            path: Path = options["directory"] / name
            if path.exists() and path.read_bytes() == content:
                continue
            stale.append(name)
            if not options["check"]:
                path.write_bytes(content)
                self.stdout.write(f"wrote {name}")
        if options["check"] and stale:
            raise CommandError(f"{' and '.join(stale)} out of date: run `make schema`.")


def _schemas() -> Iterator[tuple[str, bytes]]:
    yield "openapi.yaml", document.as_yaml()
    schema = settings.GRAPHENE.get("SCHEMA")
    if schema:
        found = import_string(schema) if isinstance(schema, str) else schema
        yield "schema.graphql", f"{str(found).strip()}\n".encode()
