"""The engine of this process, made anew when the definitions of custom fields have changed."""

from __future__ import annotations

import re
import threading

import structlog

from core import registry
from core.graphql.book import SchemaClash
from core.graphql.custom import NAME
from core.graphql.engine import Engine
from core.graphql.limits import Limits
from core.graphql.schema import Schema, build

# What only a request can hold that depends on the definitions: a custom field by its type, or a look at the schema.
_WORDS = (NAME[1:].encode(), b"__schema")
_TYPE = re.compile(rb"__type\b")

logger = structlog.get_logger(__name__)


class Engines:
    """Hands out the engine for a request. All others cost one search through their text."""

    def __init__(self, schema: Schema, limits: Limits | None = None) -> None:
        self._limits = limits
        self._engine = Engine(schema, limits)
        self._revision = ""
        self._lock = threading.Lock()

    def engine_for(self, request: bytes) -> Engine:
        """The engine for a request's body: as new as the definitions where they matter to it."""
        depends = any(word in request for word in _WORDS) or _TYPE.search(request)
        return self._fresh() if depends else self._engine

    def _fresh(self) -> Engine:
        revision = registry.custom_revision()
        if revision == self._revision:
            return self._engine
        with self._lock:
            if revision != self._revision:
                try:
                    self._engine = Engine(build(registry.custom_definitions()), self._limits)
                except (SchemaClash, TypeError):
                    # What was defined clashes with a name of ours: everything else goes on as before.
                    logger.exception("custom_fields_not_in_schema")
                self._revision = revision
        return self._engine
