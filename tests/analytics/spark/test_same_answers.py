"""Spark, on a real master with two workers, gives the answers that DuckDB gives: of every step there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.conf import settings as django_settings

from analytics import steps
from analytics.engine import on_engine, results
from analytics.engine.parameters import parameters_of
from analytics.engine.session import Lake, Session
from analytics.errors import EngineFailed
from tests.analytics.spark import cluster, world

pytestmark = [pytest.mark.slow, pytest.mark.skipif(cluster.missing() is not None, reason=str(cluster.missing()))]

EXECUTOR = {"spark.executor.memory": "512m", "spark.sql.shuffle.partitions": "3", "spark.driver.host": "127.0.0.1"}


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster.standalone(tmp_path_factory.mktemp("spark")) as url:
        yield url


@contextmanager
def _lake(folder: Path) -> Iterator[Lake]:
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        sources = world.written(folder, duck, seed=1)
        lake = Lake(duck, folder, "made up", None, sources)
        lake.show()
        yield lake


def _tables(lake: Lake, name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every step's rows, reports in their order and others by their key."""
    parameters = parameters_of(as_of=world.AS_OF)
    with on_engine(lake) as engine:
        session = Session(lake, engine, results.opened(name, {}))
        for step in steps.in_order():
            session.run(step, parameters)
    return {
        step.name: [tuple(map(_plain, row.items())) for row in session.rows(step.name)] for step in steps.in_order()
    }


def _plain(item: tuple[str, Any]) -> str:
    name, value = item
    # Digits included: 1.50 is not 1.5. Functions of floating point numbers may differ in the last bits.
    return f"{name}={value:.12g}" if isinstance(value, float) else f"{name}={value}"


def test_every_step_has_the_same_rows_on_both(master: str, settings: Any, tmp_path: Path) -> None:
    with _lake(tmp_path) as lake:
        here = _tables(lake, "here")
        settings.ANALYTICS_ENGINE, settings.SPARK_MASTER, settings.SPARK_CONFIG = "spark", master, EXECUTOR
        there = _tables(lake, "there")
    differing = [name for name in here if here[name] != there[name]]
    assert not differing, _first_difference(differing[0], here, there)
    assert all(here[name] for name in ("customer_metrics", "customer_profiles", "concentration"))


def _first_difference(name: str, here: dict[str, Any], there: dict[str, Any]) -> str:
    rows = zip(here[name], there[name], strict=False)
    both = next(((a, b) for a, b in rows if a != b), (len(here[name]), len(there[name])))
    return f"{name}: {both[0]}\n not {both[1]}"


def test_a_master_that_is_not_there_is_said_so(settings: Any, tmp_path: Path) -> None:
    settings.ANALYTICS_ENGINE, settings.SPARK_MASTER = "spark", "nonsense://127.0.0.1:1"
    with _lake(tmp_path) as lake, pytest.raises(EngineFailed, match="does not answer"), on_engine(lake):
        pass
    assert django_settings.ANALYTICS_ENGINE == "spark"
