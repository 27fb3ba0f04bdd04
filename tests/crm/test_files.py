"""Files through both doors: taken in, looked at, handed out to whoever sees them, removed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from accounts.models import Grant, User
from core.actors import SYSTEM, Visibility
from core.errors import Forbidden, Invalid
from crm.errors import ContentGone
from crm.models import Contact, File, FileGarbage
from crm.services import contents, file_purging
from crm.services import files as service
from crm.services.files import files
from crm.services.notes import notes
from tests.accounts.people import bearer, key_of, make_user, signed_in
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 500
PEM = "the key of the bucket"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A storage on disk of each test's own."""
    use(settings, {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}})
    return tmp_path


def use(settings: Settings, storage: dict[str, Any]) -> None:
    settings.STORAGES = settings.STORAGES | {"default": storage}


def upload(name: str = "report.pdf", content: bytes = CONTENT) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


def take(at: datetime, contact: Contact, content: bytes = CONTENT, name: str = "report.pdf", **more: Any) -> File:
    key = files.upload(actor=SYSTEM, at=at, file=upload(name, content), contact_id=contact.pk, **more)
    found: File = File.objects.get(pk=key)
    return found


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def ada(contact: Contact) -> User:
    """An agent whose contact it is."""
    user = make_user("agent@example.com", "sales")
    Contact.objects.filter(pk=contact.pk).update(owner=user)
    return user


def over_rest(user: User, contact: Contact, **more: Any) -> Any:
    given = {"file": upload(), "contact_id": str(contact.pk), **more}
    return Client().post("/api/v1/files", given, **bearer(key_of(user)["key"]))


def over_graphql(user: User, contact: Contact) -> Any:
    query = (
        "mutation($f: Upload!, $c: ID) { uploadFile(file: $f, contactId: $c) "
        "{ file { id name mediaType size sha256 contactId authorId } } }"
    )
    operations = {"query": query, "variables": {"f": None, "c": str(contact.pk)}}
    given = {"operations": orjson.dumps(operations).decode(), "map": '{"0": ["variables.f"]}', "0": upload()}
    return Client().post("/graphql", given, **bearer(key_of(user)["key"]))


def test_a_file_comes_and_goes_through_both_doors(folder: Path, contact: Contact, ada: User) -> None:
    rest = over_rest(ada, contact)
    assert rest.status_code == 201, rest.content
    shown = rest.json()
    graphql = over_graphql(ada, contact).json()["data"]["uploadFile"]["file"]
    expected = {"name": "report.pdf", "media_type": "application/pdf", "size": len(CONTENT)}
    assert {key: shown[key] for key in expected} == expected
    assert shown["sha256"] == graphql["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (graphql["mediaType"], graphql["contactId"], graphql["authorId"]) == (
        "application/pdf", str(contact.pk), str(ada.pk),
    )  # fmt: skip
    # Of one name, and side by side; where, nobody guesses and nobody is told.
    assert len(stored(folder)) == 2
    assert "key" not in shown
    address = f"/api/v1/files/{shown['id']}/content"
    caller = bearer(key_of(ada)["key"])
    answer = Client().get(address, **caller)
    assert answer.getvalue() == CONTENT
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/pdf"
    link = f'{{ fileContent(id: "{graphql["id"]}") {{ url name size }} }}'
    told = Client().post("/graphql", {"query": link}, "application/json", **caller).json()["data"]["fileContent"]
    assert Client().get(told["url"]).getvalue() == CONTENT
    # The link gives what its caller may see when it is followed: nothing, while they may not act.
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert Client().get(told["url"]).status_code == 403
    User.objects.filter(pk=ada.pk).update(is_active=True)
    assert Client().get(told["url"]).getvalue() == CONTENT
    File.objects.filter(pk=graphql["id"]).update(deleted_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert Client().get(told["url"]).status_code == 404
    Grant.objects.filter(role__user_roles__user=ada).delete()
    assert Client().get(told["url"]).status_code == 403


def test_who_does_not_see_the_record_gets_no_content(contact: Contact, ada: User) -> None:
    shown = over_rest(ada, contact).json()
    other = make_user("other@example.com", "sales")
    address = f"/api/v1/files/{shown['id']}/content"
    assert Client().get(address, **bearer(key_of(other)["key"])).status_code == 404
    assert Client().get(address).status_code == 401
    Contact.objects.filter(pk=contact.pk).update(owner=other)
    assert Client().get(address, **bearer(key_of(other)["key"])).status_code == 200
    assert Client().get(address, **bearer(key_of(ada)["key"])).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("invoice.pdf", b"MZ\x90\x00", "type_not_allowed"),
        ("invoice.pdf", b"\x7fELF\x01", "type_not_allowed"),
        ("run.bat", b"echo hello", "type_not_allowed"),
        ("a.TXT.JS", b"alert(1)", "type_not_allowed"),
        ("a.txt", b"#!/bin/sh\n", "type_not_allowed"),
    ],
)
def test_programs_are_not_taken(
    folder: Path, contact: Contact, ada: User, name: str, content: bytes, code: str
) -> None:
    answer = over_rest(ada, contact, file=upload(name, content))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert stored(folder) == []
    assert not File.objects.exists()


