"""Invented companies, contacts and what passed between us: the same rows at every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks import words

BEGAN = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 1500
_CENTS = 100

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Owners:
    """Users and their teams, of which each record gets one."""

    users: Sequence[tuple[UUID, UUID]]

    def one(self, chance: random.Random) -> tuple[UUID, UUID]:
        """A user and their team."""
        return self.users[chance.randrange(len(self.users))]


class Ids:
    """UUIDs of version 7 by a clock that ticks once per id: in order, and the same at every run."""

    def __init__(self, seed: int, rows: int) -> None:
        self._chance = random.Random(seed)
        self._step = timedelta(days=DAYS) / max(rows, 1)
        self.at = BEGAN

    def next(self) -> UUID:
        """The next id; `at` is its moment, to the second."""
        self.at += self._step
        number = int(self.at.timestamp() * 1000) << 80 | 0x7 << 76 | self._chance.getrandbits(12) << 64
        return UUID(int=number | 0b10 << 62 | self._chance.getrandbits(62))

    @property
    def second(self) -> datetime:
        """When the record with the latest id was made."""
        return self.at.replace(microsecond=0)


COMPANY_COLUMNS = (
    "id", "created_at", "updated_at", "version", "name", "domain", "industry", "region", "country", "phone", "website",
    "founded_year", "employees", "annual_revenue", "currency", "owner_id", "team_id", "tags", "custom",
)  # fmt: skip


def companies(count: int, owners: Owners) -> Iterator[Row]:
    """Rows of companies."""
    chance, ids = random.Random(1), Ids(2, count)
    for number in range(count):
        key, at, name = ids.next(), ids.second, f"{chance.choice(words.FIRMS)} {chance.choice(words.KINDS)}"
        if number >= len(words.FIRMS):
            name = f"{name} {number}"
        domain = f"{name.lower().replace(' ', '-')}-{number}.example"
        _, country, region = chance.choice(words.CITIES)
        employees = int(chance.lognormvariate(4, 1.5)) + 1
        yield (
            key, at, at, 1, name, domain, chance.choice(words.INDUSTRIES), region, country, f"+4420{number:08d}",
            f"https://{domain}", 1900 + number % 120, employees, employees * chance.randrange(40_000, 400_000), "USD",
            *owners.one(chance), _tags(chance), "{}",
        )  # fmt: skip


CONTACT_COLUMNS = (
    "id", "external_id", "created_at", "updated_at", "version", "first_name", "last_name", "email", "phone",
    "job_title", "company_id", "lifecycle_stage", "source", "source_detail", "region", "country", "city",
    "birth_date", "owner_id", "team_id", "tags", "custom",
)  # fmt: skip


def contacts(count: int, owners: Owners, company_ids: Sequence[UUID]) -> Iterator[Row]:
    """Rows of contacts; nine of ten work at a company."""
    chance, ids = random.Random(3), Ids(4, count)
    for number in range(count):
        key, at = ids.next(), ids.second
        first, last = chance.choice(words.FIRST), chance.choice(words.LAST)
        city, country, region = chance.choice(words.CITIES)
        source = chance.choice(words.SOURCES)
        yield (
            key, f"C-{number:07d}", at, at, 1, first, last, f"{first}.{last}.{number}@mail.example".lower(),
            f"+4930{number:08d}" if number % 3 else None, chance.choice(words.JOBS),
            chance.choice(company_ids) if chance.random() < 0.9 else None, chance.choice(words.STAGES), source,
            f"{source} {1 + number % 40}" if number % 2 else None, region, country, city,
            date(1945, 1, 1) + timedelta(days=chance.randrange(22_000)), *owners.one(chance), _tags(chance), "{}",
        )  # fmt: skip


ORDER_COLUMNS = (
    "id", "created_at", "updated_at", "version", "number", "contact_id", "company_id", "placed_at", "status", "channel",
    "currency", "is_gift", "subtotal", "discount_total", "reimbursed_total", "total", "returned_total",
)  # fmt: skip


def orders(count: int, contact_ids: Sequence[UUID]) -> Iterator[Row]:
    """Rows of orders; a few contacts order much."""
    chance, ids = random.Random(5), Ids(6, count)
    for number in range(count):
        key, at = ids.next(), ids.second
        total = round(chance.lognormvariate(4, 1), 2)
        yield (
            key, at, at, 1, f"N{number:08d}", _favourite(chance, contact_ids), None, at,
            "completed" if number % 20 else "cancelled", chance.choice(("store", "web", "phone")), "USD",
            number % 17 == 0, total, 0, 0, total, 0,
        )  # fmt: skip


INTERACTION_COLUMNS = (
    "id", "created_at", "updated_at", "version", "channel", "kind", "direction", "occurred_at", "minutes", "outcome",
    "subject", "data", "contact_id", "company_id", "agent_id",
)  # fmt: skip


def interactions(count: int, owners: Owners, contact_ids: Sequence[UUID], company_ids: Sequence[UUID]) -> Iterator[Row]:
    """Rows of interactions, one in five with a company as a whole."""
    chance, ids = random.Random(7), Ids(8, count)
    for number in range(count):
        key, at = ids.next(), ids.second
        with_company = number % 5 == 0
        kind = chance.choice(("demo", "question", "complaint", "offer", "follow_up"))
        yield (
            key, at, at, 1, chance.choice(("email", "call", "chat", "visit", "meeting", "web")), kind,
            chance.choice(("inbound", "outbound")), at, chance.randrange(1, 90),
            chance.choice(("done", "open", "lost")), f"{kind.replace('_', ' ').capitalize()} {number}", "{}",
            None if with_company else _favourite(chance, contact_ids),
            chance.choice(company_ids) if with_company else None, owners.one(chance)[0],
        )  # fmt: skip


DEAL_COLUMNS = (
    "id", "created_at", "updated_at", "version", "name", "company_id", "contact_id", "pipeline_id", "stage_id",
    "status", "amount", "currency", "source", "opened_at", "expected_close_date", "closed_at", "owner_id", "team_id",
    "tags", "custom",
)  # fmt: skip


def deals(
    count: int,
    owners: Owners,
    contact_ids: Sequence[UUID],
    company_ids: Sequence[UUID],
    pipeline: UUID,
    stages: Sequence[tuple[UUID, str]],
) -> Iterator[Row]:
    """Rows of deals over the stages of a pipeline."""
    chance, ids = random.Random(9), Ids(10, count)
    for number in range(count):
        key, at = ids.next(), ids.second
        stage, status = chance.choice(stages)
        yield (
            key, at, at, 1, f"{chance.choice(words.KINDS)} {chance.choice(words.FIRMS)} {number}",
            chance.choice(company_ids), chance.choice(contact_ids), pipeline, stage, status,
            round(chance.lognormvariate(8, 1), 2), "USD", chance.choice(words.SOURCES), at,
            (at + timedelta(days=chance.randrange(20, 200))).date(),
            None if status == "open" else at + timedelta(days=chance.randrange(5, 100)), *owners.one(chance),
            _tags(chance), "{}",
        )  # fmt: skip


def _tags(chance: random.Random) -> list[str]:
    return sorted(chance.sample(words.TAGS, chance.randrange(3)))


def _favourite(chance: random.Random, keys: Sequence[UUID]) -> UUID:
    """Some keys much more often than others, as with customers."""
    return keys[int(len(keys) * chance.random() ** 3)]
