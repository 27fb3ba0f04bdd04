"""Starting, stopping and starting again."""

import os
import subprocess
import sys

import psycopg
import pytest

from core.embedded import Home, addresses, borrowed, process
from core.embedded.home import PROJECT
from tests.core.embedded.conftest import pids, remember, remembered, running


def test_what_was_written_is_there_at_the_next_start(home: Home) -> None:
    with running(home) as services:
        first = services.start()
        remember(services, "a")
    with running(home) as services:
        assert services.start() == first, "addresses stay the same"
        remember(services, "b")
        assert remembered(services) == (["a", "b"], ["a", "b"])


def test_nothing_is_left_after_the_end(home: Home) -> None:
    with running(home) as services:
        started = pids(services)
        assert all(process.is_alive(pid) for pid in started)
        assert addresses(home) is not None
    assert not any(process.is_alive(pid) for pid in started)
    assert addresses(home) is None


def test_servers_stop_also_when_the_program_fails(home: Home) -> None:
    started: list[int] = []

    def fail() -> None:
        with running(home) as services:
            started.extend(pids(services))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert started
    assert not any(process.is_alive(pid) for pid in started)


def test_two_homes_run_side_by_side(home: Home, other_home: Home) -> None:
    with running(home) as one, running(other_home) as two:
        remember(one, "one")
        remember(two, "two")
        assert remembered(one) == (["one"], ["one"])
        assert remembered(two) == (["two"], ["two"])


def test_a_command_starts_servers_where_none_run_and_stops_them(home: Home) -> None:
    with borrowed(home) as urls:
        with psycopg.connect(urls.database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert home.is_held()
    assert not home.is_held()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has nobody to drop to")
def test_data_of_a_checkout_that_stood_here_before_are_not_taken_over(home: Home) -> None:
    with running(home) as services:
        remember(services, "old")
    (home.path / "data_at.json").unlink()
    with running(home) as services:
        remember(services, "new")
        assert remembered(services) == (["new"], ["new"])


def test_servers_end_when_the_program_is_killed(home: Home) -> None:
    code = (
        "import sys, time; from pathlib import Path; from core.embedded import *\n"
        "with running(Home(Path(sys.argv[1]))) as s:\n"
        "    print(s.postgres.child.pid, s.valkey.child.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home.path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        started = [int(pid) for pid in program.stdout.readline().split()]
        program.kill()
    with running(home) as services:
        remember(services, "after")
        assert remembered(services) == (["after"], ["after"])
        assert not any(process.is_alive(pid) for pid in started)
