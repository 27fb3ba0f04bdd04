"""A job as the answer of the call that started it."""

from __future__ import annotations

from typing import Any

from core.models.job import Job
from core.registry.fields import Field, Shape
from core.registry.types import Choice, Id, Integer, Text

STARTED = Shape(
    title="StartedJob",
    fields=(
        Field("id", Id(), "The job's id; follow it under `jobs`.", nullable=False),
        Field("kind", Text(max_length=63), "What kind of work it is.", nullable=False),
        Field("status", Choice(options=tuple(Job.Status.values)), nullable=False),
        Field("done", Integer(), "Steps done.", nullable=False),
        Field("total", Integer(), "Steps in all, where known."),
        Field("message", Text(max_length=500), "What is being done now.", nullable=False),
    ),
)


def started(job: Job) -> dict[str, Any]:
    """The job in the wire form of STARTED."""
    plain = {name: getattr(job, name) for name in ("kind", "done", "total", "message")}
    return {"id": str(job.pk), "status": str(job.status)} | plain
