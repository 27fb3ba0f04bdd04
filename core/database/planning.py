"""How the server plans the statements that are prepared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from core.database.cursors import run_prepared, wrapper

_SETTINGS = "SELECT set_config('enable_seqscan', %s, true), set_config('plan_cache_mode', %s, true)"


_LOOPS = "SELECT set_config('enable_nestloop', %s, true)"


@contextmanager
def planned_without_loops() -> Iterator[None]:
    """For statements over ids that lie in arrays, within a transaction.

    How many there are is not known to the planner: loops over them, which few would be worth, never end for many.
    """
    run_prepared(_LOOPS, ["off"])
    yield
    # A statement that failed has ended the transaction, and its settings with it.
    run_prepared(_LOOPS, ["on"])


@contextmanager
def planned_by_indexes() -> Iterator[None]:
    """Plans are made once, whatever the values, and read indexes in their order, however small the tables are yet.

    For pages that are the first of much. An empty partition, cheaply read as a whole, would else have the planner read
    all of the others too, and sort. Takes a transaction of its own.
    """
    within = wrapper().in_atomic_block
    with transaction.atomic():
        run_prepared(_SETTINGS, ["off", "force_generic_plan"])
        yield
        if within:
            run_prepared(_SETTINGS, ["on", "auto"])
