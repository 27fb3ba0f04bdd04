"""Making exports and reading them."""

from __future__ import annotations

import csv
import io
from typing import Any

from core import registry
from core.exports import work
from core.models import Export, Job
from tests.support.doors import Problem
from tests.support.doors.rest import RestDoor
from tests.support.people import Company


def ask(company: Company, who: str = "administrator", entity: str = "contact", form: str = "csv", **more: Any) -> Any:
    """The record of the new export, or the problem."""
    values = {"entity": entity, "format": form} | more
    return RestDoor(company.people[who].key).create(registry.entity("export"), values)


def content(company: Company, export_id: str, who: str = "administrator", door: Any = RestDoor) -> Any:
    """The file, or the problem."""
    operation = next(item for item in registry.entity("export").operations if item.name == "export_content")
    found = door(company.people[who].key).operation(operation, export_id, {})
    return found if isinstance(found, Problem) else found["content"]


def job_of(made: Any) -> Job:
    """Carry it out."""
    work.carry_out(job_id=made["job_id"])
    job = Export.objects.select_related("job").get(pk=made["id"]).job
    job.refresh_from_db()
    assert isinstance(job, Job)
    return job


def exported(company: Company, who: str = "administrator", **given: Any) -> bytes:
    """The whole way."""
    made = ask(company, who, **given)
    assert not isinstance(made, Problem), made
    job = job_of(made)
    assert job.status == "succeeded", job.message
    found: bytes = content(company, made["id"], who)
    return found


def table(data: bytes, **how: Any) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), **how))
