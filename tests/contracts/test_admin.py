"""Every view of the admin as every role: who enters, and what each may see and do there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import registry
from core.actors import SYSTEM
from core.models.record import Record
from core.registry.entities import Entity
from core.registry.feeds import Feed
from core.registry.fields import Relation
from core.registry.operations import Operation, OperationKind
from tests.contracts.calls import told_apart
from tests.support import shared
from tests.support.people import Company, Person
from tests.support.samples import Samples
from tests.support.tables import row_counts

pytestmark = pytest.mark.usefixtures("undone")

SUPERUSERS_ONLY = "held by allauth, for whom there are no grants: superusers alone enter"
# Models in the admin that are no entity, each with who may see them.
NO_ENTITY = {"allauth_idp_oidc.Client": SUPERUSERS_ONLY, "mfa.Authenticator": SUPERUSERS_ONLY}
# Views beside the usual ones, with the grant that each needs.
OTHER_VIEWS = {"analytics_recompute": ("analytics", "recompute")}
# Views that only show something, with the kind of record that one must be allowed to see.
PAGES = {"crm_deal_board": "deal", "crm_case_board": "case", "analytics_dashboard": "analytics"}
# Views of one record among those, and the wizard of imports: who sees and does what is tested where they are.
OF_A_RECORD = {
    "core_export_new",
    "core_export_progress",
    "core_import_new",
    "core_import_progress",
    "core_job_progress",
    "crm_case_board_column",
    "crm_case_board_move",
    "crm_deal_board_column",
    "crm_deal_board_move",
}
USUAL = ("changelist", "add", "change", "delete", "history", "do", "panel")

ADMINS: dict[str, Any] = {item.model._meta.label: item for item in admin.site._registry.values()}
SHOWN, FORBIDDEN, ELSEWHERE, SIGN_IN = "shown", "forbidden", "sent elsewhere", "asked to sign in"


def _entity(label: str) -> Entity | None:
    return next((item for item in registry.entities() if item.model._meta.label == label), None)


def _address(label: str, view: str, record: Any = None) -> str:
    meta = ADMINS[label].model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_{view}"
    return reverse(name, args=[record.pk] if record is not None else [])


def _staff(company: Company) -> Iterator[Person]:
    for person in company.people.values():
        if person.user is not None and person.partner_id is None:
            yield person


@pytest.fixture
def entered(company: Company, undone: None) -> dict[str, Client]:
    """A signed-in browser for each of our people, all of whom are staff."""
    User.objects.filter(pk__in=[person.user.pk for person in _staff(company) if person.user]).update(is_staff=True)
    browsers = {}
    for person in _staff(company):
        browsers[person.name] = Client(raise_request_exception=True)
        browsers[person.name].force_login(User.objects.get(pk=person.user.pk), _BACKEND)  # type: ignore[union-attr]
    return browsers


_BACKEND = "accounts.backends.AccountBackend"


@pytest.mark.parametrize("label", [label for label in ADMINS if _entity(label)])
def test_a_role_sees_and_does_in_the_admin_what_it_grants(
    company: Company, entered: dict[str, Client], label: str
) -> None:
    entity = _entity(label)
    assert entity is not None
    wrong: list[str] = []
    samples = Samples(start=7000)
    for person in _staff(company):
        browser = entered[person.name]
        with shared.undone(), _rendering_for(person):
            for view in ("changelist", "add"):
                wrong += _judge(browser, person, entity, _address(label, view), view)
            for whose, record in told_apart(entity, company, person, samples).items():
                for view in ("change", "delete"):
                    wrong += _judge(browser, person, entity, _address(label, view, record), view, record, whose)
    assert wrong == []
    # Its history stands on a record's page.
    assert _found(browser, _address(label, "history", record)) == ELSEWHERE


# Whose pages are made in full: who changes everything, some things, nothing. Of the others' only the answer counts.
RENDERED = ("administrator", "manager", "analyst")


@contextmanager
def _rendering_for(person: Person) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if person.name not in RENDERED:
            patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        yield


def _judge(
    browser: Client,
    person: Person,
    entity: Entity,
    address: str,
    view: str,
    record: Record | None = None,
    whose: str = "",
) -> Iterator[str]:
    found = _found(browser, address)
    expected = _expected(person, entity, view, record)
    if found != expected:
        yield f"{person.name}: {view} {whose} should be {expected}, is {found}"


def _expected(person: Person, entity: Entity, view: str, record: Record | None) -> str:
    match view:
        case "changelist":
            return SHOWN if person.visibilities(entity.name, "view") else FORBIDDEN
        case "add":
            offered = entity.writes is not None and "create" in entity.actions
            return SHOWN if offered and person.visibilities(entity.name, "create") else FORBIDDEN
        case "change":
            if not person.visibilities(entity.name, "view") and not person.visibilities(entity.name, "update"):
                return FORBIDDEN
            return SHOWN if record and person.reaches(record, entity.name, "view") else ELSEWHERE
    assert record is not None
    if "delete" not in entity.verbs or not person.visibilities(entity.name, "delete"):
        return FORBIDDEN
    if not person.reaches(record, entity.name, "view"):
        return ELSEWHERE
    return SHOWN if person.reaches(record, entity.name, "delete") else FORBIDDEN


def _found(browser: Client, address: str) -> str:
    answer = browser.get(address)
    if answer.status_code == 302:
        return SIGN_IN if "login" in answer["Location"] else ELSEWHERE
    return {200: SHOWN, 403: FORBIDDEN}.get(answer.status_code, str(answer.status_code))


@pytest.mark.parametrize("label", [label for label in ADMINS if _entity(label)])
def test_panels_and_operations_follow_the_grants(company: Company, entered: dict[str, Client], label: str) -> None:
    entity, options = _entity(label), ADMINS[label]
    assert entity is not None
    wrong: list[str] = []
    samples = Samples(start=8000)
    people = [person for person in _staff(company) if person.name in ASKED]
    for person in people:
        with shared.undone():
            for whose, record in told_apart(entity, company, person, samples).items():
                reached = person.reaches(record, entity.name, "view")
                for name, needs in _parts(options, company):
                    granted = all(person.visibilities(*need) for need in needs)
                    address = reverse(
                        f"admin:{options.opts.app_label}_{options.opts.model_name}_{name[0]}", args=[record.pk, name[1]]
                    )
                    found = entered[person.name].get(address).status_code
                    if (found == 200) is not (reached and granted):
                        wrong.append(f"{person.name}: {name} of {whose} {label} is answered {found}")
    assert wrong == []


# Who is asked for every part of every kind of record: who may do everything, much, little.
ASKED = ("administrator", "sales", "service")


def _parts(options: Any, company: Company) -> Iterator[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """The panels and operations of a kind of record, each with the grants that it needs."""
    entity = options.entity
    for panel in options.panels_of(SYSTEM):
        needs = {Relation: [(getattr(panel.source, "target", ""), "view")], Feed: [(entity.name, "view")]}
        if isinstance(panel.source, Operation):
            yield ("panel", panel.name), [(panel.source.entity, panel.source.action)]
        else:
            yield ("panel", panel.name), needs[type(panel.source)]
    for operation in entity.operations:
        if operation.on_record and operation.kind is OperationKind.MUTATION:
            yield ("do", operation.name), [(operation.entity, operation.action)]


def test_lists_and_searches_show_only_what_the_role_reaches(company: Company, entered: dict[str, Client]) -> None:
    wrong: list[str] = []
    samples = Samples(start=7500)
    for label in ADMINS:
        entity = _entity(label)
        if entity is None or entity.model.scope.is_open:
            continue
        record = company.hands(company.people["sales"])["other"].give(samples, entity)
        for person in _staff(company):
            if not person.visibilities(entity.name, "view"):
                continue
            listed = str(record.pk).encode() in entered[person.name].get(_address(label, "changelist")).content
            if listed != person.reaches(record, entity.name, "view"):
                wrong.append(f"{person.name}: {label} is {'listed' if listed else 'missing'}")
    assert wrong == []


def test_models_that_are_no_entity_are_for_superusers(company: Company, entered: dict[str, Client]) -> None:
    others = {label for label in ADMINS if _entity(label) is None}
    assert others == set(NO_ENTITY)
    for label in others:
        for name, browser in entered.items():
            for view in ("changelist", "add"):
                assert _found(browser, _address(label, view)) == FORBIDDEN, (label, name, view)


def test_views_beside_the_usual_ones_have_a_grant(company: Company, entered: dict[str, Client]) -> None:
    usual = {
        f"{item.model._meta.app_label}_{item.model._meta.model_name}_{view}"
        for item in ADMINS.values()
        for view in USUAL
    }
    names = {url.name for item in ADMINS.values() for url in item.get_urls() if url.name}
    assert names - usual - OF_A_RECORD == {*OTHER_VIEWS, *PAGES}, "say in OTHER_VIEWS which grant it needs"
    for name, entity in PAGES.items():
        for person in _staff(company):
            expected = SHOWN if person.visibilities(entity, "view") else FORBIDDEN
            assert _found(entered[person.name], reverse(f"admin:{name}")) == expected, (name, person.name)
    for name, (entity, action) in OTHER_VIEWS.items():
        for person in _staff(company):
            with shared.undone():
                before = row_counts()
                entered[person.name].post(reverse(f"admin:{name}"))
                did_something = row_counts() != before
            assert did_something is bool(person.visibilities(entity, action)), (name, person.name)


def test_strangers_and_partners_do_not_enter(company: Company) -> None:
    outside = [Client()]
    for person in company.people.values():
        if person.user is not None:
            outside.append(Client())
            outside[-1].force_login(User.objects.get(pk=person.user.pk), _BACKEND)
    addresses = [reverse("admin:index"), *(_address(label, view) for label in ADMINS for view in ("changelist", "add"))]
    for browser in outside:
        for address in addresses:
            assert _found(browser, address) == SIGN_IN, address