def test_pages_and_pictures_with_scripts_are_only_saved_never_shown(at: datetime, contact: Contact, ada: User) -> None:
    for name, content in (("a.png", b"<!doctype html><script>"), ("a.svg", b"<svg onload='x()'></svg>")):
        made = take(at, contact, content, name)
        answer = Client().get(f"/api/v1/files/{made.pk}/content", **bearer(key_of(ada)["key"]))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_only_what_is_allowed_by_setting(settings: Settings, at: datetime, contact: Contact) -> None:
    settings.BIFOCAL_FILES = settings.BIFOCAL_FILES | {"allowed_types": frozenset({"application/pdf"})}
    take(at, contact)
    with pytest.raises(Invalid):
        take(at, contact, b"text", "a.txt")


def test_what_is_too_large_or_empty_is_not_taken(settings: Settings, folder: Path, contact: Contact, ada: User) -> None:
    settings.BIFOCAL_BODY_LIMITS = settings.BIFOCAL_BODY_LIMITS | {"file": 1000}
    answer = over_rest(ada, contact)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_large")
    empty = over_rest(ada, contact, file=upload(content=b""))
    assert empty.status_code == 422
    assert stored(folder) == []


def test_a_file_is_on_one_record_that_its_sender_may_write(
    folder: Path, at: datetime, contact: Contact, ada: User
) -> None:
    other = make.contact(at, first_name="Else")
    assert over_rest(ada, other).json()["errors"][0] == {
        "pointer": "/contact_id", "code": "not_found", "message": "There is no such record.",
    }  # fmt: skip
    company = make.company(at)
    with pytest.raises(Invalid):
        files.upload(actor=SYSTEM, at=at, file=upload(), contact_id=contact.pk, company_id=company.pk)
    with pytest.raises(Invalid):
        files.upload(actor=SYSTEM, at=at, file=upload())
    sees = clerk("contact", user_id=ada.pk)
    own = clerk("file", visibility=Visibility.OWN, user_id=ada.pk)
    actor = replace(own, grants={**sees.grants, **own.grants})
    with pytest.raises(Forbidden):
        files.upload(actor=actor, at=at, file=upload(), contact_id=other.pk)
    # What was refused after it was stored is removed at once.
    assert stored(folder) == []


def test_a_file_on_a_note_is_on_the_notes_record(at: datetime, contact: Contact) -> None:
    note = notes.create(actor=SYSTEM, values={"body": "see file", "contact_id": str(contact.pk)}, at=at)
    key = files.upload(actor=SYSTEM, at=at, file=upload(), note_id=note.pk)
    assert File.objects.get(pk=key).contact_id == contact.pk
    with pytest.raises(Invalid):
        files.upload(actor=SYSTEM, at=at, file=upload(), note_id=note.pk, contact_id=make.contact(at).pk)


def test_a_deleted_file_comes_back_until_its_content_is_purged(folder: Path, at: datetime, contact: Contact) -> None:
    made = take(at, contact)
    files.delete(actor=SYSTEM, record_id=made.pk, at=at)
    assert file_purging.purge(at=at + timedelta(days=29)) == 0
    files.restore(actor=SYSTEM, record_id=made.pk, at=at)
    files.delete(actor=SYSTEM, record_id=made.pk, at=at)
    late = at + timedelta(days=31)
    assert (file_purging.purge(at=late), file_purging.purge(at=late)) == (1, 0)
    assert stored(folder) == []
    made.refresh_from_db()
    assert made.purged_at == late
    with pytest.raises(ContentGone):
        files.restore(actor=SYSTEM, record_id=made.pk, at=late)


