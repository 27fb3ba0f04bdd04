"""The floor: what a bare WSGI application over the same tables does, with no framework, no callers and no rules.

It answers the five measured calls with the rows that the product answers with, by SQL written by hand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from core.ids import new_id

CONTACT = (
    "id", "external_id", "created_at", "updated_at", "version", "deleted_at", "first_name", "last_name", "name",
    "email", "phone", "job_title", "company_id", "lifecycle_stage", "source", "source_detail", "region", "country",
    "city", "birth_date", "owner_id", "team_id", "partner_id", "tags", "custom", "acquisition_source",
    "acquisition_medium", "acquisition_campaign", "acquisition_at", "acquisition_touch_id", "merged_into_id",
    "erased_at", "legal_hold", "legal_hold_reason",
)  # fmt: skip
WRITTEN = (
    "first_name", "last_name", "email", "job_title", "company_id", "lifecycle_stage", "source", "city", "owner_id",
)  # fmt: skip
PAGE = 50
CHILDREN = 5

_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, CONTACT)).as_string()
LIST = f"SELECT {_COLUMNS} FROM crm_contact WHERE deleted_at IS NULL ORDER BY id DESC LIMIT {PAGE + 1}"  # noqa: S608
NEXT = (
    f"SELECT {_COLUMNS} FROM crm_contact WHERE deleted_at IS NULL AND id < %s "  # noqa: S608
    f"ORDER BY id DESC LIMIT {PAGE + 1}"
)
GET = f"SELECT {_COLUMNS} FROM crm_contact WHERE id = %s AND deleted_at IS NULL"  # noqa: S608
SEARCH = (
    f"SELECT {_COLUMNS} FROM crm_contact WHERE deleted_at IS NULL AND upper(name) LIKE upper(%s) "  # noqa: S608
    f"ORDER BY id DESC LIMIT {PAGE + 1}"
)
CREATE = (
    f"INSERT INTO crm_contact (id, created_at, updated_at, version, tags, custom, legal_hold, {', '.join(WRITTEN)}) "  # noqa: S608
    f"VALUES (%s, %s, %s, 1, '{{}}', '{{}}', false, {', '.join(['%s'] * len(WRITTEN))}) RETURNING {_COLUMNS}"
)
COMPANIES = f"""
    SELECT c.id, c.name, c.industry, k.id, k.name, k.email
    FROM (SELECT id, name, industry FROM crm_company WHERE deleted_at IS NULL ORDER BY id DESC LIMIT {PAGE}) c
    LEFT JOIN LATERAL (
        SELECT id, name, email FROM crm_contact WHERE company_id = c.id AND deleted_at IS NULL
        ORDER BY id DESC LIMIT {CHILDREN}
    ) k ON true
    ORDER BY c.id DESC, k.id DESC
"""  # noqa: S608

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_pools: dict[int, ConnectionPool[Any]] = {}


def pool() -> ConnectionPool[Any]:
    """The connections of this process; statements are prepared at their first use."""
    found = _pools.get(os.getpid())
    if found is None:
        found = ConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=4, open=True, configure=_prepare)
        _pools[os.getpid()] = found
    return found


def _prepare(connection: Any) -> None:
    connection.autocommit = True
    connection.prepare_threshold = 0


def contacts(after: str | None = None) -> bytes:
    """Fifty contacts, newest first."""
    return _page(LIST, ()) if after is None else _page(NEXT, (UUID(after),))


def contact(record_id: str) -> bytes:
    """One contact."""
    with pool().connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return orjson.dumps(cursor.execute(GET, (UUID(record_id),)).fetchone())


def search(body: bytes) -> bytes:
    """The contacts whose name contains a text."""
    return _page(SEARCH, (f"%{orjson.loads(body)['name']}%",))


def create(body: bytes) -> bytes:
    """One more contact."""
    values, now = orjson.loads(body), datetime.now(UTC)
    with pool().connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        cursor.execute(CREATE, (new_id(), now, now, *(values[name] for name in WRITTEN)))
        return orjson.dumps(cursor.fetchone())


def companies() -> bytes:
    """Fifty companies with five contacts each."""
    with pool().connection() as connection:
        rows = connection.execute(COMPANIES).fetchall()
    found: dict[UUID, dict[str, Any]] = {}
    for company_id, name, industry, contact_id, contact_name, email in rows:
        company = found.setdefault(company_id, {"id": company_id, "name": name, "industry": industry, "contacts": []})
        if contact_id is not None:
            company["contacts"].append({"id": contact_id, "name": contact_name, "email": email})
    return orjson.dumps({"data": list(found.values())})


def _page(statement: str, parameters: Sequence[Any]) -> bytes:
    with pool().connection() as connection:
        rows = connection.cursor(row_factory=dict_row).execute(statement, parameters).fetchall()
    more = len(rows) > PAGE
    return orjson.dumps({"data": rows[:PAGE], "next": rows[PAGE - 1]["id"] if more else None})


def answer(method: str, path: str, query: str, body: bytes) -> tuple[str, bytes]:
    """Status and JSON of a call."""
    if path == "/contacts" and method == "GET":
        return "200 OK", contacts(parse_qs(query)["after"][0] if query else None)
    if path.startswith("/contacts/") and method == "GET":
        return "200 OK", contact(path.removeprefix("/contacts/"))
    if path == "/search":
        return "200 OK", search(body)
    if path == "/contacts":
        return "201 Created", create(body)
    if path == "/companies":
        return "200 OK", companies()
    return "404 Not Found", b"{}"


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """WSGI."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    status, content = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), body)
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]
