"""Criteria compiled to SQL select the same records as a slow, obvious reading of the same tree in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import criteria, registry
from core.actors import SYSTEM
from core.criteria.durations import parse_span, period
from crm.models import Company, Contact, CustomField, Order

AT = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
STAGES = ["lead", "customer", "subscriber"]
CITIES = ["Aachen", "aarhus", "Bath", "100%", "a_b", None]
TAGS = ["vip", "new", "gift"]
# Some hold what only an earlier definition of the field allowed.
CUSTOM: list[dict[str, Any]] = [
    {},
    {"size": 3, "grade": "Gold", "since": "2025-12-20", "active": True},
    {"size": 4.5, "grade": "silver", "since": "2026-02-14", "active": False},
    {"size": -1},
    {"size": "large", "since": "long ago"},
    {"size": True, "grade": "GOLD"},
    {"size": 1e300},
    {"size": -1e-300},
    {
        "budget": {"amount": "12.50", "currency": "EUR"},
        "topics": ["tea", "wine"],
        "level": "gold",
        "site": "https://a.example",
    },
    {"budget": {"amount": "100", "currency": "USD"}, "topics": ["wine"], "level": "basic", "size": 0.1},
    {"budget": {"amount": "12.5000", "currency": "USD"}, "topics": [], "size": 0.3},
    {"budget": {"amount": "-3", "currency": "EUR"}, "topics": "tea", "level": 3, "boss": "nobody"},
    {"budget": 12.5, "since": "2026-03-15", "boss": None},
]
TYPES = {
    "size": "number", "grade": "text", "since": "date", "active": "boolean", "budget": "money",
    "topics": "multi_choice", "level": "choice", "site": "url", "boss": "reference",
}  # fmt: skip
DATE = re.compile(r"\d{4}-\d\d-\d\d")

BOSSES: dict[str, Company] = {}


def _moment(days: int) -> datetime:
    return AT - timedelta(days=days)


@pytest.fixture
def people(db: None) -> list[Contact]:
    """A small world with every kind of absence in it."""
    for key, kind in TYPES.items():
        CustomField.objects.create(
            entity="contact", key=key, label=key, type=kind, target="company" if kind == "reference" else None,
            choices={"multi_choice": ["tea", "wine", "beer"], "choice": ["basic", "gold"]}.get(kind, []),
        )  # fmt: skip
    companies = [Company.objects.create(name=f"Company {i}", industry=["steel", None, "Food"][i]) for i in range(3)]
    people = []
    for i in range(2 * len(CUSTOM)):
        contact = Contact.objects.create(
            first_name=f"Ann{i}" if i % 3 else None,
            last_name="Ode",
            city=CITIES[i % len(CITIES)],
            lifecycle_stage=STAGES[i % 3],
            company=companies[i % 3] if i % 4 else None,
            birth_date=date(1980 + i % 14, 1 + i % 12, 1) if i % 2 else None,
            tags=TAGS[: i % 4],
            custom=CUSTOM[i % len(CUSTOM)] | ({"boss": str(companies[i % 3].pk)} if i % 5 == 1 else {}),
            created_at=_moment(i * 20),
        )
        for n in range(i % 4):
            Order.objects.create(
                number=f"{i}-{n}", contact=contact, placed_at=_moment(n * 45), total=Decimal(n * 10), channel="web",
                subtotal=Decimal(n * 10),
            )  # fmt: skip
        people.append(contact)
    return people


words = st.sampled_from(["tea", "wine", "beer"])
sums = st.builds(
    lambda amount, currency: {"amount": amount, "currency": currency},
    st.sampled_from(["12.5", "100", "-3.0"]), st.sampled_from(["EUR", "USD"]),
)  # fmt: skip
counts = st.dictionaries(st.sampled_from(["eq", "gt", "gte", "lt", "lte"]), st.integers(0, 3), min_size=1)
texts = st.sampled_from([value for value in CITIES if value])
spans = st.sampled_from(["1d", "30d", "2w", "3mo", "1q", "1y"])


def leaf(field: str, op: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return value.map(lambda drawn: {"field": field, "op": op, "value": drawn})


leaves = st.one_of(
    *(leaf("city", op, texts) for op in ("eq", "ne", "lt", "gte")),
    *(leaf("city", op, st.sampled_from(["a", "A", "%", "_", "th"])) for op in ("contains", "starts_with")),
    *(leaf("city", op, st.lists(texts, max_size=3)) for op in ("in", "not_in")),
    leaf("city", "is_null", st.booleans()),
    leaf("first_name", "is_null", st.booleans()),
    *(leaf("lifecycle_stage", op, st.sampled_from(STAGES)) for op in ("eq", "ne")),
    *(leaf("created_at", op, spans) for op in ("within", "older_than", "next")),
    *(leaf("created_at", op, st.sampled_from(["week", "month", "quarter", "year"])) for op in ("this", "previous")),
    leaf("birth_date", "between", st.just(["1983-01-01", "1989-12-31"])),
    *(leaf("birth_date", op, st.just("1985-06-01")) for op in ("lt", "gt", "eq", "ne")),
    leaf("tags", "has", st.sampled_from(TAGS)),
    *(leaf("tags", op, st.lists(st.sampled_from(TAGS), min_size=1, max_size=2)) for op in ("has_any", "has_all")),
    leaf("tags", "is_empty", st.booleans()),
    *(leaf("company.industry", op, st.sampled_from(["steel", "Food"])) for op in ("eq", "ne")),
    leaf("company.industry", "is_null", st.booleans()),
    *(leaf("custom.size", op, st.sampled_from([3, 4.5, 4, -1])) for op in ("eq", "ne", "lt", "gte")),
    leaf("custom.size", "between", st.just([0, 4])),
    leaf("custom.size", "is_null", st.booleans()),
    leaf("custom.size", "in", st.lists(st.sampled_from([3, -1]), max_size=2)),
    *(leaf("custom.grade", op, st.sampled_from(["Gold", "gold"])) for op in ("eq", "ne")),
    *(leaf("custom.grade", op, st.sampled_from(["gold", "s"])) for op in ("contains", "starts_with")),
    *(leaf("custom.since", op, st.just("2026-01-01")) for op in ("lt", "gte", "eq")),
    *(leaf("custom.since", op, st.sampled_from(["90d", "1y"])) for op in ("within", "older_than")),
    *(leaf("custom.active", op, st.booleans()) for op in ("eq", "ne")),
    leaf("custom.since", "between", st.just(["2025-12-20", "2026-02-14"])),
    *(leaf("custom.since", op, st.sampled_from(["month", "quarter"])) for op in ("this", "previous")),
    leaf("custom.size", "lte", st.sampled_from([0.1, 0.3])),
    *(leaf("custom.level", op, st.sampled_from(["basic", "gold"])) for op in ("eq", "ne")),
    leaf("custom.level", "not_in", st.lists(st.sampled_from(["basic", "gold"]), max_size=2)),
    leaf("custom.site", "starts_with", st.sampled_from(["HTTPS://A", "http:"])),
    leaf("custom.site", "is_null", st.booleans()),
    leaf("custom.topics", "has", words),
    *(leaf("custom.topics", op, st.lists(words, min_size=1, max_size=2)) for op in ("has_any", "has_all")),
    leaf("custom.topics", "is_empty", st.booleans()),
    *(leaf("custom.budget", op, sums) for op in ("eq", "ne", "lt", "lte", "gt", "gte")),
    leaf("custom.budget", "in", st.lists(sums, max_size=2)),
    leaf("custom.budget", "between", st.just([{"amount": low, "currency": "EUR"} for low in ("0", "20")])),
    leaf("custom.budget", "is_null", st.booleans()),
    *(leaf("custom.budget.currency", op, st.sampled_from(["EUR", "USD"])) for op in ("eq", "ne")),
    st.builds(
        lambda op, value, code: {"and": [
            {"field": "custom.budget.currency", "op": "eq", "value": code},
            {"field": "custom.budget.amount", "op": op, "value": value},
        ]},
        st.sampled_from(["eq", "lt", "gte"]),
        st.sampled_from(["12.5", "100.00", "-3"]),
        st.sampled_from(["EUR", "USD"]),
    ),
    *(leaf("custom.boss.industry", op, st.sampled_from(["steel", "Food"])) for op in ("eq", "ne")),
    leaf("custom.boss", "is_null", st.booleans()),
    st.builds(
        lambda op, count, within, total: {
            "field": "orders", "op": op, "where": {"field": "total", "op": "gte", "value": str(total)},
            **({"count": count} if count else {}), **({"within": within} if within else {}),
        },
        st.sampled_from(["any", "none"]),
        st.one_of(st.none(), counts),
        st.one_of(st.none(), spans),
        st.sampled_from([0, 10, 20]),
    ),
)  # fmt: skip
trees = st.recursive(
    leaves | st.just({}),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


def holds(tree: dict[str, Any], contact: Contact) -> bool:
    """The obvious reading of a tree."""
    if not tree:
        return True
    if "and" in tree:
        return all(holds(part, contact) for part in tree["and"])
    if "or" in tree:
        return any(holds(part, contact) for part in tree["or"])
    if "not" in tree:
        return not holds(tree["not"], contact)
    if tree["field"] == "orders":
        return _orders(tree, contact)
    if tree["field"] == "company.industry":
        return contact.company is not None and _compare(contact.company.industry, tree["op"], tree["value"])
    if tree["field"].startswith("custom."):
        return _custom(tree["field"].removeprefix("custom."), tree["op"], tree["value"], contact)
    return _compare(getattr(contact, tree["field"]), tree["op"], tree["value"])


def _custom(key: str, op: str, value: Any, contact: Contact) -> bool:
    """As a plain value, where it is of the field's kind; a date by its days."""
    key, _, part = key.partition(".")
    if key == "boss" and part:
        boss = BOSSES.get(str(contact.custom.get("boss")))
        return boss is not None and _compare(boss.industry, op, value)
    if op == "is_null":
        return (key not in contact.custom) is value
    if op in ("ne", "not_in"):
        return not _custom(f"{key}.{part}".rstrip("."), "eq" if op == "ne" else "in", value, contact)
    actual = _fitting(TYPES[key], contact.custom.get(key))
    if op == "is_empty":
        return (not actual) is value
    return actual is not None and _holds_of(TYPES[key], actual, part, op, value)


