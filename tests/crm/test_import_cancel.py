"""An import is cancelled while a chunk is being written: neither waits for the other without end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.clock import now
from core.imports import problems, work
from core.imports.service import imports
from crm.models import Contact
from tests.crm.test_imports import kept_in, take
from tests.support.workers import until

assert kept_in


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])


@pytest.mark.django_db(transaction=True)
def test_cancelling_in_the_middle_of_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK", 10)
    record = take("email\n" + "".join(f"a{n}@example.com\n" for n in range(50)))
    imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    record.refresh_from_db()
    refused: list[BaseException] = []
    threads: list[threading.Thread] = []

    def cancel() -> None:
        try:
            imports.cancel(actor=SYSTEM, record_id=record.pk, at=now())
        except BaseException as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    real = problems.keep

    def keep(*given: Any) -> None:
        # The chunk holds its job here, and is about to write the import's report.
        if not threads:
            threads.append(threading.Thread(target=cancel))
            threads[0].start()
            until(_is_waited_for, "the cancellation to wait for the chunk")
        real(*given)

    monkeypatch.setattr("core.imports.work.problems.keep", keep)
    assert record.job_id
    work.carry_out(job_id=record.job_id)
    threads[0].join()
    record.refresh_from_db()
    assert refused == []
    assert record.status == "cancelled"
    assert record.report["read"] == Contact.objects.count() < 50
