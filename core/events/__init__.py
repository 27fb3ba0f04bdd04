"""Events: published in the writer's transaction, handed to subscribers at least once."""

from core.events.outbox import Event, publish
from core.events.subscribers import subscribe

__all__ = ["Event", "publish", "subscribe"]
