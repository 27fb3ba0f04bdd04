"""What the wizard shows of an import: its step, its preview with errors, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from core import registry
from core.actors import Actor
from core.admin.header import tone_of
from core.admin.imports.forms import MappingForm, OptionsForm
from core.errors import DomainError
from core.imports.mapping.targets import CUSTOM
from core.jobs.sending import ACTIVE
from core.models.imports import Import
from core.models.job import Job
from core.templatetags.core_admin import plain, words

STEPS = ("File", "Columns", "Check", "Import")
_AT = {
    Import.Status.READY: 1,
    Import.Status.CHECKING: 2,
    Import.Status.CHECKED: 2,
    Import.Status.COMMITTING: 3,
    Import.Status.COMMITTED: 4,
    Import.Status.CANCELLED: 4,
    Import.Status.FAILED: 3,
}
COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


def steps(record: Import | None) -> list[dict[str, Any]]:
    """The steps, and which of them are behind us."""
    at = 0 if record is None else _AT[Import.Status(record.status)]
    return [{"title": title, "done": n < at, "now": n == at, "number": n + 1} for n, title in enumerate(STEPS)]


def preview(record: Import) -> dict[str, Any]:
    """The first rows as they would be written, by column of the file; what is wrong stands in its cell."""
    mapped = [(name, wanted) for name, wanted in record.mapping.get("columns", {}).items() if wanted]
    order = {item["name"]: n for n, item in enumerate(record.columns)}
    mapped.sort(key=lambda item: order.get(item[0], 0))
    rows = []
    for item in record.preview:
        faults: dict[str | None, list[str]] = {}
        for error in item["errors"]:
            faults.setdefault(error["column"], []).append(error["message"])
        cells = [{"value": _value(item["values"], wanted), "faults": faults.pop(name, [])} for name, wanted in mapped]
        rest = [text for texts in faults.values() for text in texts]
        rows.append({"number": item["row"], "cells": cells, "faults": rest})
    return {"columns": [{"name": name, "target": _target(wanted)} for name, wanted in mapped], "rows": rows}


def _value(values: Mapping[str, Any], target: str) -> str:
    if target.startswith(f"{CUSTOM}."):
        found = (values.get(CUSTOM) or {}).get(target.partition(".")[2])
    else:
        found = values.get(target)
    return "" if found is None else plain(found)


def _target(name: str) -> str:
    return ", ".join(words(part) for part in name.split(".") if part != CUSTOM)


def progress(record: Import) -> dict[str, Any]:
    """How far the work is."""
    job = _job(record)
    stopping = job is not None and job.cancel_requested and job.status in ACTIVE
    return {"record": record, "job": job, "stopping": stopping, "counts": counts(record.report)}


def _job(record: Import) -> Job | None:
    return Job.objects.filter(pk=record.job_id).first() if record.job_id else None


def counts(report: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """What became of the rows: name, number, tone."""
    tones = {"created": "good", "failed": "bad"}
    return [
        (words(name), report[name], tones.get(name, "") if report[name] else "") for name in COUNTS if name in report
    ]


def result(record: Import, actor: Actor) -> dict[str, Any] | None:
    """What the last check or commit has done, and the ways to its errors and its records."""
    report = record.report
    if "read" not in report or record.status in (Import.Status.CHECKING, Import.Status.COMMITTING):
        return None
    dry = report.get("phase") == "dry_run"
    related = [(words(name), number) for name, number in (report.get("related") or {}).items() if number]
    found = {
        "dry": dry,
        "counts": counts(report),
        "related": related,
        "seconds": report.get("seconds"),
        "message": report.get("message", ""),
        "errors_url": "",
        "records_url": "",
    }
    if report.get("failed") and record.path:
        found["errors_url"] = reverse("admin:core_import_do", args=[record.pk, "import_errors"])
    if not dry and report.get("created"):
        found["records_url"] = _records(record, actor)
    return found


def _records(record: Import, actor: Actor) -> str:
    """The list of what was made while the work went on."""
    # Lines of orders become orders: what has no list of its own has that of what it is a part of.
    name = record.entity.removesuffix("_line") if record.entity.endswith("_line") else record.entity
    model = next((item.model for item in registry.entities() if item.name == name), None)
    job = _job(record)
    if model is None or model not in admin.site._registry or job is None or not actor.may(name, "view"):
        return ""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    bounds = {"created_at__gte": job.started_at, "created_at__lte": job.finished_at}
    return f"{address}?{urlencode({key: value.isoformat() for key, value in bounds.items() if value is not None})}"


def place(refusal: DomainError, mapping: MappingForm | None, options: OptionsForm | None) -> list[str]:
    """Put what is wrong where it belongs; returns what belongs nowhere."""
    left = []
    for fault in refusal.errors:
        _, part, *path = [step.replace("~1", "/").replace("~0", "~") for step in f"{fault.pointer}/".split("/")]
        names = [step for step in path if step]
        known = {item["name"] for item in mapping.record.columns} if mapping is not None else set()
        column = next((name for name in names if name in known), None) if part in ("mapping", "options") else None
        if mapping is not None and column is not None:
            mapping.faults.setdefault(column, []).append(fault.message)
        elif options is not None and part == "options" and names and names[0] in options.fields:
            options.is_valid()
            options.add_error(names[0], fault.message)
        else:
            left.append(fault.message)
    return left if refusal.errors else [refusal.detail]


def same(one: Any, other: Any) -> bool:
    """Whether two mappings or options say the same: a column that becomes nothing need not be named."""
    return bool(_bare(one) == _bare(other))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, one in value.items() if (item := _bare(one)) not in (None, {}, [])}
    return value


def badge(record: Import) -> str:
    """The status in its tone."""
    tones = {"committed": "good", "checked": "good", "committing": "warn", "checking": "warn"}
    tone = tones.get(record.status) or tone_of(record.status)
    return format_html('<span class="bf-badge bf-{}">{}</span>', tone, words(record.status))
