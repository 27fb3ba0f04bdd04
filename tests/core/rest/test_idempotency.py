"""A write that carried a key is carried out once: repeated, in parallel, and across a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from core import idempotency
from core.actors import SYSTEM
from core.errors import IdempotencyInProgress
from core.idempotency import Answer
from core.models import IdempotentRequest
from crm.models import Contact
from tests.core.rest.conftest import Api, problem
from tests.support.actors import clerk

AT = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def test_the_same_request_is_answered_alike_and_written_once(api: Api) -> None:
    first = api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1")
    again = api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1")
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert Contact.objects.count() == 1


def test_stored_answers_cannot_be_read_in_the_database(api: Api) -> None:
    api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1")
    assert b"Ann" not in bytes(IdempotentRequest.objects.get().body or b"")


def test_the_key_of_another_request_is_refused(api: Api) -> None:
    contact = api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1").json()
    problem(api.post("contacts", {"first_name": "Bea"}, idempotency_key="k1"), 422, "idempotency_key_reused")
    problem(api.delete(f"contacts/{contact['id']}", idempotency_key="k1"), 422, "idempotency_key_reused")
    assert list(Contact.objects.values_list("first_name", "deleted_at")) == [("Ann", None)]


def test_keys_belong_to_their_caller(api: Api, caller: Any) -> None:
    other = caller(clerk("contact"))
    api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1")
    assert other.post("contacts", {"first_name": "Bea"}, idempotency_key="k1").status_code == 201
    assert Contact.objects.count() == 2


def test_updates_deletes_and_batches_too(api: Api) -> None:
    contact = api.made("contacts", first_name="Ann")
    path = f"contacts/{contact['id']}"
    for _ in range(2):
        assert api.patch(path, {"first_name": "Bea"}, idempotency_key="k1").json()["version"] == 2
    for _ in range(2):
        assert api.delete(path, idempotency_key="k2").status_code == 204
    items = [{"action": "create", "values": {"first_name": "Cyd"}}, {"action": "nope"}]
    answers = [api.post("contacts/batch", {"items": items}, idempotency_key="k3") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [207, 207]
    assert answers[0].content == answers[1].content
    assert Contact.objects.filter(first_name="Cyd").count() == 1


def test_a_refused_request_may_be_put_right_under_its_key(api: Api) -> None:
    problem(api.post("contacts", {"email": "nonsense"}, idempotency_key="k1"), 422, "invalid")
    assert api.post("contacts", {"email": "ann@example.com"}, idempotency_key="k1").status_code == 201


def test_who_lost_the_right_is_not_told_the_old_answer(api: Api, caller: Any) -> None:
    from tests.core.rest.conftest import CALLERS

    api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1")
    CALLERS[api.token] = clerk("company", user_id=CALLERS[api.token].user_id)
    problem(api.post("contacts", {"first_name": "Ann"}, idempotency_key="k1"), 403, "forbidden")


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "clé"])
def test_keys_that_cannot_be_used(api: Api, key: str) -> None:
    problem(api.post("contacts", {"first_name": "Ann"}, idempotency_key=key), 400, "invalid_idempotency_key")
    assert not Contact.objects.exists()


def once(key: str, at: datetime = AT, work: Any = None) -> Answer:
    return idempotency.once(
        actor=SYSTEM, key=key, fingerprint="f", at=at, work=work or (lambda: Answer(status=200, body=b"1"))
    )


@pytest.mark.django_db
def test_answers_are_kept_for_a_day() -> None:
    once("k")
    assert once("k", AT + timedelta(hours=23)).replayed
    fresh = once("k", AT + timedelta(hours=25), lambda: Answer(status=200, body=b"2"))
    assert (fresh.replayed, fresh.body) == (False, b"2")
    assert idempotency.forget(at=AT + timedelta(hours=48)) == 0
    assert idempotency.forget(at=AT + timedelta(hours=50)) == 1


@pytest.mark.django_db(transaction=True)
def test_while_it_is_carried_out_the_key_is_taken() -> None:
    begun, go_on = Event(), Event()

    def slow() -> Answer:
        begun.set()
        go_on.wait(10)
        return Answer(status=200, body=b"slow")

    def first() -> None:
        try:
            once("k", work=slow)
        finally:
            connection.close()

    thread = Thread(target=first)
    thread.start()
    assert begun.wait(10)
    with pytest.raises(IdempotencyInProgress):
        once("k")
    go_on.set()
    thread.join()
    assert once("k").body == b"slow"


CRASH = """
import os, signal
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = os.environ["CRASH_DATABASE"]
from datetime import UTC, datetime
from core import idempotency
from core.actors import SYSTEM
from core.writes.base import Writes
from crm.services.contacts import contacts
AT = datetime(2026, 1, 1, tzinfo=UTC)
def work():
    contacts.create(actor=SYSTEM, values={"first_name": "Ann"}, at=AT)
    os.kill(os.getpid(), signal.SIGKILL)
idempotency.once(actor=SYSTEM, key="k", fingerprint="f", at=AT, work=work)
"""


@pytest.mark.django_db(transaction=True)
def test_a_crash_in_between_leaves_neither_write_nor_claim() -> None:
    environment = os.environ | {"CRASH_DATABASE": connection.settings_dict["NAME"]}
    died = subprocess.run([sys.executable, "-c", CRASH], env=environment, cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert not Contact.objects.exists()
    assert not IdempotentRequest.objects.exists()
    assert not once("k").replayed
