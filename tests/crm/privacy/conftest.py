"""Storages and a lake of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path) -> Path:
    """Where files lie during the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LAKE_ROOT = tmp_path / "lake"
    ledger = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path / "ledger"}}
    settings.STORAGES = {**settings.STORAGES, "ledger": ledger}
    return tmp_path
