"""Who else holds personal data, outside of records: the lake, files of imports and exports, stores of other apps.

Each registers a holder in its app's `ready`. After a person was erased every holder is asked to forget them, again and
again until it says that nothing is left, also after a kill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Subject:
    """Who was erased: the ids of the person and of those merged into them, and keyed hashes of their addresses.

    `knows(channel, address)` tells whether an address, as somebody wrote it, was theirs.
    """

    ids: frozenset[UUID]
    erased_at: datetime
    knows: Callable[[str, str], bool] = field(default=lambda channel, address: False, compare=False)


@dataclass(frozen=True)
class Holder:
    """forget(subject, at): remove what is held; True once nothing is left. Called until then, so it is idempotent.

    tell(person_id): what is held of a person, for the export of their data, as JSON objects.
    """

    name: str
    forget: Callable[[Subject, datetime], bool]
    tell: Callable[[UUID], Sequence[Mapping[str, Any]]] | None = None


_holders: dict[str, Holder] = {}


def register(holder: Holder) -> None:
    """Add a holder; a second one of the same name is a programming error."""
    if _holders.get(holder.name, holder) is not holder:
        raise ValueError(f"holder {holder.name!r} exists")
    _holders[holder.name] = holder


def unregister(name: str) -> None:
    """Undo `register`."""
    _holders.pop(name, None)


def holders() -> Iterator[Holder]:
    """All holders, by name."""
    return iter([_holders[name] for name in sorted(_holders)])
