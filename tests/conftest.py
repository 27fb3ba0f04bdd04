"""Services for the whole suite: one PostgreSQL and one Valkey, a database and a cache for each worker."""

import os
import tempfile

# Before pytest-django reads the settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["BIFOCAL_ENV"] = "test"
# Files that tests store; workers that they start find them there too.
os.environ.setdefault("MEDIA_ROOT", tempfile.mkdtemp(prefix="bifocal-test-media-"))

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from pytest_django.plugin import DjangoDbBlocker

from tests.support import cleaning, databases, services


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the controller; its workers inherit their addresses."""
    if config.getoption("help", default=False):
        return
    if not config.option.collectonly:
        services.start_for(config)
    # Read now that the addresses are known: pytest-django then sets Django up.
    assert settings.DATABASES


def pytest_sessionstart(session: pytest.Session) -> None:
    """Only now Django is set up, which these fixtures need to be imported."""
    session.config.pluginmanager.import_plugin("tests.support.fixtures")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, worker_id: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give this worker a copy of the migrated template database."""
    with django_db_blocker.unblock():
        name = databases.create_copy(worker_id, rebuild=request.config.getvalue("create_db"))
        cleaning.clean_after_tests_that_commit()
    yield
    with django_db_blocker.unblock():
        databases.drop_copy(name)


@pytest.fixture
def clean_cache() -> Iterator[None]:
    """An empty cache of this worker's own, before and after."""
    cache.clear()
    yield
    cache.clear()
