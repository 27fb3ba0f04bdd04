"""Whatever happens to the database, the lake is equal to it after a sync: random writes, kills, writers beside it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from analytics import facts
from analytics.engine import session as engine
from analytics.lake import copying, deltas, files, marks, reading, syncing
from analytics.lake.database import own_connection
from analytics.models import LakeFile
from analytics.services import forgetting
from core.models import DirtyMonth
from core.personal.holders import Subject
from crm.models import Order
from tests.analytics.lake.world import START, World, beside, few_rows_are_many
from tests.analytics.support import contact, differing, order
from tests.support import workers

pytestmark = pytest.mark.django_db(transaction=True)

# Where a sync is killed: its stages, in the order in which it comes to them.
STAGES = (
    (marks, "take"), (copying, "_unload"), (copying, "csv"), (copying, "_written"), (deltas, "merged"),
    (deltas, "folded"), (files, "make_all_durable"), (syncing, "_record"), (files, "collect"),
)  # fmt: skip


class Kill(BaseException):
    """The worker is killed here."""


@pytest.fixture
def world_of_few() -> Iterator[None]:
    with few_rows_are_many():
        DirtyMonth.objects.all().delete()
        yield


def _killed_somewhere(dice: random.Random, patch: pytest.MonkeyPatch) -> None:
    """A sync that is killed after a number of calls somewhere inside."""
    module, name = dice.choice(STAGES)
    real = getattr(module, name)
    left = [dice.randrange(3)]

    def deadly(*arguments: object, **options: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Kill
        answer = real(*arguments, **options)
        if left[0] == 0 and dice.random() < 0.5:
            raise Kill
        return answer

    with patch.context() as broken, suppress(Kill):
        broken.setattr(module, name, deadly)
        syncing.sync(at=START)


def _other_sizes(dice: random.Random, patch: pytest.MonkeyPatch) -> None:
    """What is many and what is few differs from sync to sync, so that every way is gone."""
    patch.setattr(marks, "SHARE", dice.choice([0, 0.3, 0.5, 2, 1000]))
    patch.setattr(deltas, "FOLD_ROWS", dice.choice([0, 3, 10, 10_000, 10_000]))
    patch.setattr(copying, "ROWS_OF_A_STRETCH", dice.choice([1, 3, 1_000_000]))


def _is_sound() -> None:
    """The lake is equal to the database, by either form of its views, and has the manifest's files and no others."""
    assert differing() == []
    with own_connection() as connection, engine.opened() as lake:
        for name, source in reading.sources(connection).items():
            rows = lake.duck.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()  # noqa: S608
            assert rows == lake.duck.execute(_plain(source)).fetchall()
            clean = [path for path in source.base if path not in source.touched]
            assert not (source.delta and _shared(lake, clean, source.delta)), name
        assert files.unnamed(connection) == []
        assert not files.is_broken(connection)


def _scan(paths: list[Path]) -> str:
    return f"read_parquet({[str(path) for path in paths]})"


def _plain(source: reading.FactSource) -> str:
    """The view, as it is described."""
    columns, new = (", ".join(f"{alias}.{item.name}" for item in source.columns) for alias in "bn")
    parts = [f"SELECT {columns} FROM {_scan(source.base)} AS b"] if source.base else []  # noqa: S608
    if source.delta:
        delta = _scan([source.delta])
        if source.base:
            parts[0] += f" WHERE NOT EXISTS (SELECT 1 FROM {delta} AS d WHERE d.id = b.id)"  # noqa: S608
        parts.append(f"SELECT {new} FROM {delta} AS n WHERE NOT is_deleted")  # noqa: S608
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY id" if parts else "SELECT 1 WHERE false"  # noqa: S608


def _shared(lake: engine.Lake, clean: list[Path], delta: Path) -> bool:
    """Whether files that are said not to be touched have rows that the delta speaks of."""
    query = f"SELECT 1 FROM {_scan(clean)} WHERE id IN (SELECT id FROM {_scan([delta])})"  # noqa: S608
    return bool(clean and lake.duck.execute(query).fetchone())


@pytest.mark.usefixtures("world_of_few")
@pytest.mark.parametrize("seed", range(12))
def test_equal_after_every_sync(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(seed)
    with ExitStack() as stack:
        others = [stack.enter_context(beside(world.dice)) for _ in range(2)]
        for _ in range(8):
            for _ in range(world.dice.randrange(1, 12)):
                world.step()
                for other in others:
                    if world.dice.random() < 0.3:
                        other.step()
            _other_sizes(world.dice, monkeypatch)
            if world.dice.random() < 0.5:
                _killed_somewhere(world.dice, monkeypatch)
            syncing.sync(at=START, full=world.dice.random() < 0.05, compact=world.dice.random() < 0.15)
            _is_sound()
    syncing.sync(at=START)
    _is_sound()
    assert not DirtyMonth.objects.exists()


@pytest.mark.usefixtures("world_of_few")
@pytest.mark.parametrize("stage", [name for _, name in STAGES])
def test_killed_by_the_system_at_every_stage(stage: str, lake_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(7)
    for _ in range(25):
        world.step()
    syncing.sync(at=START)
    before = sorted(LakeFile.objects.values_list("path", flat=True))
    # A new month, a changed row of an old one, and a delta to be folded, so that every stage is come to.
    order(contact(), START + timedelta(days=900), 5)
    Order.objects.filter(pk=order(contact(), START, 3).pk).update(location="here")
    marked = DirtyMonth.objects.count()
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed.py")), stage],
        env={**workers.environment(lake_root), "PYTHONPATH": str(settings.BASE_DIR)},
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    if stage == "collect":
        assert not DirtyMonth.objects.exists()
    else:
        assert sorted(LakeFile.objects.values_list("path", flat=True)) == before
        assert DirtyMonth.objects.count() == marked
    syncing.sync(at=START)
    _is_sound()


def test_what_was_superseded_is_not_on_disk_once_somebody_is_forgotten(
    lake_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "SHARE", 1000)
    who, month = contact(source="A secret of Ann's"), START
    for number in range(40):
        order(who, month + timedelta(days=number), number, location="Ann's house")
    syncing.sync(at=START)
    Order.objects.filter(total__lt=20).update(location=None)
    type(who).objects.filter(pk=who.pk).update(source=None)
    Order.objects.filter(total__gte=20).delete()
    syncing.sync(at=START)
    assert LakeFile.objects.filter(is_delta=True).count() == 2
    assert _told(lake_root, "Ann")
    assert forgetting.forget(Subject(frozenset([who.pk]), START), START)
    assert not LakeFile.objects.filter(is_delta=True).exists()
    assert not _told(lake_root, "Ann")
    _is_sound()


def _told(root: Path, word: str) -> list[Path]:
    """The files in which a word stands."""
    with engine.opened() as lake:
        query = "SELECT 1 FROM read_parquet('{}') AS t WHERE CAST(t AS VARCHAR) LIKE '%{}%'"
        return [p for p in root.rglob("*.parquet") if lake.duck.execute(query.format(p, word)).fetchone()]


def test_every_fact_is_marked_by_its_own_table() -> None:
    """A mark names a row of the fact's table by its id, so no other table may make marks of that fact."""
    tables: dict[str, set[str]] = {}
    for model in apps.get_models():
        for trigger in getattr(model._meta, "triggers", ()):
            if hasattr(trigger, "month_column"):
                tables.setdefault(trigger.fact, set()).add(model._meta.db_table)
    for fact in facts.facts():
        assert tables[fact.name] == {fact.table}
        assert fact.key == "id"
        assert fact.columns[0].expression == "t.id"
        assert not fact.joins or fact.follows
