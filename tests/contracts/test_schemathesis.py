"""Generated requests to every operation of the description: never our fault, always an answer as described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from pytest_django import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from yaml import safe_load

from core import registry
from core.actors import Actor, ActorKind, Door, Grant, Visibility
from core.embedded.home import PROJECT
from core.ids import new_id
from core.rest import authentication

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 3

# The committed document, which test_schemas holds to be the served one: there is no database when tests are collected.
schema = schemathesis.openapi.from_dict(safe_load((PROJECT / "openapi.yaml").read_text()))
schema.app = get_wsgi_application()


def authenticate(request: Any, door: Door) -> Actor:
    """Somebody who may do everything."""
    every = {name: (Grant(frozenset(actions), Visibility.ALL),) for name, actions in registry.grantable().items()}
    return Actor(kind=ActorKind.USER, id=new_id(), label="schemathesis", door=door, grants=every)


@pytest.fixture(autouse=True)
def open_doors(db: None, settings: Settings) -> Iterator[None]:
    settings.BIFOCAL_AUTHENTICATOR = f"{__name__}.authenticate"
    settings.BIFOCAL_RATE_LIMIT = 0
    authentication.authenticator.cache_clear()
    # As Django's own test client does: they would close the connection on which the test's transaction runs.
    for event in (signals.request_started, signals.request_finished):
        event.disconnect(close_old_connections)
    yield
    for event in (signals.request_started, signals.request_finished):
        event.connect(close_old_connections)
    authentication.authenticator.cache_clear()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.generate], database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_answers_are_as_described(case: schemathesis.Case) -> None:
    with transaction.atomic():
        case.headers["Authorization"] = "Bearer test"
        case.call_and_validate(checks=list(CHECKS))
        transaction.set_rollback(True)
