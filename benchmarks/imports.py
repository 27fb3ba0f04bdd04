"""Imports, from file to commit, beside COPY's own rate into the same table with all its indexes and triggers."""

from __future__ import annotations

import io
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connection, transaction

from core.actors import SYSTEM
from core.embedded import Home
from core.embedded.home import write_json
from core.ids import new_id
from core.imports import work
from core.imports.service import imports
from core.jobs import sending
from core.models import Import

CONTACTS = int(os.environ.get("BENCH_IMPORT_CONTACTS", "200000"))
LINES = int(os.environ.get("BENCH_IMPORT_LINES", "500000"))
AT = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = (
    "crm_identifier",
    "crm_order_discount",
    "crm_order_line",
    "crm_order",
    "crm_contact",
    "crm_product",
    "core_change",
    "core_outbox",
)
COLUMNS = (
    "id", "created_at", "updated_at", "version", "external_id", "first_name", "last_name", "email", "phone", "city",
    "country", "source", "lifecycle_stage", "tags", "custom", "legal_hold",
)  # fmt: skip


def run(home: Home) -> None:
    """Measure, print, write `bench-imports.json`."""
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        # Done here and now instead of by a worker.
        sending.send = lambda job: None  # type: ignore[assignment]
        found: dict[str, Any] = {"load": os.getloadavg()[0]}
        _empty()
        found["copy_contacts_per_s"] = _copied()
        _empty()
        found |= _imported("contacts", "contact", _contacts(), {})
        found |= _imported("contacts_again", "contact", _contacts(), {})
        _empty()
        found |= _imported("order_lines", "order_line", _lines(), {"create_missing": True})
        found["peak_rss_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        _empty()
        for name, value in found.items():
            print(f"{name:<34}{value:>14,.1f}")
        write_json(home.path / "bench-imports.json", found)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")


def _copied() -> float:
    """Rows a second of COPY itself, from text that is ready, in the chunks in which imports write."""
    total, begun = 0, 0.0
    for start in range(0, CONTACTS, work.CHUNK):
        text = "".join(
            f"{new_id()}\t2026-01-01\t2026-01-01\t1\t{_contact_row(n)}\tlead\t{{}}\t{{}}\tf\n"
            for n in range(start, start + work.CHUNK)
        )
        before = time.perf_counter()
        statement = f"COPY crm_contact ({', '.join(COLUMNS)}) FROM STDIN"
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(text)
        begun += time.perf_counter() - before
        total += work.CHUNK
    return total / begun


def _contact_row(n: int) -> str:
    return "\t".join(_contact(n))


def _contact(n: int) -> Sequence[str]:
    email = f"user{n}@example{n % 50}.com"
    return (f"E{n}", f"First{n % 997}", f"Last{n % 9973}", email, f"+32470{n:06d}", "Brussels", "BE", "fair")


def _contacts() -> Iterator[str]:
    yield "external_id,first_name,last_name,email,phone,city,country,source\n"
    for n in range(CONTACTS):
        yield ",".join(_contact(n)) + "\n"


def _lines() -> Iterator[str]:
    """As shops export them: twenty lines an invoice, four thousand products and customers."""
    yield "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    for n in range(LINES):
        order = n // 20
        day, month = 1 + order % 28, 1 + order % 12
        product = (n * 7) % 4000
        yield f"{536365 + order},S{product},Product {product},{1 + n % 12},{month}/{day}/2011 8:26,"
        yield f"{1 + product % 900 / 100:.2f},{10_000 + order % 4000},United Kingdom\n"


def _imported(name: str, entity: str, lines: Iterator[str], options: dict[str, Any]) -> dict[str, float]:
    file = TemporaryUploadedFile(f"{name}.csv", "text/csv", 0, None)
    writer = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
    writer.writelines(lines)
    writer.detach()
    file.size = file.tell()
    begun = time.perf_counter()
    record_id = imports.take(actor=SYSTEM, at=AT, file=file, entity=entity, options=options)
    taken = time.perf_counter()
    imports.commit(actor=SYSTEM, record_id=record_id, at=AT)
    record = Import.objects.get(pk=record_id)
    assert record.job_id
    work.carry_out(job_id=record.job_id)
    ended = time.perf_counter()
    record.refresh_from_db()
    assert record.status == "committed", record.report
    assert not record.report["failed"], record.report
    return {
        f"{name}_upload_s": taken - begun, f"{name}_commit_s": ended - taken,
        f"{name}_per_s": record.report["rows"] / (ended - taken),
    }  # fmt: skip
