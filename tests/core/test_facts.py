"""The triggers that mark what the lake must copy, on small tables of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from core.facts import fact_triggers
from core.models import DirtyMonth

JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tables() -> Iterator[None]:
    """shop_order split by month, shop_discount split by its order's month, shop_thing not split."""
    with isolate_apps("core"):

        class ShopOrder(models.Model):
            placed_at = models.DateTimeField()
            note = models.TextField(default="")

            class Meta:
                app_label = "core"
                db_table = "shop_order"

        class ShopDiscount(models.Model):
            order = models.ForeignKey(ShopOrder, models.CASCADE)

            class Meta:
                app_label = "core"
                db_table = "shop_discount"

        class ShopThing(models.Model):
            class Meta:
                app_label = "core"
                db_table = "shop_thing"

        triggers = {
            ShopOrder: fact_triggers("orders", month_column="placed_at", also=("discounts",)),
            ShopDiscount: fact_triggers("discounts", month_column="order__placed_at"),
            ShopThing: fact_triggers("things"),
        }
        with connection.schema_editor() as editor:
            for model in triggers:
                editor.create_model(model)
        with connection.cursor() as cursor:
            for model, each in triggers.items():
                for trigger in each:
                    cursor.execute(str(trigger.compile(model).install_sql))
    _marks()
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE shop_discount, shop_order, shop_thing")
    _marks()


def _run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _marks() -> set[tuple[str, date | None]]:
    """Take the marks."""
    found = set(DirtyMonth.objects.values_list("fact", "month"))
    DirtyMonth.objects.all().delete()
    return found


def _order(number: int, placed_at: str) -> None:
    _run("INSERT INTO shop_order (id, placed_at, note) VALUES (%s, %s, '')", number, placed_at)


@pytest.mark.usefixtures("tables")
def test_an_insert_marks_its_months() -> None:
    _run("INSERT INTO shop_order (placed_at, note) VALUES ('2026-01-31 23:59:59+00', ''), ('2026-02-01 00:00+00', '')")
    assert _marks() == {(fact, month) for fact in ("orders", "discounts") for month in (JAN, FEB)}


@pytest.mark.usefixtures("tables")
def test_months_are_those_of_utc() -> None:
    _run("SET timezone TO 'Asia/Tokyo'")
    _order(1, "2026-02-01 08:00+09")
    _run("SET timezone TO 'UTC'")
    assert ("orders", JAN) in _marks()


@pytest.mark.usefixtures("tables")
def test_an_update_marks_the_month_it_leaves_and_the_one_it_enters() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    _run("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00'")
    assert _marks() == {(fact, month) for fact in ("orders", "discounts") for month in (JAN, MAR)}


@pytest.mark.usefixtures("tables")
def test_a_delete_marks_and_a_statement_without_rows_does_not() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    _run("UPDATE shop_order SET note = 'x' WHERE id = 99")
    assert _marks() == set()
    _run("DELETE FROM shop_order")
    assert ("orders", JAN) in _marks()


@pytest.mark.usefixtures("tables")
def test_bulk_loading_marks() -> None:
    with connection.cursor() as cursor, cursor.copy("COPY shop_order (placed_at, note) FROM STDIN") as stream:
        for day in range(1, 28):
            stream.write_row((f"2026-02-{day:02} 00:00+00", ""))
    assert _marks() == {("orders", FEB), ("discounts", FEB)}
    _run("INSERT INTO shop_order (id, placed_at, note) VALUES (1, '2026-03-01 00:00+00', '') "
         "ON CONFLICT (id) DO UPDATE SET note = 'again'")  # fmt: skip
    assert ("orders", FEB) in _marks()


@pytest.mark.usefixtures("tables")
def test_truncation_marks_everything() -> None:
    _run("TRUNCATE shop_order CASCADE")
    assert _marks() == {("orders", None), ("discounts", None)}


@pytest.mark.usefixtures("tables")
def test_a_table_that_is_not_split_is_marked_whole() -> None:
    _run("INSERT INTO shop_thing (id) VALUES (1), (2)")
    assert _marks() == {("things", None)}
    _run("DELETE FROM shop_thing")
    assert _marks() == {("things", None)}


@pytest.mark.usefixtures("tables")
def test_a_row_without_its_own_moment_takes_its_parents() -> None:
    _order(1, "2026-01-10 00:00+00")
    _order(2, "2026-02-10 00:00+00")
    _marks()
    _run("INSERT INTO shop_discount (id, order_id) VALUES (1, 1)")
    assert _marks() == {("discounts", JAN)}
    _run("UPDATE shop_discount SET order_id = 2")
    assert _marks() == {("discounts", JAN), ("discounts", FEB)}


@pytest.mark.usefixtures("tables")
def test_marks_are_the_writers_own_until_it_commits() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    with _other() as other:
        other.execute("UPDATE shop_order SET note = 'x'")
        assert _marks() == set()
        other.rollback()
        assert _marks() == set()
        other.execute("UPDATE shop_order SET note = 'y'")
        other.commit()
    assert ("orders", JAN) in _marks()


@pytest.mark.usefixtures("tables")
def test_an_order_does_not_change_month_under_a_writer_of_its_discounts() -> None:
    # Otherwise the discount would be marked in the month that the order has left by the time both have committed.
    _order(1, "2026-01-10 00:00+00")
    _marks()
    with _other() as writer, _other() as mover:
        writer.execute("INSERT INTO shop_discount (id, order_id) VALUES (1, 1)")
        mover.execute("UPDATE shop_order SET note = 'same month: no waiting'")
        mover.commit()
        mover.execute("SET lock_timeout TO '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            mover.execute("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00'")
        mover.rollback()
        writer.commit()
        mover.execute("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00'")
        mover.commit()
    assert {("discounts", JAN), ("discounts", MAR)} <= _marks()


def test_a_moment_that_may_be_missing_is_refused() -> None:
    with isolate_apps("core"):

        class Loose(models.Model):
            placed_at = models.DateTimeField(null=True)

            class Meta:
                app_label = "core"

        with pytest.raises(TypeError, match="never null"):
            fact_triggers("orders", month_column="placed_at")[0].compile(Loose)


def _other() -> psycopg.Connection[Any]:
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )  # fmt: skip
