"""What is left behind by kills, taken ports, full disks and strangers."""

import errno
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core import embedded
from core.embedded import EmbeddedServiceError, Home, binaries, ports, postgres, process
from core.embedded import home as home_module
from core.embedded.privileges import service_user
from core.embedded.services import Services
from tests.core.embedded.conftest import kill, pids, remember, remembered, running


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_killed_server_comes_back_with_what_it_held(home: Home, server: str) -> None:
    with embedded.running(home) as services:
        before = services.start()
        remember(services, "kept")
        child = getattr(services, server).child
        # Valkey writes its log once a second.
        broker_wrote = services.valkey.folder / "appendonlydir"
        assert process.wait_until(broker_wrote.exists, 3)
        kill(child.pid)
        child.wait()
        assert services.start() == before
        rows, items = remembered(services)
        assert rows == ["kept"]
        assert items in ([], ["kept"])


def test_both_killed_at_once_come_back_at_the_next_start(home: Home) -> None:
    with embedded.running(home) as services:
        remember(services, "kept")
        for pid in pids(services):
            kill(pid)
    with embedded.running(home) as services:
        assert remembered(services)[0] == ["kept"]


def test_a_lock_file_whose_number_went_to_another_program_does_not_stop_us(home: Home) -> None:
    with running(home) as services:
        data = services.postgres.data
    lines = [str(os.getpid()), str(data), "1", "5432", "", "127.0.0.1", "1 1", "ready"]
    (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    if user := service_user():
        os.chown(data / "postmaster.pid", user.uid, user.gid)
    with running(home) as services:
        remember(services, "fine")


def test_a_port_taken_meanwhile_is_replaced(home: Home) -> None:
    with running(home) as services:
        before = services.postgres.port, services.valkey.port
    with socket.socket() as one, socket.socket() as two:
        for taker, port in zip((one, two), before, strict=True):
            taker.bind((ports.LOOPBACK, port))
            taker.listen()
        with running(home) as services:
            assert {services.postgres.port, services.valkey.port}.isdisjoint(before)
            remember(services, "elsewhere")


def test_an_interrupted_creation_is_begun_anew(home: Home) -> None:
    home.prepare()
    user = service_user()
    draft = home.data_root(user) / "postgres" / "data.new"
    postgres.own_folder_of(draft.parent, user)
    draft.mkdir()
    (draft / "PG_VERSION").write_text("half")
    with running(home) as services:
        remember(services, "whole")
        assert not draft.exists()


@pytest.mark.parametrize(
    "said",
    [
        "initdb: error: could not write to file: No space left on device",
        "FATAL:  could not extend file\nHINT:  Check free disk space.",
    ],
)
def test_a_full_disk_while_creating_is_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    real = subprocess.run

    def without_room(command: list[Any], *args: Any, **options: Any) -> Any:
        if str(command[0]).endswith("initdb"):
            return subprocess.CompletedProcess(command, 1, "", said)
        return real(command, *args, **options)

    monkeypatch.setattr(postgres.subprocess, "run", without_room)
    with (
        pytest.raises(EmbeddedServiceError, match=r"^The disk that holds .* is full: free some space.*\.$"),
        running(home),
    ):
        pytest.fail("started without room")


def test_a_full_disk_while_writing_our_own_files_is_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_room(*_args: Any, **_options: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    home.prepare()
    monkeypatch.setattr(home_module.os, "fdopen", without_room)
    with pytest.raises(EmbeddedServiceError, match="is full"):
        home.secret("any")


def test_data_of_another_version_are_named(home: Home) -> None:
    with running(home) as services:
        version = services.postgres.data / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(EmbeddedServiceError, match="made by PostgreSQL 9"):
        Services(home).postgres.start()


def test_a_folder_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(EmbeddedServiceError, match="belongs to somebody else"):
        home_module.own_folder(link, 0o700)


def test_without_any_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "package_folder", lambda _name: None)
    monkeypatch.setattr(binaries, "_system_postgres_folders", list)
    monkeypatch.setattr(binaries.shutil, "which", lambda _name: None)
    with pytest.raises(EmbeddedServiceError, match="install PostgreSQL 15 or later, or set DATABASE_URL"):
        binaries.postgres_bin(None)
    with pytest.raises(EmbeddedServiceError, match="install valkey-server or redis-server"):
        binaries.valkey_server(None)


def test_the_systems_servers_serve_where_the_wheels_have_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "package_folder", lambda _name: None)
    try:
        folder = binaries.postgres_bin(None)
        binaries.valkey_server(None)
    except EmbeddedServiceError as error:
        pytest.skip(str(error))
    with running(home) as services:
        remember(services, "old iron")
        assert remembered(services) == (["old iron"], ["old iron"])
        assert services.postgres.data.joinpath("PG_VERSION").read_text().strip() == str(binaries.major_version(folder))


def test_a_command_line_can_be_read() -> None:
    assert "pytest" in process.command_line(os.getpid()) or process.command_line(os.getpid())
    assert (os.getpid(), os.getpgrp()) in [(pid, group) for pid, group, _ in process.listed()]
