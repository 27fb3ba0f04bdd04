"""The engine: what computes steps over the lake's files, within limits of memory and threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.module_loading import import_string

from analytics.engine.session import DuckEngine, Engine, Lake
from analytics.errors import EngineFailed

__all__ = ["on_engine"]

DUCKDB, SPARK = "duckdb", "spark"
# By its name: it is an extra, and takes long to load.
_ON_SPARK = "analytics.engine.spark.on_spark"


@contextmanager
def on_engine(lake: Lake) -> Iterator[Engine]:
    """The engine that the settings name, over a lake that was opened. Raises EngineFailed where it cannot be had."""
    if settings.ANALYTICS_ENGINE == DUCKDB:
        yield DuckEngine(lake.duck)
        return
    try:
        on_spark = import_string(_ON_SPARK)
    except ImportError as error:
        raise EngineFailed(detail="ANALYTICS_ENGINE=spark needs the extra `spark` (pyspark).") from error
    with on_spark(lake) as engine:
        yield engine
