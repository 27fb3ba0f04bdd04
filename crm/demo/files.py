"""Reading the shipped files."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

DATA = Path(__file__).with_name("data")


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of `data/<name>.csv.gz`, by column name."""
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def moment(text: str) -> datetime | None:
    """A date or moment of the data, taken as UTC; None where it is empty."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