def test_the_content_of_a_row_that_is_gone_goes_too(folder: Path, at: datetime, contact: Contact) -> None:
    """As an erasure deletes, and as a contact's deletion for good takes its files along."""
    take(at, contact)
    kept = take(at, make.contact(at, first_name="Else"))
    Contact.objects.filter(pk=contact.pk).delete()
    assert FileGarbage.objects.count() == 1
    assert (file_purging.take_out(), file_purging.take_out()) == (1, 0)
    assert [path.name for path in stored(folder)] == [Path(kept.key).name]


def test_what_a_rollback_left_is_swept_and_nothing_else(folder: Path, at: datetime, contact: Contact) -> None:
    kept = take(at, contact)
    lost = take(at, contact)
    # As if its transaction had never committed.
    File.objects.filter(pk=lost.pk)._raw_delete("default")  # type: ignore[attr-defined]
    FileGarbage.objects.all().delete()
    assert file_purging.sweep(at=at + timedelta(days=1)) == 0
    assert file_purging.sweep(at=at + timedelta(days=2)) == 1
    assert file_purging.sweep(at=at + timedelta(days=2)) == 0
    assert [path.name for path in stored(folder)] == [Path(kept.key).name]


def test_content_that_is_missing_is_said(folder: Path, at: datetime, contact: Contact) -> None:
    made = take(at, contact)
    stored(folder)[0].unlink()
    with pytest.raises(ContentGone):
        service.content(actor=SYSTEM, record_id=made.pk, at=at)


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real HTTP server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "bucket_name": "bifocal", "endpoint_url": f"http://{host}:{port}", "region_name": "eu-west-1",
        "access_key": "key", "secret_key": PEM, "addressing_style": "path", "file_overwrite": True, "default_acl": None,
    }  # fmt: skip
    access = {"aws_access_key_id": "key", "aws_secret_access_key": PEM}
    client = boto3.client("s3", endpoint_url=options["endpoint_url"], region_name="eu-west-1", **access)
    client.create_bucket(Bucket="bifocal", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    use(settings, {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options})
    yield client
    server.stop()


def keys(bucket: Any) -> list[str]:
    return [item["Key"] for item in bucket.list_objects_v2(Bucket="bifocal").get("Contents", [])]


def test_the_same_in_a_bucket(bucket: Any, at: datetime, contact: Contact, ada: User) -> None:
    shown = over_rest(ada, contact).json()
    made = File.objects.get(pk=shown["id"])
    assert keys(bucket) == [made.key]
    answer = Client().get(f"/api/v1/files/{shown['id']}/content", **bearer(key_of(ada)["key"]))
    assert answer.getvalue() == CONTENT
    assert len(contents.names(made.key.rpartition("/")[0])) == 1
    lost = take(at, contact)
    File.objects.filter(pk=lost.pk)._raw_delete("default")  # type: ignore[attr-defined]
    assert file_purging.sweep(at=at + timedelta(days=3)) == 1
    files.delete(actor=SYSTEM, record_id=made.pk, at=at)
    file_purging.purge(at=at + timedelta(days=31))
    assert keys(bucket) == []


def test_a_bucket_that_cannot_be_reached(settings: Settings, contact: Contact, ada: User) -> None:
    options = {"bucket_name": "b", "endpoint_url": "http://127.0.0.1:9", "access_key": "k", "secret_key": PEM,
               "client_config": None}  # fmt: skip
    use(settings, {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options})
    answer = over_rest(ada, contact)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not File.objects.exists()
    assert storages["default"] is not None


def test_a_file_is_sent_in_the_admin(folder: Path, contact: Contact) -> None:
    boss = make_user("boss@example.com", "administrator", is_staff=True)
    browser = signed_in(boss)
    address = reverse("admin:crm_file_add")
    refused = browser.post(address, {"file": upload("run.exe", b"MZ"), "contact": str(contact.pk)})
    assert b"are not taken" in refused.content
    assert stored(folder) == []
    answer = browser.post(address, {"file": upload(), "contact": str(contact.pk)})
    assert answer.status_code == 302, answer.content
    made = File.objects.get()
    assert (made.name, made.contact_id, made.author_id) == ("report.pdf", contact.pk, boss.pk)
    page = browser.get(reverse("admin:crm_file_change", args=[made.pk]))
    assert page.status_code == 200
