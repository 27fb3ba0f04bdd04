"""The lake follows the database: what is copied, what is not, and what survives a crash."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from analytics import facts
from analytics.engine import session as engine
from analytics.lake import copying, files
from analytics.lake import syncing as lake
from analytics.lake.database import Lock, held, own_connection
from analytics.models import CostActivity, LakeFact, LakeFile
from core.models import DirtyMonth
from crm.models import Contact, Interaction, Order
from tests.analytics.support import contact, differing, discount, in_lake, line, moment, order, other_writer

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)
ORDERS = facts.fact("orders")


@pytest.fixture(autouse=True)
def no_marks() -> None:
    """Emptying tables after the test before this one has left marks; rows of the beginning would be copied too."""
    CostActivity.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM analytics_tier_rule")
    DirtyMonth.objects.all().delete()


def test_the_first_sync_copies_everything_and_the_second_nothing() -> None:
    ann = contact()
    for month in (1, 2, 5):
        line(order(ann, moment(f"2025-0{month}-10"), month), month)
    report = lake.sync(at=AT)
    assert report
    assert report.rows == 1 + 3 + 3
    assert not differing()
    assert sorted(LakeFile.objects.filter(fact="orders").values_list("month", flat=True)) == [
        date(2025, 1, 1), date(2025, 2, 1), date(2025, 5, 1),
    ]  # fmt: skip
    again = lake.sync(at=AT + timedelta(minutes=5))
    assert again
    assert (again.months, again.files) == (0, 0)
    assert set(LakeFact.objects.values_list("synced_at", flat=True)) == {AT + timedelta(minutes=5)}


def test_only_the_months_that_changed_are_written_again() -> None:
    ann = contact()
    orders = [order(ann, moment(f"2025-0{month}-10"), month) for month in (1, 2, 3)]
    lake.sync(at=AT)
    before = dict(LakeFile.objects.values_list("month", "path").filter(fact="orders"))
    Order.objects.filter(pk=orders[1].pk).update(channel="web")
    report = lake.sync(at=AT)
    assert report
    assert report.rows == 1
    after = dict(LakeFile.objects.values_list("month", "path").filter(fact="orders"))
    assert {month for month in after if after[month] != before[month]} == {date(2025, 2, 1)}
    assert not differing()


def test_an_order_that_moves_is_in_one_month_with_its_discounts() -> None:
    moved = order(contact(), moment("2025-01-10"), 10)
    discount(moved, 1)
    lake.sync(at=AT)
    Order.objects.filter(pk=moved.pk).update(placed_at=moment("2025-04-01"))
    lake.sync(at=AT)
    assert len(in_lake(ORDERS)) == 1
    assert not differing()
    assert list(LakeFile.objects.filter(fact="order_discounts").values_list("month", flat=True)) == [date(2025, 4, 1)]


def test_a_soft_delete_leaves_the_lake_and_a_restore_returns_to_it() -> None:
    gone = order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    Order.objects.filter(pk=gone.pk).update(deleted_at=AT)
    lake.sync(at=AT)
    assert in_lake(ORDERS) == []
    assert not LakeFile.objects.filter(fact="orders").exists()
    Order.objects.filter(pk=gone.pk).update(deleted_at=None)
    lake.sync(at=AT)
    assert len(in_lake(ORDERS)) == 1


def test_any_text_arrives_as_it_was() -> None:
    texts = [
        "\\N", '""', '"', "a,b", "a\nb", "a\r\nb", "\r", " padded ", "'", "\\", "\\.", "NULL", "ünï 日本 🎁",
        "\t", "\u2028",
        "a" * 64,
    ]  # fmt: skip
    for text in texts:
        contact(source=text, custom={"note": text}, tags=[text, "b"])
        Interaction.objects.create(contact=contact(), channel="web", kind=text, occurred_at=AT, minutes=Decimal("1.25"))
    lake.sync(at=AT)
    assert not differing()


def test_an_empty_text_is_not_null() -> None:
    who = contact()
    Contact.objects.filter(pk=who.pk).update(source="")
    lake.sync(at=AT)
    with engine.opened() as session:
        assert session.duck.execute("SELECT source, city FROM contacts").fetchall() == [("", None)]


def test_amounts_and_moments_are_exact() -> None:
    order(contact(), datetime(1999, 12, 31, 23, 59, 59, 999999, UTC), Decimal("99999999999999.99"))
    lake.sync(at=AT)
    with engine.opened() as session:
        (row,) = session.duck.execute("SELECT total, placed_at FROM orders").fetchall()
    assert row == (Decimal("99999999999999.99"), datetime(1999, 12, 31, 23, 59, 59, 999999))  # noqa: DTZ001
    assert LakeFile.objects.get(fact="orders").month == date(1999, 12, 1)


def test_the_same_rows_make_the_same_bytes(lake_root: Path) -> None:
    for number in range(50):
        order(contact(), moment("2025-01-10") + timedelta(hours=number), number)

    def contents() -> list[bytes]:
        paths = LakeFile.objects.order_by("fact", "month").values_list("path", flat=True)
        return [(lake_root / path).read_bytes() for path in paths]

    lake.sync(at=AT)
    first = contents()
    report = lake.sync(at=AT, full=True)
    assert report
    assert report.rows == 100
    assert contents() == first


def test_a_writer_that_has_not_committed_is_not_seen_and_not_lost() -> None:
    who = order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    with other_writer() as other:
        other.execute("UPDATE crm_order SET channel = 'web' WHERE id = %s", [who.pk])
        report = lake.sync(at=AT)
        assert report
        assert report.months == 0
        other.commit()
    assert differing()
    lake.sync(at=AT)
    assert not differing()


def test_all_facts_are_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = contact()
    line(order(ann, moment("2025-01-10"), 1), 1)
    lake.sync(at=AT)
    line(order(ann, moment("2025-01-11"), 2), 2)

    def meddle(message: str) -> None:
        # Facts are copied by name: order_lines comes before orders.
        if message == "Copying orders":
            line(order(ann, moment("2025-01-12"), 3), 3)

    lake.sync(at=AT, progress=meddle)
    assert len(in_lake(ORDERS)) == len(in_lake(facts.fact("order_lines"))) == 2
    lake.sync(at=AT)
    assert not differing()


class Crash(BaseException):
    """As sudden as a kill: nothing but the operating system cleans up."""


@pytest.mark.parametrize("where", ["_unload", "csv", "_written"])
def test_a_crash_changes_nothing_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, lake_root: Path, where: str
) -> None:
    ann = contact()
    order(ann, moment("2025-01-10"), 10)
    lake.sync(at=AT)
    before = in_lake(ORDERS)
    order(ann, moment("2025-01-11"), 11)
    marks = DirtyMonth.objects.count()

    def crash(*arguments: object) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(copying, where, crash)
        with pytest.raises(Crash):
            lake.sync(at=AT)
    assert in_lake(ORDERS) == before
    assert DirtyMonth.objects.count() == marks
    lake.sync(at=AT)
    assert not differing()
    named = {lake_root / path for path in LakeFile.objects.values_list("path", flat=True)}
    assert set(lake_root.glob("*/*.parquet")) == named
    assert not list((lake_root / files.SCRATCH).iterdir())


def test_a_crash_after_the_files_are_written_leaves_the_old_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    who = order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    Order.objects.filter(pk=who.pk).update(channel="web")
    before = in_lake(ORDERS)

    def crash(*arguments: object) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr("analytics.lake.syncing._record", crash)
        with pytest.raises(Crash):
            lake.sync(at=AT)
    assert in_lake(ORDERS) == before
    lake.sync(at=AT)
    assert not differing()


def test_files_stay_while_somebody_reads_them(lake_root: Path) -> None:
    who = order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    with engine.opened() as session:
        Order.objects.filter(pk=who.pk).update(channel="web")
        lake.sync(at=AT)
        assert session.duck.execute("SELECT channel FROM orders").fetchall() == [("other",)]
        assert len(list(lake_root.glob("orders/*.parquet"))) == 2
    lake.sync(at=AT)
    assert len(list(lake_root.glob("orders/*.parquet"))) == 1
    assert not differing()


def test_one_sync_at_a_time() -> None:
    with own_connection() as other, held(other, Lock.SYNC):
        assert lake.sync(at=AT, wait=False) is None
    assert lake.sync(at=AT, wait=False) is not None


def test_a_fact_declared_differently_is_copied_anew() -> None:
    order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    LakeFact.objects.filter(name="orders").update(version="an older declaration")
    report = lake.sync(at=AT)
    assert report
    assert report.rows == 1


def test_truncated_tables_leave_the_lake() -> None:
    order(contact(), moment("2025-01-10"), 10)
    lake.sync(at=AT)
    with other_writer() as other:
        other.execute("TRUNCATE crm_order CASCADE")
        other.commit()
    lake.sync(at=AT)
    assert not differing()
    assert in_lake(ORDERS) == []


def test_months_are_read_in_stretches() -> None:
    months = [date(2025, month, 1) for month in (1, 2, 3, 5, 11, 12)] + [date(2026, 1, 1)]
    few = dict.fromkeys(months, 1)
    runs = [[each.strftime("%y%m") for each in run] for run in copying.stretches(few)]
    assert runs == [["2501", "2502", "2503"], ["2505"], ["2511", "2512", "2601"]]
    many = few | dict.fromkeys((date(2025, 2, 1), date(2025, 12, 1)), copying.ROWS_OF_A_STRETCH)
    assert [len(run) for run in copying.stretches(many)] == [1, 1, 1, 1, 1, 1, 1]
    assert len(next(copying.stretches(_years(5)))) == copying.MONTHS_OF_A_STRETCH


def _years(number: int) -> dict[date, int]:
    return {date(2000 + year, month, 1): 1 for year in range(number) for month in range(1, 13)}
