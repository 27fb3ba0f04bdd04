"""Ids of records: in order within a process, and true to the clock however many are made at once."""

from __future__ import annotations

import copy
import os
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from core.ids import new_id, new_ids


def test_ids_are_in_order_and_of_version_7() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert all(one.version == 7 and one.variant == RFC_4122 for one in made[:100])


def test_ids_made_together_are_in_order_too_and_like_any_other() -> None:
    made = [new_id(), *new_ids(3_000), *new_ids(0), new_id(), *new_ids(1)]
    assert made == sorted(set(made))
    assert len(made) == 3_003
    assert all(one.version == 7 and one.variant == RFC_4122 for one in made)
    assert made[1] == UUID(str(made[1])) == copy.deepcopy(made[1])
    assert hash(made[1]) == hash(UUID(str(made[1])))


def test_many_at_once_do_not_run_ahead_of_the_clock() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made[-1].int >> 80 <= time.time_ns() // 1_000_000


def test_threads_never_make_the_same_or_go_back() -> None:
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)))
    assert all(part == sorted(part) for part in parts)
    assert len({one for part in parts for one in part}) == 8_000


def test_a_child_process_makes_ids_of_its_own() -> None:
    new_id()
    inbox, outbox = os.pipe()
    child = os.fork()
    if not child:
        os.write(outbox, b"".join(new_id().bytes[8:] for _ in range(50)))
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(inbox, 50 * 8)
    os.close(inbox)
    os.close(outbox)
    assert {new_id().bytes[8:] for _ in range(50)}.isdisjoint(told[at : at + 8] for at in range(0, len(told), 8))
