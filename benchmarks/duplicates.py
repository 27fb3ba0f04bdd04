"""How long a full scan for duplicates takes, how much memory, and how long the list of one contact."""

from __future__ import annotations

import resource
import time
from uuid import UUID

from django.db import connection

from core.actors import SYSTEM
from core.clock import now
from core.models import Job
from crm.models import Contact, DuplicateCandidate
from crm.selectors import duplicates
from crm.services import duplicate_scans

CONTACTS = 200


def measure() -> dict[str, float]:
    """Measure on the database as it is filled; leaves the pairs that are found. Times in seconds and milliseconds."""
    told = duplicate_scans.request(actor=SYSTEM, at=now(), full=True)
    began = time.perf_counter()
    duplicate_scans.carry_out(job_id=UUID(told["id"]))
    whole = time.perf_counter() - began
    job = Job.objects.get(pk=told["id"])
    if job.status != Job.Status.SUCCEEDED:
        raise SystemExit(f"The scan ended as {job.status}: {job.message}")
    result = job.result or {}
    for kind, passed in result["skipped_blocks"].items():
        print(f"passed over by {kind}: {passed}")
    times = _lists()
    return {
        "contacts": Contact.objects.alive().count(),
        "scan_s": round(whole, 1),
        "pairs": result["pairs"],
        "candidates": DuplicateCandidate.objects.count(),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "one_p50_ms": round(times[len(times) // 2], 1),
        "one_p99_ms": round(times[int(len(times) * 0.99) - 1], 1),
    }


def _lists() -> list[float]:
    """Milliseconds of the list of one contact, over contacts from everywhere, the fastest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM crm_contact WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT %s", [CONTACTS]
        )
        keys = [key for (key,) in cursor.fetchall()]
    times = []
    for key in keys:
        began = time.perf_counter()
        duplicates.candidates(key, actor=SYSTEM, at=now())
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)