def _holds_of(kind: str, actual: Any, part: str, op: str, value: Any) -> bool:
    if kind == "money":
        return _money(actual, part, op, value)
    if kind == "number":
        value = [Decimal(str(one)) for one in value] if isinstance(value, list) else Decimal(str(value))
    if op in ("this", "previous"):
        start, end = (moment.date().isoformat() for moment in period(value, AT, -1 if op == "previous" else 0))
        return bool(start <= actual < end)
    if op in ("within", "older_than"):
        first = parse_span(value).before(AT).date().isoformat()
        last = AT.date().isoformat() if op == "within" else first
        return bool(first <= actual <= last if op == "within" else actual < first)
    return _compare(actual, op, value)


def _fitting(kind: str, value: Any) -> Any:
    """The value, if it is of the field's kind; numbers exactly."""
    match kind, value:
        case "number", int() | float() if not isinstance(value, bool):
            return Decimal(str(value))
        case "money", {"amount": amount, "currency": currency}:
            return Decimal(amount), currency
        case "date", str() if DATE.fullmatch(value):
            return value
        case "boolean", bool():
            return value
        case "multi_choice", list():
            return value
        case "text" | "choice" | "url" | "reference", str():
            return value
    return None


def _money(actual: tuple[Decimal, str], part: str, op: str, value: Any) -> bool:
    """Amounts within one currency."""
    amount, currency = actual
    if part == "currency":
        return _compare(currency, op, value)
    if part == "amount":
        return _compare(amount, op, Decimal(value))
    if op == "in":
        return any(_money(actual, part, "eq", one) for one in value)
    bounds = value if op == "between" else [value]
    amounts = [Decimal(bound["amount"]) for bound in bounds]
    return currency == bounds[0]["currency"] and _compare(amount, op, amounts if op == "between" else amounts[0])


