"""Fills the tables that the migrations made, by COPY, and makes the key by which the measured calls come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql
from psycopg.types.json import Jsonb

from accounts.models import ApiKey, Grant, Role, Team, User, UserRole
from accounts.services import secrets
from benchmarks import people
from benchmarks.people import Owners
from core import registry
from core.actors import Visibility
from crm.models import Company, Contact, Deal, Interaction, Order, Pipeline, Stage

USERS, TEAMS = 40, 8
CALLER = "bench@bifocal.example"
CREATED = "bench-"


@dataclass(frozen=True)
class Size:
    """How many of what."""

    contacts: int
    companies: int
    orders: int = 0
    interactions: int = 0
    deals: int = 0


def fill(size: Size) -> None:
    """Make the rows, unless they are there already."""
    if Contact.objects.exclude(email__startswith=CREATED).count() == size.contacts:
        return
    make(size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def make(size: Size) -> None:
    """Make the rows; everything or nothing."""
    with transaction.atomic(), _unchecked(Company, Contact, Order, Interaction, Deal):
        owners = _owners()
        _copy(Company, people.COMPANY_COLUMNS, people.companies(size.companies, owners))
        companies = _ids(Company)
        _copy(Contact, people.CONTACT_COLUMNS, people.contacts(size.contacts, owners, companies))
        contacts = _ids(Contact)
        _copy(Order, people.ORDER_COLUMNS, people.orders(size.orders, contacts))
        rows = people.interactions(size.interactions, owners, contacts, companies)
        _copy(Interaction, people.INTERACTION_COLUMNS, rows)
        if size.deals:
            pipeline, stages = _pipeline()
            rows = people.deals(size.deals, owners, contacts, companies, pipeline, stages)
            _copy(Deal, people.DEAL_COLUMNS, rows)


@contextmanager
def _unchecked(*models: Any) -> Iterator[None]:
    """References are checked for all rows at once in the end, which takes seconds; row by row it would take minutes."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])",
            [tables],
        )
        references = cursor.fetchall()
        for table, name, _ in references:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        yield
        # Without figures of the new rows each check would look for every row in all of the other table.
        cursor.execute("ANALYZE")
        for table, name, definition in references:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def clean_up() -> None:
    """Remove what the measured calls created."""
    # By SQL: the models would delete one row and its history after the other.
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE made AS SELECT id FROM crm_contact WHERE email LIKE %s", [f"{CREATED}%"])
        cursor.execute("DELETE FROM crm_lifecycle_change WHERE contact_id IN (SELECT id FROM made)")
        cursor.execute("DELETE FROM crm_contact WHERE id IN (SELECT id FROM made)")
        cursor.execute("DELETE FROM core_change WHERE record_id IN (SELECT id FROM made)")
        cursor.execute("DROP TABLE made")
        cursor.execute("DELETE FROM core_outbox")
        cursor.execute("VACUUM ANALYZE")


def api_key() -> str:
    """A new key of a caller who holds a role with every grant on every kind of record, as an integration would."""
    user = User.objects.filter(email=CALLER).first() or User.objects.create_user(CALLER, None, name="Benchmark")
    role, _ = Role.objects.get_or_create(key="bench", defaults={"name": "Benchmark"})
    for entity, actions in registry.grantable().items():
        Grant.objects.update_or_create(
            role=role, entity=entity, visibility=Visibility.ALL, defaults={"actions": sorted(actions)}
        )
    UserRole.objects.get_or_create(user=user, role=role)
    secret = secrets.new()
    ApiKey.objects.filter(user=user).delete()
    ApiKey.objects.create(user=user, name="bench", prefix=secret.prefix, digest=secret.digest, scopes=["write"])
    return secret.text


def administrator() -> User:
    """Somebody who may open every page of the admin."""
    found = User.objects.filter(email="admin@bifocal.example").first()
    return found or User.objects.create_superuser("admin@bifocal.example", None, name="Administrator")


def _owners() -> Owners:
    root = Team.objects.create(name="Everybody")
    teams = [Team.objects.create(name=f"Team {number}", parent=root) for number in range(1, TEAMS + 1)]
    users = [
        User.objects.create_user(
            f"user{number}@bifocal.example", None, name=f"User {number}", team=teams[number % TEAMS]
        )
        for number in range(USERS)
    ]
    return Owners([(user.pk, teams[number % TEAMS].pk) for number, user in enumerate(users)])


def _pipeline() -> tuple[UUID, list[tuple[UUID, str]]]:
    pipeline = Pipeline.objects.create(name="Sales")
    kinds = (("Prospecting", "open", 10), ("Engaging", "open", 40), ("Won", "won", 100), ("Lost", "lost", 0))
    stages = [
        Stage.objects.create(pipeline=pipeline, name=name, kind=kind, rank=rank, probability=probability)
        for rank, (name, kind, probability) in enumerate(kinds, start=1)
    ]
    return pipeline.pk, [(stage.pk, stage.kind) for stage in stages]


def _ids(model: Any) -> list[UUID]:
    return list(model.objects.order_by("id").values_list("pk", flat=True))


def _copy(model: Any, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    rest = _defaults(model, columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, [*columns, *rest]))
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*row, *rest.values()))


def _defaults(model: Any, columns: Sequence[str]) -> dict[str, Any]:
    """What stands in the columns that nobody names and that must not be empty."""
    left = (
        item
        for item in model._meta.concrete_fields
        if item.column not in columns and not item.null and item.has_default() and not getattr(item, "generated", False)
    )
    return {item.column: Jsonb(value) if isinstance(value := item.get_default(), dict) else value for item in left}
