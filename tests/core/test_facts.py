"""The triggers that mark what the lake must copy, on small tables of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.contrib.postgres.functions import RandomUUID
from django.db import connection, models
from django.test.utils import isolate_apps

from core.facts import fact_triggers
from core.models import DirtyMonth

JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
# The most rows of a statement that are marked singly.
MANY = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tables() -> Iterator[None]:
    """shop_order split by month, shop_discount that follows it, shop_thing not split."""
    with isolate_apps("core"):

        class ShopOrder(models.Model):
            id = models.UUIDField(primary_key=True, db_default=RandomUUID())
            placed_at = models.DateTimeField()
            note = models.TextField(default="")

            class Meta:
                app_label = "core"
                db_table = "shop_order"

        class ShopDiscount(models.Model):
            id = models.UUIDField(primary_key=True)
            order = models.ForeignKey(ShopOrder, models.CASCADE)

            class Meta:
                app_label = "core"
                db_table = "shop_discount"

        class ShopThing(models.Model):
            id = models.UUIDField(primary_key=True)

            class Meta:
                app_label = "core"
                db_table = "shop_thing"

        triggers = {
            ShopOrder: fact_triggers("orders", month_column="placed_at", followed=True, at_most=MANY),
            ShopDiscount: fact_triggers("discounts", at_most=MANY),
            ShopThing: fact_triggers("things", at_most=MANY),
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


Mark = tuple[str, date | None, int | None]


def _marks() -> set[Mark]:
    """Take the marks: the fact, the month, and the row's number, none for a whole month."""
    found = {(fact, month, row and row.int) for fact, month, row in _all("fact", "month", "row_id")}
    DirtyMonth.objects.all().delete()
    return found


def _moved() -> set[tuple[date | None, bool]]:
    """Take the marks of orders: their months, and whether the moment changed."""
    found = {(month, moved) for fact, month, moved in _all("fact", "month", "moved") if fact == "orders"}
    DirtyMonth.objects.all().delete()
    return found


def _all(*columns: str) -> list[Any]:
    return list(DirtyMonth.objects.values_list(*columns))


def _id(number: int) -> UUID:
    return UUID(int=number)


def _order(number: int, placed_at: str) -> None:
    _run("INSERT INTO shop_order (id, placed_at, note) VALUES (%s, %s, '')", _id(number), placed_at)


def _discount(number: int, order: int) -> None:
    _run("INSERT INTO shop_discount (id, order_id) VALUES (%s, %s)", _id(number), _id(order))


@pytest.mark.usefixtures("tables")
def test_an_insert_marks_its_rows_in_their_months() -> None:
    _run(
        "INSERT INTO shop_order (id, placed_at, note) VALUES (%s, '2026-01-31 23:59:59+00', ''), "
        "(%s, '2026-02-01 00:00+00', '')",
        _id(1), _id(2),
    )  # fmt: skip
    assert _marks() == {("orders", JAN, 1), ("orders", FEB, 2)}


@pytest.mark.usefixtures("tables")
def test_months_are_those_of_utc() -> None:
    _run("SET timezone TO 'Asia/Tokyo'")
    _order(1, "2026-02-01 08:00+09")
    _run("SET timezone TO 'UTC'")
    assert _marks() == {("orders", JAN, 1)}


@pytest.mark.usefixtures("tables")
def test_an_update_marks_the_month_it_leaves_and_the_one_it_enters() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    _run("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00'")
    assert _marks() == {("orders", JAN, 1), ("orders", MAR, 1)}


@pytest.mark.usefixtures("tables")
def test_whether_the_moment_changed_is_marked_for_who_follows_it() -> None:
    _order(1, "2026-01-10 00:00+00")
    assert _moved() == {(JAN, False)}
    _run("UPDATE shop_order SET note = 'x'")
    assert _moved() == {(JAN, False)}
    _run("UPDATE shop_order SET placed_at = '2026-01-11 00:00+00'")
    assert _moved() == {(JAN, True)}
    _run("UPDATE shop_order SET id = %s", _id(9))
    assert _moved() == {(JAN, True)}
    _run("DELETE FROM shop_order")
    assert _moved() == {(JAN, False)}


@pytest.mark.usefixtures("tables")
def test_a_delete_marks_and_a_statement_without_rows_does_not() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    _run("UPDATE shop_order SET note = 'x' WHERE id = %s", _id(99))
    assert _marks() == set()
    _run("DELETE FROM shop_order")
    assert _marks() == {("orders", JAN, 1)}


@pytest.mark.usefixtures("tables")
def test_many_rows_of_a_statement_mark_their_months() -> None:
    with connection.cursor() as cursor, cursor.copy("COPY shop_order (placed_at, note) FROM STDIN") as stream:
        for day in range(1, MANY + 2):
            stream.write_row((f"2026-02-{day:02} 00:00+00", ""))
    assert _marks() == {("orders", FEB, None)}
    _run("INSERT INTO shop_order (id, placed_at, note) SELECT id, '2026-03-01 00:00+00', '' FROM shop_order "
         "ON CONFLICT (id) DO UPDATE SET note = 'again'")  # fmt: skip
    assert _marks() == {("orders", FEB, None)}
    _run("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00' WHERE placed_at > '2026-02-02'")
    assert _moved() == {(FEB, True), (MAR, True)}
    _run("DELETE FROM shop_order")
    assert _marks() == {("orders", FEB, None), ("orders", MAR, None)}


@pytest.mark.usefixtures("tables")
def test_truncation_marks_everything() -> None:
    _run("TRUNCATE shop_order CASCADE")
    assert _marks() == {("orders", None, None), ("discounts", None, None)}


@pytest.mark.usefixtures("tables")
def test_a_table_that_is_not_split_has_no_months() -> None:
    _run("INSERT INTO shop_thing (id) VALUES (%s), (%s)", _id(1), _id(2))
    assert _marks() == {("things", None, 1), ("things", None, 2)}
    _run("DELETE FROM shop_thing WHERE id = %s", _id(1))
    assert _marks() == {("things", None, 1)}
    _run("INSERT INTO shop_thing (id) SELECT gen_random_uuid() FROM generate_series(0, %s)", MANY)
    assert _marks() == {("things", None, None)}


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
    assert _marks() == {("orders", JAN, 1)}


@pytest.mark.usefixtures("tables")
def test_who_moves_an_order_and_who_writes_its_discounts_do_not_wait_for_each_other() -> None:
    _order(1, "2026-01-10 00:00+00")
    _marks()
    with _other() as writer, _other() as mover:
        mover.execute("SET lock_timeout TO '50ms'")
        writer.execute("INSERT INTO shop_discount (id, order_id) VALUES (%s, %s)", [_id(1), _id(1)])
        mover.execute("UPDATE shop_order SET placed_at = '2026-03-10 00:00+00'")
        mover.commit()
        writer.commit()
    assert _marks() == {("discounts", None, 1), ("orders", JAN, 1), ("orders", MAR, 1)}


def test_a_primary_key_of_another_type_is_refused() -> None:
    with isolate_apps("core"):

        class Counted(models.Model):
            class Meta:
                app_label = "core"

        with pytest.raises(TypeError, match="must be a UUID"):
            fact_triggers("things")[0].compile(Counted)


def test_a_moment_that_may_be_missing_is_refused() -> None:
    with isolate_apps("core"):

        class Loose(models.Model):
            id = models.UUIDField(primary_key=True)
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
