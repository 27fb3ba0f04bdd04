"""How a file is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.registry.fields import Field, Shape
from core.registry.types import Boolean, Choice

OPTIONS = Shape(
    title="ExportOptions",
    fields=(
        Field("separator", Choice(options=(",", ";", "\t", "|")), "Between the cells of CSV.", nullable=False),
        Field("decimal", Choice(options=(".", ",")), "The decimal mark in CSV.", nullable=False),
        Field("bom", Boolean(), "Begin CSV with a byte order mark, by which Excel knows UTF-8.", nullable=False),
        Field("header", Boolean(), "Begin with the names of the columns.", nullable=False),
        Field("neutralise", Boolean(), "Put ' before text that looks like a formula (CSV, XLSX).", nullable=False),
        Field("version", Choice(options=("4.0", "3.0")), "Of vCard.", nullable=False),
    ),
)
DEFAULTS: Mapping[str, Any] = {
    "separator": ",", "decimal": ".", "bom": False, "header": True, "neutralise": True, "version": "4.0",
}  # fmt: skip
