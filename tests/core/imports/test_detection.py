"""Detection: what people write as numbers and dates, and what stays open is said."""

# ruff: noqa: DTZ001 - what a cell says has no zone

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from core.imports.detection import dates, numbers
from core.imports.detection.columns import examine
from core.imports.readers import Row
from core.registry.types import Email, TypeFault


@pytest.mark.parametrize(
    ("text", "decimal", "value", "currency"),
    [
        ("€ 1.234,56", "comma", "1234.56", "EUR"),
        ("1,234.56 USD", "point", "1234.56", "USD"),
        ("(12.00)", "point", "-12.00", None),
        ("12,50- EUR", "comma", "-12.50", "EUR"),
        ("-£5", "point", "-5", "GBP"),
        ("$ 5", "point", "5", None),
        ("1 234,5", "comma", "1234.5", None),
        ("1'234.50", "point", "1234.50", None),
        (".5", "point", "0.5", None),
        ("1e3", "point", "1000", None),
        ("2.5E-2", "point", "0.025", None),
        ("12,34,567.5", "point", "1234567.5", None),
    ],
)
def test_amounts(text: str, decimal: str, value: str, currency: str | None) -> None:
    assert numbers.parse(text, decimal) == numbers.Amount(value, currency)


@pytest.mark.parametrize(
    "text", ["abc", "1 23", "1.2.3", "1,23,4", "5 %", "(5", "--5", "-(5)", "EUR 5 USD", "", "-", "1,5.5,2"]
)
@pytest.mark.parametrize("decimal", ["point", "comma"])
def test_what_is_no_amount(text: str, decimal: str) -> None:
    assert numbers.parse(text, decimal) is None


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_amounts_come_back_in_either_way_of_writing(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    belgian = english.translate(str.maketrans(",.", ".,"))
    for text, decimal in ((english, "point"), (belgian, "comma"), (f"{belgian} €", "comma")):
        found = numbers.parse(text, decimal)
        assert found is not None
        assert Decimal(found.text) == amount


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2020-01-02", "y-m-d", datetime(2020, 1, 2)),
        ("1 Dec 2010 08:26", "d/m/y", datetime(2010, 12, 1, 8, 26)),
        ("12/1/2010 8:26", "m/d/y", datetime(2010, 12, 1, 8, 26)),
        ("12/1/2010 8:26", "d/m/y", datetime(2010, 1, 12, 8, 26)),
        ("31.12.2020", "d/m/y", datetime(2020, 12, 31)),
        ("31/12/2010 5:30 PM", "d/m/y", datetime(2010, 12, 31, 17, 30)),
        ("Dec 1, 2010", "m/d/y", datetime(2010, 12, 1)),
        ("Mi, 3. März 2021", "d/m/y", datetime(2021, 3, 3)),
        ("20201231", "y-m-d", datetime(2020, 12, 31)),
        ("40513.25", "excel", datetime(2010, 12, 1, 6)),
        ("01/02/69", "d/m/y", datetime(1969, 2, 1)),
        ("2020-01-02T03:04:05.123+02:00", "y-m-d", datetime(2020, 1, 2, 3, 4, 5, 123000, timezone(timedelta(hours=2)))),
        ("2020-01-02 03:04:05Z", "d/m/y", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_dates(text: str, order: str, moment: datetime) -> None:
    assert dates.parse(text, order) == moment


@pytest.mark.parametrize(
    "text", ["29/02/2021", "13/13/2020", "5 PM", "53", "abc", "2020-1", "1/2/3/4", "99:99", "1 Foo 2020"]
)
@pytest.mark.parametrize("order", dates.ORDERS)
def test_what_is_no_date(text: str, order: str) -> None:
    assert dates.parse(text, order) is None


@given(st.text(max_size=30), st.sampled_from(dates.ORDERS))
def test_no_text_breaks_the_parsers(text: str, order: str) -> None:
    dates.parse(text, order)
    numbers.parse(text, "point")
    numbers.parse(text, "comma")


def rows(*cells: tuple[str, ...]) -> list[Row]:
    return [Row(number, list(row)) for number, row in enumerate(cells, 2)]


def test_one_telling_cell_settles_a_column() -> None:
    (day, paid), count = examine(["day", "paid"], rows(("01/02/2020", "1,234"), ("13/02/2020", "2,5")))
    assert (day.shape, day.date_format, day.open) == ("date", "d/m/y", ())
    assert (paid.shape, paid.decimal, paid.open) == ("number", "comma", ())
    assert count == 2


def test_what_no_cell_tells_stays_open() -> None:
    (day, paid), _ = examine(["day", "paid"], rows(("01/02/2020", "1,234"), ("03/04/2020", "2,345")))
    assert day.open == ("date_format",)
    assert paid.open == ("decimal",)


def test_a_column_follows_the_others_of_its_file() -> None:
    (_, open_one), _ = examine(["a", "b"], rows(("1,5", "1,234"), ("2,25", "2,345")))
    assert (open_one.decimal, open_one.open) == ("comma", ())


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (("a@b.be", "c@d.be"), "email"),
        (("+32 475 12 34 56", "0475/12.34.56"), "phone"),
        (("https://a.be", "www.b.be"), "url"),
        (("yes", "no"), "boolean"),
        (("0", "1"), "number"),
        (("5", "6,5"), "number"),
        (("40513", "40514"), "number"),
        (("Ada", "Bo"), "text"),
        (("", ""), "empty"),
    ],
)
def test_shapes(cells: tuple[str, ...], shape: str) -> None:
    (column,), _ = examine(["x"], rows(*((cell,) for cell in cells)))
    assert column.shape == shape


@given(
    st.from_regex(r"[A-Za-z0-9._+-]{1,40}@[A-Za-z0-9.-]{1,40}\.(com|test|local|onion|[A-Za-z]{1,4})", fullmatch=True)
    | st.text("abA0._+-@é ", max_size=20)
    | st.emails()
)
def test_plain_addresses_are_judged_as_all_others(text: str) -> None:
    def slowly() -> str | None:
        try:
            found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return None
        return found.normalized.lower()

    def quickly() -> str | None:
        try:
            return Email().parse(text)
        except TypeFault:
            return None

    assert quickly() == slowly()
