"""Exports in each format, and deleting and restoring everything that a search finds, history and events included."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any

from django.conf import settings

from benchmarks import seed
from core import registry
from core.actors import SYSTEM
from core.bulk import requests
from core.bulk import work as bulk
from core.clock import now
from core.embedded import Home
from core.embedded.home import write_json
from core.exports import work
from core.exports.service import exports
from core.jobs import sending
from core.models import Export, Job

SIZE = seed.Size(contacts=int(os.environ.get("BENCH_EXPORT_CONTACTS", "100000")), companies=10_000)
COLUMNS = ["id", "name", "email", "phone", "city", "company.name"]
FORMATS: dict[str, dict[str, Any]] = {
    "csv, 6 columns": {"format": "csv", "fields": COLUMNS},
    "csv, all columns": {"format": "csv"},
    "jsonl, all columns": {"format": "jsonl"},
    "parquet, all columns": {"format": "parquet"},
    "xlsx, 6 columns": {"format": "xlsx", "fields": COLUMNS},
    "vcard": {"format": "vcard"},
}


def run(home: Home) -> None:
    """Measure, print, write `bench-exports.json`."""
    seed.fill(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        # Done here and now instead of by a worker.
        sending.send = lambda job: None  # type: ignore[assignment]
        found = {f"{name}, rows/s": _exported(values) for name, values in FORMATS.items()}
    found |= {f"{action}, s": _changed(action) for action in ("delete", "restore")}
    found["load"] = os.getloadavg()[0]
    for name, value in found.items():
        print(f"{name:<34}{value:>14,.1f}")
    write_json(home.path / "bench-exports.json", found)


def _exported(values: dict[str, Any]) -> float:
    export = exports.create(actor=SYSTEM, values={"entity": "contact", **values}, at=now())
    begun = time.perf_counter()
    work.carry_out(job_id=export.job_id)
    taken = time.perf_counter() - begun
    rows = Export.objects.values_list("rows", flat=True).get(pk=export.pk)
    return float(rows or 0) / taken


def _changed(action: str) -> float:
    """Seconds for all contacts."""
    contact = registry.entity("contact")
    told = requests.request(contact, actor=SYSTEM, at=now(), action=action, filter={})
    begun = time.perf_counter()
    bulk.carry_out(job_id=told["id"])
    taken = time.perf_counter() - begun
    result = Job.objects.values_list("result", flat=True).get(pk=told["id"])
    if not result or result["changed"] != SIZE.contacts:
        raise SystemExit(f"{action} went wrong: {result}")
    return taken
