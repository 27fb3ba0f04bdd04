"""A lake of its own for every test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def lake_root(settings: Any, tmp_path: Path) -> Path:
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.ANALYTICS_MEMORY_LIMIT = "512MB"
    return tmp_path / "lake"