def _orders(tree: dict[str, Any], contact: Contact) -> bool:
    start = parse_span(tree["within"]).before(AT) if "within" in tree else datetime.min.replace(tzinfo=UTC)
    end = AT if "within" in tree else datetime.max.replace(tzinfo=UTC)
    least = Decimal(tree["where"]["value"])
    number = sum(1 for order in contact.orders.all() if order.total >= least and start <= order.placed_at <= end)
    tests: dict[str, Callable[[int], bool]] = {
        "eq": lambda n: number == n, "gt": lambda n: number > n, "gte": lambda n: number >= n,
        "lt": lambda n: number < n, "lte": lambda n: number <= n,
    }  # fmt: skip
    found = all(tests[op](n) for op, n in tree.get("count", {"gte": 1}).items())
    return found if tree["op"] == "any" else not found


def _compare(actual: Any, op: str, value: Any) -> bool:
    if op == "is_null":
        return (actual is None) is value
    if op in ("ne", "not_in"):
        return not _compare(actual, "eq" if op == "ne" else "in", value)
    if op == "is_empty":
        return (not actual) is value
    if actual is None:
        return False
    if isinstance(actual, date) and not isinstance(actual, datetime) and op in ("eq", "lt", "gt", "between"):
        value = [date.fromisoformat(v) for v in value] if op == "between" else date.fromisoformat(value)
    return bool(_OPS[op](actual, value))


