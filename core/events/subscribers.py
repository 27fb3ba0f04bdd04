"""Who is told of which events. Apps subscribe in `ready`; handlers are idempotent, since delivery is at least once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from core.models.outbox import OutboxEvent

Handler = Callable[[OutboxEvent], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler of events whose names match `pattern` ("deal.*"). `name` is stable: retries are counted under it."""

    name: str
    pattern: str
    handler: Handler


_subscriptions: dict[str, Subscription] = {}


def subscribe(pattern: str, *, name: str, handler: Handler) -> None:
    """Have `handler` called for every matching event. A second subscription of one name is a programming error."""
    if name in _subscriptions:
        raise ValueError(f"subscriber {name!r} exists")
    _subscriptions[name] = Subscription(name, pattern, handler)


def unsubscribe(name: str) -> None:
    """Undo `subscribe`."""
    _subscriptions.pop(name, None)


def matching(event_name: str) -> list[Subscription]:
    """The subscriptions to an event, by name."""
    return [item for _, item in sorted(_subscriptions.items()) if fnmatchcase(event_name, item.pattern)]
