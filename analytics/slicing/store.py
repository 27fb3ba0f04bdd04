"""The store as web processes read it: columns of numbers mapped from files, shared by all through the page cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURRENT = "current"
META = "meta.json"
# Raised when files are written differently: a store of another format is not read.
FORMAT = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Store:
    """One version of the store; never changed once it is named by `current`.

    Customers are numbered 0 to N-1 in the order of their ids. Orders stand in the order of their moments, lines in that
    of their orders. Amounts are whole cents of the base currency, quantities thousandths, moments microseconds since
    1970 in UTC. Codes count from 1 in the order of the dictionary; 0 is no value.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        self._columns: dict[str, NDArray[Any]] = {}

    @property
    def version(self) -> str:
        return self.folder.name

    @property
    def customers(self) -> int:
        return int(self.meta["customers"])

    def has(self, name: str) -> bool:
        return name in self.meta["columns"]

    def column(self, name: str) -> NDArray[Any]:
        """A column, mapped when it is first asked for. Raises KeyError."""
        found = self._columns.get(name)
        if found is None:
            if not self.has(name):
                raise KeyError(name)
            found = self._columns[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return found

    def values(self, name: str) -> list[str | None]:
        """The dictionary of a coded column, the value of code 0 (none) included."""
        return [None, *self.meta["dictionaries"][name]]

    def labels(self, name: str) -> Mapping[str, str]:
        """Names for people of a dictionary's values, where there are any."""
        found: dict[str, str] = self.meta["labels"].get(name, {})
        return found

    @cached_property
    def ids(self) -> NDArray[Any]:
        """Customers' ids as 16 bytes each, in order."""
        return self.column("ids")

    def numbers(self, ids: NDArray[Any]) -> NDArray[Any]:
        """The numbers of those of the ids (16 bytes each) that are customers here."""
        if not len(ids) or not self.customers:
            return np.zeros(0, dtype=np.int64)
        places: NDArray[Any] = np.minimum(np.searchsorted(self.ids, ids), self.customers - 1)
        found: NDArray[Any] = places[self.ids[places] == ids]
        return found


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_opened: dict[Path, Store] = {}


def opened(root: Path) -> Store | None:
    """The store that `current` names; None where there is none yet. Kept open until there is another."""
    for _ in range(3):
        try:
            name = (root / CURRENT).read_text(encoding="utf-8").strip()
            kept = _opened.get(root)
            if kept is None or kept.version != name:
                kept = Store(root / name)
                if kept.meta["format"] != FORMAT:
                    return None
                _opened[root] = kept
        except FileNotFoundError:
            # Not there, or replaced between the two readings.
            if not (root / CURRENT).exists():
                _opened.pop(root, None)
                return None
            continue
        return kept
    return None