_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, v: a == v,
    "lt": lambda a, v: a < v,
    "lte": lambda a, v: a <= v,
    "gt": lambda a, v: a > v,
    "gte": lambda a, v: a >= v,
    "in": lambda a, v: a in v,
    "between": lambda a, v: v[0] <= a <= v[1],
    "contains": lambda a, v: v.upper() in a.upper(),
    "starts_with": lambda a, v: a.upper().startswith(v.upper()),
    "has": lambda a, v: v in a,
    "has_any": lambda a, v: bool(set(a) & set(v)),
    "has_all": lambda a, v: set(v) <= set(a),
    "within": lambda a, v: parse_span(v).before(AT) <= a <= AT,
    "older_than": lambda a, v: a < parse_span(v).before(AT),
    "next": lambda a, v: AT <= a <= parse_span(v).after(AT),
    "this": lambda a, v: period(v, AT)[0] <= a < period(v, AT)[1],
    "previous": lambda a, v: period(v, AT, -1)[0] <= a < period(v, AT, -1)[1],
}


@pytest.mark.parametrize("indexed", [False, True])
def test_sql_selects_what_the_tree_says(people: list[Contact], indexed: bool) -> None:
    """Whether a custom field has an index of its own changes how it is asked for, never the answer."""
    CustomField.objects.update(indexed=indexed, indexed_at=AT if indexed else None)
    contact = registry.entity("contact")
    BOSSES.update({str(company.pk): company for company in Company.objects.all()})
    loaded = list(Contact.objects.select_related("company").prefetch_related("orders"))

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(trees)
    def agree(tree: dict[str, Any]) -> None:
        q = criteria.to_q(contact, tree, actor=SYSTEM, at=AT)
        found = list(Contact.objects.filter(q).order_by("pk").values_list("pk", flat=True))
        assert found == sorted(person.pk for person in loaded if holds(tree, person))

    agree()
