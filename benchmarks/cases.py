"""What is measured: the same work asked of the product and of the floor, and what an answer must look like."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from benchmarks import words
from benchmarks.floor import CHILDREN, PAGE
from benchmarks.load import MARK
from benchmarks.place import Server
from benchmarks.seed import CALLER, CREATED
from core.embedded import ports
from crm.models import Company, Contact

PAGES = 20
DISTINCT = 200
QUERY = """
{ companies(first: 50) { edges { node {
    id name industry contacts(first: 5) { edges { node { id name email } } }
} } } }"""


@dataclass(frozen=True)
class Call:
    """A request of one case to one server."""

    method: str
    path: str
    body: Any = None

    def content(self, number: int) -> str | None:
        """The body as text."""
        if self.body is None:
            return None
        return json.dumps(self.body).replace(MARK.decode(), f"{number:08d}")

    def wire(self, server: Server, key: str | None) -> str:
        """The bytes to send, as text."""
        content = "" if self.body is None else json.dumps(self.body, separators=(",", ":"))
        headers = [f"{self.method} {self.path} HTTP/1.1", f"Host: {ports.LOOPBACK}:{server.port}"]
        if key:
            headers += [f"Authorization: Bearer {key}", "X-Forwarded-Proto: https"]
        if self.body is not None:
            headers += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*headers, "", content])


Ask = Callable[[Call, int], tuple[int, Any, int]]
"""Status, content and length of the answer to a call; the number takes the place of the mark in it."""


@dataclass(frozen=True)
class Case:
    """One measured kind of call. `rows` takes the rows out of an answer; both sides must give the same."""

    name: str
    product: Sequence[Call]
    floor: Sequence[Call]
    product_rows: Callable[[Any], list[dict[str, Any]]]
    floor_rows: Callable[[Any], list[dict[str, Any]]]
    status: int = 200
    least_rows: int = PAGE
    # Rows that are made anew each time differ in these.
    own: frozenset[str] = frozenset()


def _data(answer: Any) -> list[dict[str, Any]]:
    return list(answer["data"])


def _itself(answer: Any) -> list[dict[str, Any]]:
    return [answer]


def _companies(answer: Any) -> list[dict[str, Any]]:
    nodes = [edge["node"] for edge in answer["data"]["companies"]["edges"]]
    return [{**node, "contacts": [edge["node"] for edge in node["contacts"]["edges"]]} for node in nodes]


def cases(product: Ask) -> list[Case]:
    """The five cases over what is in the database."""
    ids = [str(pk) for pk in Contact.objects.order_by("?").values_list("pk", flat=True)[:DISTINCT]]
    names = [name[:5].lower() if index % 2 else name for index, name in enumerate(words.LAST)]
    cursors, last_ids = _walk(product)
    return [
        Case(
            "list_contacts",
            [Call("GET", f"/api/v1/contacts?limit={PAGE}{f'&after={cursor}' if cursor else ''}") for cursor in cursors],
            [Call("GET", f"/contacts{f'?after={key}' if key else ''}") for key in last_ids],
            _data, _data,
        ),
        Case(
            "get_contact",
            [Call("GET", f"/api/v1/contacts/{key}") for key in ids],
            [Call("GET", f"/contacts/{key}") for key in ids],
            _itself, _itself, least_rows=1,
        ),
        Case(
            "search_contacts",
            [Call("POST", "/api/v1/contacts/search", {"filter": _contains(name), "limit": PAGE}) for name in names],
            [Call("POST", "/search", {"name": name}) for name in names],
            _data, _data, least_rows=1,
        ),
        Case(
            "create_contact",
            [Call("POST", "/api/v1/contacts", values) for values in _new("p")],
            # The product makes the caller the owner; the floor is told.
            [Call("POST", "/contacts", values | {"owner_id": _caller()}) for values in _new("f")],
            _itself, _itself, status=201, least_rows=1,
            own=frozenset({"id", "email", "created_at", "updated_at"}),
        ),
        Case(
            "graphql_companies_contacts",
            [Call("POST", "/graphql", {"query": QUERY})],
            [Call("GET", "/companies")],
            _companies, _data,
        ),
    ]  # fmt: skip


def _contains(name: str) -> dict[str, Any]:
    return {"field": "name", "op": "contains", "value": name}


def _caller() -> str:
    return str(User.objects.get(email=CALLER).pk)


def _new(side: str) -> list[dict[str, Any]]:
    """Contacts to make; the mark in the e-mail becomes a number."""
    companies = [str(pk) for pk in Company.objects.order_by("id").values_list("pk", flat=True)[:DISTINCT]]
    return [
        {
            "first_name": words.FIRST[index % len(words.FIRST)],
            "last_name": words.LAST[index % len(words.LAST)],
            "email": f"{CREATED}{side}-{MARK.decode()}@mail.example",
            "job_title": words.JOBS[index % len(words.JOBS)],
            "company_id": company,
            "lifecycle_stage": "lead",
            "source": "web",
            "city": "Lisbon",
        }
        for index, company in enumerate(companies)
    ]


def _walk(product: Ask) -> tuple[list[str | None], list[str | None]]:
    """The cursors of the first pages of the product's list, and the ids after which the floor's pages begin."""
    cursors: list[str | None] = [None]
    last_ids: list[str | None] = [None]
    while len(cursors) < PAGES:
        after = f"&after={cursors[-1]}" if cursors[-1] else ""
        status, answer, _ = product(Call("GET", f"/api/v1/contacts?limit={PAGE}&fields=id{after}"), 0)
        if status != 200:
            raise SystemExit(f"The list of contacts was answered {status}: {str(answer)[:500]}")
        if answer["next"] is None:
            break
        cursors.append(answer["next"])
        last_ids.append(answer["data"][-1]["id"])
    return cursors, last_ids


def over_http(server: Server, key: str | None) -> Ask:
    """Asks a server, with a key where it wants one."""

    def ask(call: Call, number: int) -> tuple[int, Any, int]:
        client = http.client.HTTPConnection(ports.LOOPBACK, server.port, timeout=30)
        headers = {"Content-Type": "application/json"} if call.body is not None else {}
        if key:
            headers |= {"Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https"}
        client.request(call.method, call.path, call.content(number), headers)
        response = client.getresponse()
        content = response.read()
        client.close()
        return response.status, json.loads(content), len(content)

    return ask


def check(case: Case, product: Ask, floor: Ask, number: int) -> tuple[int, int]:
    """Both sides give the right status and the same rows; returns the bytes that an answer has at least.

    Raises SystemExit where they do not: what answers otherwise is not measured.
    """
    lengths: tuple[list[int], list[int]] = ([], [])
    for index in range(min(10, len(case.product))):
        call, bare = case.product[index], case.floor[index]
        status, answer, length = product(call, number + index)
        bare_status, bare_answer, bare_length = floor(bare, number + index)
        if status != case.status or bare_status != case.status or (isinstance(answer, dict) and answer.get("errors")):
            raise SystemExit(f"{case.name}: {call} was answered {status} (floor {bare_status}): {str(answer)[:500]}")
        rows, bare_rows = case.product_rows(answer), case.floor_rows(bare_answer)
        if len(rows) < case.least_rows:
            raise SystemExit(f"{case.name}: {len(rows)} rows instead of {case.least_rows}.")
        if _comparable(rows, case.own) != _comparable(bare_rows, case.own):
            raise SystemExit(f"{case.name}: the floor answers other rows:\n{rows[:1]}\n{bare_rows[:1]}")
        if case.name == "graphql_companies_contacts" and max(len(row["contacts"]) for row in rows) != CHILDREN:
            raise SystemExit(f"{case.name}: no company came with {CHILDREN} contacts.")
        lengths[0].append(length)
        lengths[1].append(bare_length)
    return min(lengths[0]), min(lengths[1])


def _comparable(rows: list[dict[str, Any]], own: frozenset[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in own} for row in rows]
