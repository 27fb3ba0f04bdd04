"""Which of the organisation's own and of the computed fields slices can be cut by, and where the store is."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from core import registry
from core.registry import types

FOLDER = "slices"
# Values that are one word or number each.
_SINGLE = (types.Text, types.Choice, types.Boolean, types.Number, types.ExactNumber, types.Integer, types.Date)


def root() -> Path:
    """The folder of the store."""
    return Path(settings.LAKE_ROOT) / FOLDER


def custom_keys() -> tuple[str, ...]:
    """The custom fields of contacts that are dimensions: those with one plain value."""
    definitions = registry.entity("contact").definitions()
    return tuple(
        key for key, item in definitions.items() if item.target is None and isinstance(item.type, _SINGLE)
    )  # fmt: skip


def dimension_names() -> frozenset[str]:
    """The computed fields of contacts that are dimensions: those that records are grouped by too."""
    return frozenset(item.name for item in registry.entity("contact_metrics").fields if item.groupable)
