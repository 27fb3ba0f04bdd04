"""What holds while the servers run; they are started once for all of it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core.embedded import AlreadyRunning, Home, Services, borrowed, process
from tests.core.embedded.conftest import forget, pids, running


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = Home(tmp_path_factory.mktemp("running") / "home")
    with running(home) as services:
        yield services
    forget(home)


def test_a_second_program_is_refused_in_one_sentence(services: Services) -> None:
    sentence = rf"already running .*process {os.getpid()}"
    with pytest.raises(AlreadyRunning, match=sentence), running(services.home):
        pytest.fail("two programs hold one home")


def test_a_command_joins_the_servers_that_run(services: Services) -> None:
    before = pids(services)
    with borrowed(services.home) as urls:
        assert urls == services.start()
    assert pids(services) == before
    assert all(process.is_alive(pid) for pid in before)


def test_only_who_knows_the_password_gets_in(services: Services) -> None:
    port = services.postgres.port
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", password="guess")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=services.valkey.port).ping()


def test_the_application_is_no_superuser_and_sorts_the_same_everywhere(services: Services) -> None:
    with psycopg.connect(services.postgres.url) as connection:
        row = connection.execute("SELECT current_setting('is_superuser'), current_setting('TimeZone')").fetchone()
        assert row == ("off", "UTC")
        assert connection.execute("SELECT 'Z' < 'a' AND 'z' < 'é'").fetchone() == (True,)
        for extension in ("pg_trgm", "citext", "unaccent", "btree_gin"):
            connection.execute(f"CREATE EXTENSION {extension}".encode())


def test_servers_listen_on_the_loopback_address_alone(services: Services) -> None:
    command = process.command_line(pids(services)[0])
    assert "listen_addresses=127.0.0.1 " in command
    assert "unix_socket_directories= " in command
    assert "bind 127.0.0.1\n" in services.valkey.config.read_text()


def test_secrets_are_for_their_owner_alone(services: Services) -> None:
    private = [services.home.path / "secrets.json", services.home.path / "services.json", services.valkey.config]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 3
    assert stat.S_IMODE(services.postgres.data.stat().st_mode) == 0o700
    for pid in pids(services):
        assert services.home.secret("valkey") not in process.command_line(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has nobody to drop to")
def test_started_by_root_servers_run_as_an_ordinary_user(services: Services) -> None:
    assert services.postgres.user is not None
    for pid in pids(services):
        owner = Path(f"/proc/{pid}").stat().st_uid
        assert owner == services.postgres.user.uid != 0
    # pytest's folders are for root alone, so the data are elsewhere.
    assert not services.postgres.data.is_relative_to(services.home.path)
    assert services.postgres.data.stat().st_uid == services.postgres.user.uid
