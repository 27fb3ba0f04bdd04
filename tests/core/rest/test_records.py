"""Create, read, change, delete and restore over REST; entity tags; lists."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from crm.models import Contact
from tests.core.rest.conftest import Api, problem
from tests.support.actors import clerk


def test_a_record_lives_its_whole_life(api: Api) -> None:
    made = api.post("contacts", {"first_name": "Ann", "email": "Ann@Example.com"})
    assert made.status_code == 201
    contact = made.json()
    assert contact["email"] == "ann@example.com"
    assert made.headers["Location"] == f"/api/v1/contacts/{contact['id']}"
    path = f"contacts/{contact['id']}"
    read = api.get(path)
    assert read.json() == contact
    assert read.headers["ETag"] == made.headers["ETag"]
    changed = api.patch(path, {"last_name": "Lee"})
    assert changed.json()["name"] == "Ann Lee"
    assert changed.json()["version"] == contact["version"] + 1
    gone = api.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    problem(api.get(path), 404, "not_found")
    assert api.get("contacts").json()["data"] == []
    assert [row["id"] for row in api.get("contacts?deleted=true").json()["data"]] == [contact["id"]]
    back = api.post(f"{path}/restore")
    assert back.status_code == 200
    assert api.get(path).json() == back.json()


def test_a_stale_writer_is_refused_and_writes_nothing(api: Api) -> None:
    contact = api.made("contacts", first_name="Ann")
    path = f"contacts/{contact['id']}"
    first = api.get(path).headers["ETag"]
    second = api.patch(path, {"first_name": "Bea"}, if_match=first)
    assert second.status_code == 200
    stale = problem(api.patch(path, {"first_name": "Cyd"}, if_match=first), 412, "stale_version")
    assert stale["data"] == {"current_version": 2}
    problem(api.delete(path, if_match=first), 412, "stale_version")
    assert api.get(path).json()["first_name"] == "Bea"
    assert api.delete(path, if_match=f"{first}, {second.headers['ETag']}").status_code == 204


@pytest.mark.parametrize("header", ["3", '"a', "W/", '"1" "2"', '"1",,', ",".join(['"1"'] * 50)])
def test_a_malformed_entity_tag_is_refused(api: Api, header: str) -> None:
    contact = api.made("contacts", first_name="Ann")
    problem(api.patch(f"contacts/{contact['id']}", {"first_name": "B"}, if_match=header), 400, "invalid_entity_tag")


@pytest.mark.parametrize("header", ['W/"1-aa"', '"unknown"', '"99999999999999"'])
def test_a_tag_of_another_state_does_not_match(api: Api, header: str) -> None:
    contact = api.made("contacts", first_name="Ann")
    problem(api.patch(f"contacts/{contact['id']}", {"first_name": "B"}, if_match=header), 412, "stale_version")


def test_what_the_caller_has_already_is_not_sent_again(api: Api) -> None:
    contact = api.made("contacts", first_name="Ann")
    path = f"contacts/{contact['id']}"
    tag = api.get(path).headers["ETag"]
    again = api.get(path, if_none_match=tag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path, if_none_match=f'W/"x", W/{tag}').status_code == 304
    assert api.get(f"{path}?fields=name", if_none_match=tag).status_code == 200
    api.patch(path, {"first_name": "Bea"})
    assert api.get(path, if_none_match=tag).status_code == 200


def test_a_tag_tells_apart_what_is_brought_along(api: Api) -> None:
    company = api.made("companies", name="Acme")
    contact = api.made("contacts", first_name="Ann", company_id=company["id"])
    path = f"contacts/{contact['id']}?expand=company"
    tag = api.get(path).headers["ETag"]
    api.patch(f"companies/{company['id']}", {"name": "Ajax"})
    changed = api.get(path, if_none_match=tag)
    assert changed.status_code == 200
    assert changed.json()["company"]["name"] == "Ajax"


def test_pages_follow_each_other(api: Api) -> None:
    for name in "ABCDE":
        api.made("companies", name=name)
    names: list[str] = []
    path = "companies?limit=2&sort=name&fields=name"
    page = api.get(path).json()
    while True:
        names += [row["name"] for row in page["data"]]
        if page["next"] is None:
            break
        page = api.get(f"{path}&after={page['next']}").json()
    assert names == list("ABCDE")


def test_lists_are_filtered_by_equality_and_criteria(api: Api) -> None:
    for name, employees, tags in (("A", 5, ["x"]), ("B", 5, []), ("C", 7, ["x", "y"])):
        api.made("companies", name=name, employees=employees, tags=tags)

    def found(query: str) -> list[str]:
        answer = api.get(f"companies?sort=name&{query}")
        assert answer.status_code == 200, answer.content
        return [row["name"] for row in answer.json()["data"]]

    assert found("employees=5") == ["A", "B"]
    assert found("tags=x") == ["A", "C"]
    assert found("tags=x&employees=5") == ["A"]
    assert found('filter={"field":"employees","op":"gt","value":5}') == ["C"]
    assert found('filter={"field":"name","op":"in","value":["A","C"]}&employees=7') == ["C"]
    assert found("q=b") == ["B"]


def test_search_takes_the_same_in_the_body(api: Api) -> None:
    for name in "ABC":
        api.made("companies", name=name)
    search = {"filter": {"not": {"field": "name", "value": "B"}}, "sort": ["-name"], "limit": 1, "fields": ["name"]}
    first = api.post("companies/search", search).json()
    assert [row["name"] for row in first["data"]] == ["C"]
    second = api.post("companies/search", search | {"after": first["next"]}).json()
    assert [row["name"] for row in second["data"]] == ["A"]
    assert second["next"] is None


def test_groups_are_counted(api: Api) -> None:
    for industry in ("food", "food", "toys"):
        api.made("companies", name="X", industry=industry)
    answer = api.post("companies/aggregate", {"group_by": ["industry"], "sort": ["-count"]})
    assert answer.json() == {
        "data": [
            {"keys": {"industry": "food"}, "values": {"count": 2}},
            {"keys": {"industry": "toys"}, "values": {"count": 1}},
        ]
    }


def test_a_batch_tells_of_each_item(api: Api) -> None:
    items: list[dict[str, Any]] = [
        {"action": "create", "values": {"first_name": "Ann", "email": "ann@example.com"}},
        {"action": "create", "values": {"first_name": "Bob", "email": "nonsense"}},
        {"action": "upsert", "key": "email", "values": {"email": "ann@example.com", "last_name": "Lee"}},
    ]
    answer = api.post("contacts/batch", {"items": items})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["created", "failed", "updated"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/email"
    assert Contact.objects.get().name == "Ann Lee"
    fine = {"action": "create", "values": {"first_name": "Cyd"}}
    undone = api.post("contacts/batch", {"items": [fine, items[1]], "atomic": True})
    assert [result["status"] for result in undone.json()["results"]] == ["rolled_back", "failed"]
    assert Contact.objects.count() == 1
    assert api.post("contacts/batch", {"items": []}).json() == {"results": [], "failed": 0}


def test_sparse_fields_and_expansion(api: Api) -> None:
    company = api.made("companies", name="Acme")
    contact = api.made("contacts", first_name="Ann", company_id=company["id"])
    path = f"contacts/{contact['id']}"
    assert api.get(f"{path}?fields=name").json() == {"id": contact["id"], "name": "Ann"}
    own = {"id": company["id"], "name": "Acme"}
    assert api.get(f"{path}?fields=name,company.name").json() == {"id": contact["id"], "name": "Ann", "company": own}
    whole = api.get(f"{path}?fields=name&expand=company").json()
    assert whole["company"] == api.get(f"companies/{company['id']}").json()
    nested = api.get(f"companies/{company['id']}?fields=contacts.name,contacts.company.name").json()
    people = [{"id": contact["id"], "name": "Ann", "company": own}]
    assert nested == {"id": company["id"], "contacts": {"data": people, "next": None}}
    (listed,) = api.get("companies?fields=name&expand=contacts").json()["data"]
    assert listed["contacts"]["data"][0]["name"] == "Ann"


def test_what_may_not_be_seen_is_as_if_it_were_not_there(api: Api, caller: Any) -> None:
    contact = api.made("contacts", first_name="Ann")
    reader = caller(clerk("contact", actions=("view",)))
    stranger = caller(clerk("company"))
    assert reader.get(f"contacts/{contact['id']}").status_code == 200
    problem(stranger.get(f"contacts/{contact['id']}"), 403, "forbidden")
    problem(stranger.get("contacts"), 403, "forbidden")
    problem(reader.get(f"contacts/{uuid4()}"), 404, "not_found")
    for refused in (
        reader.post("contacts", {"first_name": "X"}),
        reader.patch(f"contacts/{contact['id']}", {"first_name": "X"}),
        reader.delete(f"contacts/{contact['id']}"),
        reader.post(f"contacts/{contact['id']}/restore"),
        reader.post("contacts/batch", {"items": []}),
        reader.get("contacts?deleted=true"),
    ):
        problem(refused, 403, "forbidden")
    assert list(Contact.objects.values_list("first_name", "version")) == [("Ann", 1)]


def test_who_may_write_but_not_see_is_told_the_id(caller: Any, db: None) -> None:
    scribe = caller(clerk("contact", actions=("create",)))
    answer = scribe.post("contacts", {"first_name": "Ann"})
    assert answer.status_code == 201
    assert answer.json() == {"id": str(Contact.objects.get().pk)}


def test_head_and_options(api: Api) -> None:
    contact = api.made("contacts", first_name="Ann")
    whole, head = api.get(f"contacts/{contact['id']}"), api.send("HEAD", f"contacts/{contact['id']}")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert api.send("OPTIONS", "contacts").headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    refused = api.send("PUT", "contacts", {})
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
