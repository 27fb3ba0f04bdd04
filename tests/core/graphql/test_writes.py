"""Mutations: absent and null differ, refusals write nothing and say what REST says, keys make them happen once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from core.actors import Visibility
from crm.models import Company, Contact
from tests.core.graphql.conftest import GraphQL
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db

CREATE = """mutation ($input: ContactCreateInput!) {
  createContact(input: $input) { id contact { name email lifecycleStage company { name } } }
}"""
UPDATE = """mutation ($id: ID!, $input: ContactUpdateInput!, $version: Int) {
  updateContact(id: $id, input: $input, version: $version) { contact { email phone version } }
}"""


def test_create_answers_the_record_with_its_relations(system: GraphQL) -> None:
    company = Company.objects.create(name="C")
    given = {"firstName": "Ann", "email": "Ann@Example.com", "companyId": str(company.pk), "lifecycleStage": "customer"}
    answer = system(CREATE, {"input": given}).data["createContact"]
    assert answer["contact"] == {
        "name": "Ann",
        "email": "ann@example.com",
        "lifecycleStage": "customer",
        "company": {"name": "C"},
    }
    assert Contact.objects.get(pk=answer["id"]).company == company


def test_absent_stays_and_null_empties(system: GraphQL) -> None:
    contact = Contact.objects.create(first_name="Ann", email="a@example.com", phone="+12025550123")
    answer = system(UPDATE, {"id": str(contact.pk), "input": {"phone": None}})
    assert answer.data["updateContact"]["contact"] == {"email": "a@example.com", "phone": None, "version": 2}


def test_a_stale_version_is_refused(system: GraphQL) -> None:
    contact = Contact.objects.create(first_name="Ann", version=3)
    answer = system(UPDATE, {"id": str(contact.pk), "input": {"phone": None}, "version": 2})
    assert answer.body["data"] == {"updateContact": None}
    (error,) = answer.errors
    assert error["path"] == ["updateContact"]
    assert error["extensions"]["code"] == "stale_version"
    assert error["extensions"]["status"] == 412
    assert error["extensions"]["data"] == {"current_version": 3}


def test_faults_are_those_of_rest(system: GraphQL) -> None:
    answer = system(CREATE, {"input": {"email": "no address", "firstName": "a\x00b"}})
    (error,) = answer.errors
    assert answer.status == 200
    assert error["extensions"]["code"] == "invalid"
    assert error["extensions"]["status"] == 422
    faults = {(fault["pointer"], fault["code"]) for fault in error["extensions"]["errors"]}
    assert faults == {("/email", "invalid_email"), ("/first_name", "nul_character")}
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"lifecycleStage": "king"}, "/lifecycle_stage", "invalid_choice"),
        ({"firstName": 5}, "/first_name", "wrong_type"),
        ({"nope": 1}, "/nope", "unknown_field"),
        ({"first_name": "spelled as in REST"}, "/first_name", "unknown_field"),
        ({"tags": [None]}, "/tags", "wrong_type"),
        ({"tags": "one"}, "/tags", "wrong_type"),
        ({"companyId": {"a": 1}}, "/company_id", "wrong_type"),
        ({"companyId": 5}, "/company_id", "wrong_type"),
        ("text", "", "wrong_type"),
        (None, "", "null"),
    ],
)
def test_variables_of_wrong_types_are_refused_before_anything_runs(
    system: GraphQL, values: Any, pointer: str, code: str
) -> None:
    answer = system(CREATE, {"input": values})
    assert answer.status == 400
    (error,) = answer.errors
    assert "data" not in answer.body
    assert error["extensions"]["code"] == "invalid"
    assert [(fault["pointer"], fault["code"]) for fault in error["extensions"]["errors"]] == [(pointer, code)]
    assert not Contact.objects.exists()


def test_all_faults_of_all_variables_are_told_at_once(system: GraphQL) -> None:
    query = """mutation ($id: ID!, $input: ContactUpdateInput!, $version: Int) {
      updateContact(id: $id, input: $input, version: $version) { id }
    }"""
    answer = system(query, {"id": 5, "input": {"tags": 1, "email": "none"}, "version": "x"})
    faults = {(fault["pointer"], fault["code"]) for fault in answer.errors[0]["extensions"]["errors"]}
    assert faults == {
        ("/id", "wrong_type"),
        ("/tags", "wrong_type"),
        ("/email", "invalid_email"),
        ("/version", "wrong_type"),
    }


def test_required_input_is_required(system: GraphQL) -> None:
    query = "mutation ($input: CompanyCreateInput!) { createCompany(input: $input) { id } }"
    answer = system(query, {"input": {}})
    faults = answer.errors[0]["extensions"]["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in faults] == [("/name", "required")]
    assert system(query).errors[0]["extensions"]["errors"][0]["code"] == "required"


def test_delete_and_restore(system: GraphQL) -> None:
    contact = Contact.objects.create(first_name="Ann")
    variables = {"id": str(contact.pk)}
    deleted = system("mutation ($id: ID!) { deleteContact(id: $id) { id contact { name } } }", variables)
    assert deleted.data["deleteContact"] == {"id": str(contact.pk), "contact": {"name": "Ann"}}
    assert system("query ($id: ID!) { contact(id: $id) { id } }", variables).code == "not_found"
    shown = system("query ($id: ID!) { contact(id: $id, deleted: true) { deletedAt } }", variables)
    assert shown.data["contact"]["deletedAt"]
    restored = system("mutation ($id: ID!) { restoreContact(id: $id) { contact { deletedAt } } }", variables)
    assert restored.data["restoreContact"] == {"contact": {"deletedAt": None}}


def test_mutations_run_in_order_each_for_itself(system: GraphQL) -> None:
    answer = system(
        """mutation {
          a: createTag(input: {name: "one"}) { tag { name } }
          b: createTag(input: {name: "one"}) { tag { name } }
          c: createTag(input: {name: "two"}) { tag { name } }
        }"""
    )
    assert answer.body["data"] == {"a": {"tag": {"name": "one"}}, "b": None, "c": {"tag": {"name": "two"}}}
    (error,) = answer.errors
    assert error["path"] == ["b"]
    assert error["extensions"]["code"] == "duplicate"


def test_a_batch_has_a_result_per_item(system: GraphQL) -> None:
    known = Contact.objects.create(first_name="Ann", email="a@example.com")
    items = [
        {"action": "create", "values": {"firstName": "Bob"}},
        {"action": "create", "values": {"lifecycleStage": "king", "nope": 1}},
        {"action": "upsert", "key": "email", "values": {"email": "a@example.com", "lastName": "Lee"}},
        {"action": "delete", "id": str(uuid4())},
    ]
    query = """mutation ($items: [ContactBatchItem!]!) { batchContacts(items: $items) {
      index status id version error { code status errors { pointer code } }
    } }"""
    results = system(query, {"items": items}).data["batchContacts"]
    assert [item["status"] for item in results] == ["created", "failed", "updated", "failed"]
    assert {(fault["pointer"], fault["code"]) for fault in results[1]["error"]["errors"]} == {
        ("/lifecycle_stage", "invalid_choice"),
        ("/nope", "unknown_field"),
    }
    assert results[2]["id"] == str(known.pk)
    assert results[3]["error"]["code"] == "not_found"
    known.refresh_from_db()
    assert known.last_name == "Lee"


def test_an_operation_of_a_record(system: GraphQL) -> None:
    contact = Contact.objects.create(first_name="Ann")
    query = """mutation ($id: ID!, $stage: ContactLifecycleStage!, $version: Int) {
      changeContactStage(id: $id, lifecycleStage: $stage, version: $version) { id contact { lifecycleStage version } }
    }"""
    query = query.replace("ContactLifecycleStage!", "ChangeContactStageLifecycleStage!")
    variables = {"id": str(contact.pk), "stage": "customer", "version": 1}
    answer = system(query, variables).data["changeContactStage"]
    assert answer == {"id": str(contact.pk), "contact": {"lifecycleStage": "customer", "version": 2}}
    assert system(query, variables).code == "stale_version"
    assert system(query, variables | {"id": str(uuid4())}).code == "not_found"


def test_a_caller_without_the_grant_writes_nothing(caller: Any) -> None:
    owner = User.objects.create(email="o@example.com")
    reader = caller(clerk("contact", actions=("view",), visibility=Visibility.ALL, user_id=owner.pk))
    contact = Contact.objects.create(first_name="Ann")
    refused = [
        reader(CREATE, {"input": {"firstName": "Bob"}}),
        reader(UPDATE, {"id": str(contact.pk), "input": {"phone": None}}),
        reader("mutation ($id: ID!) { deleteContact(id: $id) { id } }", {"id": str(contact.pk)}),
        reader("mutation ($id: ID!) { restoreContact(id: $id) { id } }", {"id": str(contact.pk)}),
    ]
    assert [answer.code for answer in refused] == ["forbidden"] * 4
    contact.refresh_from_db()
    assert (contact.version, Contact.objects.count()) == (1, 1)


def test_a_writer_who_may_not_see_gets_the_id_alone(caller: Any) -> None:
    writer = caller(clerk("contact", actions=("create",)))
    answer = writer(CREATE, {"input": {"firstName": "Bob"}}).data["createContact"]
    assert answer["contact"] is None
    assert Contact.objects.get(pk=answer["id"]).first_name == "Bob"


def test_an_idempotency_key_makes_a_mutation_happen_once(caller: Any) -> None:
    graphql = caller(clerk("contact", user_id=User.objects.create(email="o@example.com").pk))
    variables = {"input": {"firstName": "Ann"}}
    first = graphql(CREATE, variables, idempotency_key="k1")
    again = graphql(CREATE, variables, idempotency_key="k1")
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Contact.objects.count() == 1
    other = graphql(CREATE, {"input": {"firstName": "Bob"}}, idempotency_key="k1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert Contact.objects.count() == 1


def test_a_refused_mutation_leaves_its_key_free(caller: Any) -> None:
    graphql = caller(clerk("contact", user_id=User.objects.create(email="o@example.com").pk))
    variables = {"input": {"email": "no address"}}
    assert graphql(CREATE, variables, idempotency_key="k2").code == "invalid"
    assert graphql(CREATE, {"input": {"email": "a@example.com"}}, idempotency_key="k2").data
