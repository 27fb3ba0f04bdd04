"""What is committed is what the code makes: schemas, migrations, layers, settings for production."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.migrations.loader import MigrationLoader
from graphql import build_schema, validate_schema
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.embedded.home import PROJECT

APPS = [config.label for config in apps.get_app_configs() if Path(config.path).parent == PROJECT]


def test_the_committed_schemas_are_what_the_code_makes(tmp_path: Path) -> None:
    try:
        call_command("export_schemas", check=True, stdout=StringIO())
    except CommandError as stale:
        pytest.fail(str(stale))


def test_the_openapi_document_is_valid_and_complete() -> None:
    document = yaml.safe_load((PROJECT / "openapi.yaml").read_text())
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    ids = [call["operationId"] for path in document["paths"].values() for call in path.values() if "responses" in call]
    assert len(ids) == len(set(ids))


def test_the_sdl_parses_into_a_valid_schema() -> None:
    assert validate_schema(build_schema((PROJECT / "schema.graphql").read_text())) == []


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    told = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=told, stderr=told)
    except SystemExit:
        pytest.fail(told.getvalue())


@pytest.mark.parametrize("label", APPS)
def test_migrations_follow_each_other_in_one_line(label: str) -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    leaves = loader.graph.leaf_nodes(label)
    assert len(leaves) <= 1
    names = [name for app, name in loader.graph.nodes if app == label]
    for name in names:
        parents = [key for key in loader.graph.node_map[(label, name)].parents if key.key[0] == label]
        assert len(parents) == (0 if name.startswith("0001") else 1), name


def _run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "BIFOCAL_"))}
    return subprocess.run(  # noqa: PLW1510 - its code is looked at
        command, cwd=PROJECT, env=inherited | variables, capture_output=True, text=True, timeout=120
    )


def test_production_settings_pass_the_deployment_check() -> None:
    done = _run(
        sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        BIFOCAL_ENV="production",
        SECRET_KEY="k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        PRIVACY_HASH_KEY="h" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        ALLOWED_HOSTS="crm.example.com",
        DATABASE_URL=os.environ["DATABASE_URL"],
        BROKER_URL=os.environ["BROKER_URL"],
        CACHE_URL=os.environ["CACHE_URL"],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_production_does_not_start_without_its_secrets() -> None:
    done = _run(sys.executable, "manage.py", "check", BIFOCAL_ENV="production", SECRET_KEY="", DATABASE_URL="")
    assert done.returncode != 0
    assert "must be set" in done.stdout + done.stderr


def test_layers_import_only_what_stands_below_them() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = _run(str(linter), "--no-cache", BIFOCAL_ENV="development")
    assert done.returncode == 0, done.stdout + done.stderr


def test_debugging_is_off_in_tests_as_in_production() -> None:
    assert settings.DEBUG is False
