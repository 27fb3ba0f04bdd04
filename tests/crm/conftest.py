"""What most tests of the customer record start from."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crm.models import Company, Contact, Pipeline, Product


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def maker(db: None) -> ModuleType:
    """Imported late, because this file is read before Django is set up."""
    return import_module("tests.crm.make")


@pytest.fixture
def company(maker: ModuleType, at: datetime) -> Company:
    made: Company = maker.company(at, name="Acme")
    return made


@pytest.fixture
def contact(maker: ModuleType, at: datetime) -> Contact:
    made: Contact = maker.contact(at, first_name="Ada", last_name="Alder", email="ada@example.com")
    return made


@pytest.fixture
def product(maker: ModuleType, at: datetime) -> Product:
    made: Product = maker.product(at, name="Tea", unit_price="3.33", unit_cost="1.20")
    return made


@pytest.fixture
def pipeline(maker: ModuleType, at: datetime) -> Pipeline:
    made: Pipeline = maker.pipeline(at)
    return made
