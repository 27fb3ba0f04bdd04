"""Nobody is reminded twice, whoever reminds at the same time, and whoever is killed while at it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from django.core import mail
from django.db import connection, transaction

from core.actors import SYSTEM
from core.models import OutboxEvent
from crm.models import Notification, Task
from crm.services import reminders
from crm.services.tasks import tasks
from tests.crm import make
from tests.support.processes import PATIENCE, kill, process, together, until_somebody_waits_for

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODE = (
    "from datetime import datetime; from crm.services import reminders; "
    f"reminders.{{verb}}(at=datetime.fromisoformat({AT.isoformat()!r}))"
)


def many(number: int) -> None:
    bo = make.user("Bo")
    for _ in range(number):
        values = {"title": "Call", "owner_id": str(bo.pk), "remind_at": AT.isoformat()}
        tasks.create(actor=SYSTEM, values=values, at=AT)


def assert_each_once(number: int) -> None:
    assert Notification.objects.filter(kind="task_reminder").count() == number
    assert OutboxEvent.objects.filter(name="task.reminder").count() == number
    assert set(Task.objects.values_list("reminded_at", "version")) == {(AT, 2)}


def test_four_workers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 5)
    many(30)
    work = lambda: (reminders.remind(at=AT), reminders.mail(at=AT))  # noqa: E731
    assert together(work, work, work, work) == []
    work()
    assert_each_once(30)
    assert len(mail.outbox) == 30


def test_a_worker_killed_before_it_committed() -> None:
    many(5)
    with process(CODE.format(verb="remind")) as worker:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE core_outbox IN SHARE MODE")
            until_somebody_waits_for("core_outbox")
            kill(worker)
        assert not Notification.objects.filter(kind="task_reminder").exists()
    reminders.remind(at=AT)
    assert_each_once(5)


def test_a_worker_killed_while_it_hands_a_mail_over() -> None:
    """The mail may be out: nobody sends it again. The others are sent."""
    many(3)
    reminders.remind(at=AT)
    with (
        _mail_server() as (port, reached),
        process(CODE.format(verb="mail"), EMAIL_URL=f"smtp://127.0.0.1:{port}") as it,
    ):
        assert reached.wait(PATIENCE)
        kill(it)
    assert Task.objects.filter(reminder_mailed_at__isnull=False).count() == 1
    assert reminders.mail(at=AT) == 2
    assert len(mail.outbox) == 2


@contextmanager
def _mail_server() -> Iterator[tuple[int, Event]]:
    """Takes the addresses of one mail, and then says nothing any more."""
    reached = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, client.makefile("rb") as lines:
                client.sendall(b"220 here\r\n")
                for line in lines:
                    if line.upper().startswith(b"DATA"):
                        reached.set()
                        # Until the other end is gone.
                        lines.read()
                        return
                    client.sendall(b"250 yes\r\n")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], reached
        thread.join(PATIENCE)
