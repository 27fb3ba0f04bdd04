"""The supervisor of the demo, with small processes in place of the product's."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from core.demo.children import Child, Spec
from core.demo.console import Console
from core.demo.supervisor import Supervisor
from core.embedded import Home, ports, process
from core.embedded.home import PROJECT, read_json
from core.embedded.services import Services, Urls
from tests.core.embedded.conftest import forget, kill


@dataclass
class Program:
    """One run of the demo in a process of its own."""

    home: Home
    popen: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)
    reader: Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(line)

    def says(self, pattern: str, seconds: float = 30) -> bool:
        return process.wait_until(lambda: any(re.search(pattern, line) for line in self.lines), seconds)

    def children(self) -> list[int]:
        return list(read_json(self.home.path / "children.json").get("pids", []))

    def family(self) -> dict[int, str]:
        """Return the processes that the supervisor started, servers included, with their command lines."""
        own = ["ps", "-axwwo", "pid=,ppid=,args="]
        listed = subprocess.run(own, capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return {int(row[0]): row[2] for row in rows if int(row[1]) == self.popen.pid}

    def answers(self) -> bool:
        address = urlsplit(json.loads((self.home.path / "demo.json").read_text())["urls"]["base"])
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=2)
        try:
            connection.request("GET", "/program.py")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    home = Home(tmp_path / "home")
    programs: list[Program] = []

    def begin(**environment: str) -> Program:
        popen = subprocess.Popen(
            [sys.executable, "-m", "tests.core.demo.program"],
            cwd=PROJECT,
            env={**without_services(), "BIFOCAL_HOME": str(home.path), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        program = Program(home, popen)
        programs.append(program)
        return program

    yield begin
    for program in programs:
        if program.popen.poll() is None:
            program.popen.terminate()
        program.popen.wait(30)
        program.reader.join(5)
        assert program.popen.stdout is not None
        program.popen.stdout.close()
    forget(home)


def without_services() -> dict[str, str]:
    given = {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "PORT", "BIFOCAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in given}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_and_stops_everything_it_started(start: Start, sign: signal.Signals) -> None:
    program = start()
    assert program.says("ready after")
    assert program.answers()
    started = program.family()
    assert len(started) == 4
    program.popen.send_signal(sign)
    assert program.popen.wait(20) == 0
    assert not any(process.is_alive(pid) for pid in started)


def test_demo_json_holds_addresses_sign_ins_and_keys(start: Start) -> None:
    program = start()
    assert program.says("ready after")
    path = program.home.path / "demo.json"
    told = json.loads(path.read_text())
    assert told["urls"]["admin"].endswith("/admin/")
    assert told["sign_ins"] == [{"role": "sales", "email": "s@example.com", "password": "pw"}]
    assert told["api_keys"] == {"sales": "key"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert program.says("s@example.com")


def test_a_killed_child_is_started_again(start: Start) -> None:
    program = start()
    assert program.says("ready after")
    kill(program.children()[0])
    assert program.says(r"web was killed \(SIGKILL\); starting it again")
    assert process.wait_until(program.answers, 20)


def test_after_a_kill_of_the_supervisor_the_next_start_is_clean(start: Start) -> None:
    first = start()
    assert first.says("ready after")
    orphans = first.children()
    first.popen.kill()
    first.popen.wait()
    second = start()
    assert second.says("ready after")
    assert second.answers()
    assert process.wait_until(lambda: not any(process.is_alive(pid) for pid in orphans), 5)


def test_killed_servers_come_back(start: Start) -> None:
    program = start()
    assert program.says("ready after")
    for name, marker in (("PostgreSQL", "listen_addresses"), ("Valkey", "valkey.conf")):
        kill(next(pid for pid, command in program.family().items() if marker in command))
        assert program.says(f"{name} died; starting again: done")


def test_it_goes_on_where_servers_come_back_at_another_address(tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    home.prepare()
    supervisor = Supervisor(home, Console())
    child = Child(Spec("web", [sys.executable, "-c", "import time; time.sleep(60)"]), supervisor.console, {})
    supervisor.children = [child]
    child.start()
    dead, moved = SimpleNamespace(alive=False), Urls("postgres://moved", "redis://moved/0", "redis://moved/1")
    try:
        supervisor._revive_servers(cast("Services", SimpleNamespace(postgres=dead, valkey=dead, start=lambda: moved)))
        assert not supervisor._is_stopping()
        assert child.alive
        assert child.environment["DATABASE_URL"] == "postgres://moved"
    finally:
        supervisor._end()
    assert supervisor._is_stopping()
    assert not child.alive


def test_a_taken_port_asked_for_is_one_sentence(start: Start) -> None:
    with socket.socket() as taker:
        taker.bind((ports.LOOPBACK, 0))
        taker.listen()
        port = taker.getsockname()[1]
        program = start(PORT=str(port))
        assert program.popen.wait(30) == 1
        assert program.says(rf"^Port {port} is taken by another program", 5)
    assert not any("Traceback" in line for line in program.lines)


def test_a_port_that_is_none_is_one_sentence(start: Start) -> None:
    program = start(PORT="http")
    assert program.popen.wait(30) == 1
    assert program.says("^PORT=http is no port", 5)


def test_a_second_start_of_one_checkout_is_one_sentence(start: Start) -> None:
    first = start()
    assert first.says("ready after")
    begun = time.monotonic()
    second = start()
    assert second.popen.wait(30) == 1
    assert second.says("already running", 5)
    assert time.monotonic() - begun < 15
    assert first.answers()
