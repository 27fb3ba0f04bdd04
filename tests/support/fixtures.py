"""Fixtures on shared data. Test modules name them with `pytest.mark.usefixtures` or as arguments.

Registered by tests/conftest.py once Django is set up: a conftest of a folder may be read before that.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.support import shared
from tests.support.people import Company
from tests.support.samples import Samples


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    """One organisation for all tests of a module, with custom fields of every type; the clock stands still."""
    with shared.shared_database(django_db_blocker), shared.stopped_clock(), shared.without_limits():
        samples = Samples()
        for entity in ("company", "contact", "deal"):
            for kind in ("text", "number", "date", "boolean", "choice"):
                choices = ["gold", "silver"] if kind == "choice" else []
                samples.make("custom_field", entity=entity, key=f"a_{kind}", type=kind, choices=choices)
        yield Company()


@pytest.fixture
def undone(company: Company) -> Iterator[None]:
    """Every test leaves the shared data as it found it."""
    with shared.undone():
        yield
