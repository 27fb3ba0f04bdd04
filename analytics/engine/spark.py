"""Apache Spark as the engine: the same definitions, translated, on a master that the settings name.

Spark reads the lake's files and writes what it computes under LAKE_ROOT: its driver (the worker that carries out the
computation) and its executors must all see that folder at the same path. Models run in the worker, as ever, on the
tables that definitions made small. Needs the extra `spark`, and Java 17 or later where the driver runs.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb
import sqlglot
from django.conf import settings
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from analytics.engine.duck import quoted, write_parquet
from analytics.engine.session import Lake, Parameters, ordered
from analytics.errors import EngineFailed
from analytics.steps import Definition
from analytics.steps.definitions import GRID, rfm_grid

logger = logging.getLogger(__name__)

# Text, numbers and moments as DuckDB has them: moments without a zone, arithmetic that fails rather than wraps around.
_CONFIG = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}


@contextmanager
def on_spark(lake: Lake) -> Iterator[SparkEngine]:
    """An application on the master, for as long as a computation takes. Raises EngineFailed where there is none."""
    builder = SparkSession.builder.master(settings.SPARK_MASTER).appName("bifocal")
    for name, value in {**_CONFIG, **settings.SPARK_CONFIG}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:
        logger.exception("No Spark at %s", settings.SPARK_MASTER)
        raise EngineFailed(detail="The Spark master does not answer.") from error
    try:
        engine = SparkEngine(spark, lake.duck, lake.scratch)
        engine.show_facts(lake)
        yield engine
    finally:
        spark.stop()


def translated(sql: str) -> str:
    """A definition in Spark's dialect; its parameters become `:name`. Raises sqlglot.errors.UnsupportedError."""
    found: list[str] = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return found[0]


@dataclass
class SparkEngine:
    """Runs definitions on Spark; their tables come back as the same files that DuckDB would have written."""

    spark: SparkSession
    duck: duckdb.DuckDBPyConnection
    scratch: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def show_facts(self, lake: Lake) -> None:
        """Make the facts readable by their names."""
        for name, source in lake.sources.items():
            self.spark.sql(translated(source.query(self._scan))).createOrReplaceTempView(name)
        grid = self.spark.createDataFrame(rfm_grid(), "recency INT, frequency INT, segment STRING")
        grid.createOrReplaceTempView(GRID)

    def compute(self, definition: Definition, bound: Parameters, target: Path) -> None:
        """Raises EngineFailed; the worker's log then has what Spark said."""
        folder = self.scratch / f"spark-{definition.name}"
        try:
            answer = self.spark.sql(translated(definition.sql), args=dict(bound))
            # One answer about all is small, and is in an order of its own, which several files would lose.
            written = answer.coalesce(1) if definition.is_report else answer
            written.write.mode("overwrite").parquet(str(folder))
        except PySparkException as error:
            logger.exception("Spark could not compute %s", definition.name)
            raise EngineFailed(detail=f"Spark could not compute {definition.name}.") from error
        files = f"SELECT * FROM read_parquet({quoted(folder / '*.parquet')})"  # noqa: S608 - a path of ours
        write_parquet(self.duck, ordered(files, () if definition.is_report else definition.key), target)
        shutil.rmtree(folder, ignore_errors=True)

    def show(self, name: str, path: Path) -> None:
        self.spark.read.parquet(str(path)).createOrReplaceTempView(name)

    def _scan(self, paths: Sequence[Path]) -> str:
        name = f"files_{next(self._numbers)}"
        self.spark.read.parquet(*(str(path) for path in paths)).createOrReplaceTempView(name)
        return name
