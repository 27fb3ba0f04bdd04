"""The store that slices are answered from: derived from the lake and contacts' metrics, made anew when they change.

It can always be made again. A new one is named in one step, and web processes take it up with their next request; those
that still read the old one keep its files, whose names are gone, until then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.utils.module_loading import import_string

from analytics.lake import files
from analytics.lake.database import Lock, held, own_connection
from analytics.models import ContactMetrics, LakeFile, MetricRun
from analytics.selectors.slice_columns import custom_keys, dimension_names, root
from core.ids import new_id
from core.personal.holders import Holder, Subject

BUILD = "analytics.slicing.build.build"
PROFILE_COLUMN = "analytics.slicing.build.ProfileColumn"
SESSION = "analytics.engine.session.opened"
CURRENT, META = "current", "meta.json"


def rebuild(*, at: datetime) -> str:
    """Make the store anew from the lake as of its last sync, and return its version. One at a time; others wait."""
    with own_connection() as own, held(own, Lock.SLICES):
        name = new_id().hex
        folder = root() / name
        folder.mkdir(parents=True)
        try:
            _fill(folder, at)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        for path in folder.iterdir():
            files.make_durable(path)
        waiting = root() / f"{name}.next"
        waiting.write_text(name, encoding="utf-8")
        files.make_durable(waiting)
        waiting.replace(root() / CURRENT)
        _remove_others(name)
        return name


def refresh(*, at: datetime) -> bool:
    """Make the store anew if the lake or the contacts' metrics have changed since it was made. Returns whether it was.

    Where there is nothing in the lake yet there is nothing to make.
    """
    synced = LakeFile.objects.aggregate(last=models.Max("synced_at"))["last"]
    made = _moment("built_at")
    if synced is None or (made is not None and made >= max(filter(None, (synced, _computed_at())))):
        return False
    rebuild(at=at)
    return True


def _computed_at() -> datetime | None:
    """When contacts' metrics were written last."""
    runs = MetricRun.objects.filter(status=MetricRun.Status.SUCCEEDED)
    found: datetime | None = runs.aggregate(last=models.Max("finished_at"))["last"]
    return found


def _moment(name: str) -> datetime | None:
    """A moment that the store tells of itself: `built_at`, before which all that it holds was there."""
    try:
        version = (root() / CURRENT).read_text(encoding="utf-8").strip()
        said = json.loads((root() / version / META).read_text(encoding="utf-8"))[name]
    except FileNotFoundError:
        return None
    return said and datetime.fromisoformat(said)


def _fill(folder: Path, at: datetime) -> None:
    with import_string(SESSION)() as session:
        target = session.scratch / "profiles.csv"
        columns = [column for column in ContactMetrics._meta.concrete_fields if _kind(column) is not None]
        _unload(columns, target)
        described = ", ".join(f"'{column.attname}': '{_kind(column)}'" for column in columns)
        session.duck.execute(
            f"CREATE TABLE profiles AS SELECT * FROM read_csv('{target}', auto_detect=false, header=false, "  # noqa: S608
            f"nullstr='\\N', allow_quoted_nulls=false, columns={{{described}}})"
        )
        import_string(BUILD)(
            session.duck,
            folder,
            base_currency=settings.BASE_CURRENCY,
            custom=custom_keys(),
            profile=list(_profile(columns)),
            at=at,
            lake_synced_at=session.synced_at,
        )


def _unload(columns: list[models.Field[Any, Any]], target: Path) -> None:
    listed = ", ".join(f'm."{column.column}"' for column in columns)
    copy = (
        f"COPY (SELECT {listed} FROM analytics_contact_metrics AS m WHERE m.deleted_at IS NULL) "  # noqa: S608
        "TO STDOUT (FORMAT csv, NULL '\\N')"
    )
    with connection.cursor() as cursor, target.open("wb") as file, cursor.copy(copy) as stream:
        for chunk in stream:
            file.write(chunk)


def _kind(column: models.Field[Any, Any]) -> str | None:
    """The engine's type of a column of the profiles that slices can use."""
    match column:
        case models.ForeignKey() | models.CharField():
            return "VARCHAR"
        case models.BooleanField():
            return "BOOLEAN"
        case models.IntegerField():
            return "BIGINT"
        case models.DecimalField():
            return f"DECIMAL({min(column.max_digits or 38, 38)}, {column.decimal_places})"
    return None


def _profile(columns: list[models.Field[Any, Any]]) -> Iterator[Any]:
    make, dimensions = import_string(PROFILE_COLUMN), dimension_names()
    for column in columns:
        places = 2 if isinstance(column, models.DecimalField) else None
        if isinstance(column, models.IntegerField):
            places = 0
        if column.name in dimensions or places is not None:
            yield make(column.name, is_dimension=column.name in dimensions, places=places)


def _remove_others(name: str) -> None:
    for path in root().iterdir():
        if path.name in (CURRENT, name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def forget(subject: Subject, at: datetime) -> bool:
    """Make the store anew where it was made before the erasure; True once none is left from before."""
    synced = _moment("lake_synced_at")
    if synced is not None and synced <= subject.erased_at:
        rebuild(at=at)
    return True


STORE = Holder("slices", forget)
