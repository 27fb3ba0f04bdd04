"""What each role is told in the admin beside the records themselves: menu, figures, counts, choices, names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from core import registry
from core.actors import SYSTEM
from core.admin import home, navigation
from core.admin.base import RecordAdmin
from core.admin.filters import RelatedFilter
from core.models.record import Record
from core.registry.fields import Field
from tests.contracts.test_admin import PAGES
from tests.support import shared
from tests.support.people import Company, Person
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

ADMINS: dict[type[models.Model], RecordAdmin] = {
    model: options for model, options in admin.site._registry.items() if isinstance(options, RecordAdmin)
}
_BACKEND = "accounts.backends.AccountBackend"


@pytest.fixture
def entered(company: Company, undone: None) -> dict[str, tuple[Person, Client]]:
    """Each of our people, with the browser in which they have signed in."""
    cache.clear()
    found = {}
    for person in company.people.values():
        if person.user is not None and person.partner_id is None:
            User.objects.filter(pk=person.user.pk).update(is_staff=True)
            browser = Client()
            browser.force_login(User.objects.get(pk=person.user.pk), _BACKEND)
            found[person.name] = (person, browser)
    return found


def test_every_kind_has_its_place_in_the_menu() -> None:
    assert navigation.MORE not in navigation.groups()


def test_the_menu_leads_where_the_role_may_go(entered: dict[str, tuple[Person, Client]]) -> None:
    wrong = []
    for person, browser in entered.values():
        groups = browser.get(reverse("admin:index")).context["sidebar_navigation"]
        shown = {item["link"] for group in groups for item in group["items"]}
        expected = {reverse("admin:index")}
        for options in ADMINS.values():
            if person.visibilities(options.entity.name, "view"):
                expected.add(_list(options))
        for name, entity in PAGES.items():
            if person.visibilities(entity, "view"):
                expected.add(reverse(f"admin:{name}"))
        if shown != expected:
            wrong.append((person.name, shown ^ expected))
    assert wrong == []


def test_figures_are_for_those_who_hold_their_grants(entered: dict[str, tuple[Person, Client]]) -> None:
    wrong = []
    for person, browser in entered.values():
        page = browser.get(reverse("admin:index")).content.decode()
        for widget in home.widgets_of(SYSTEM):
            address = reverse("admin_home_widget", args=[widget.key])
            granted = all(person.visibilities(*need) for need in widget.needs)
            if (address in page) is not granted or (browser.get(address).status_code == 200) is not granted:
                wrong.append((person.name, widget.key))
    assert wrong == []


def test_counts_end_where_the_role_ends(company: Company, entered: dict[str, tuple[Person, Client]]) -> None:
    wrong = []
    samples = Samples(start=6000)
    for options in ADMINS.values():
        entity = options.entity
        if entity.model.scope.is_open:
            continue
        with shared.undone():
            for hands in company.hands(company.people["sales"]).values():
                hands.give(samples, entity)
            rows = list(entity.model._default_manager.filter(deleted_at__isnull=True))
            for person, browser in entered.values():
                if not person.visibilities(entity.name, "view"):
                    continue
                told = browser.get(_list(options)).context["cl"].result_count
                if told != sum(person.reaches(row, entity.name, "view") for row in rows):
                    wrong.append((person.name, entity.name, told))
    assert wrong == []


def test_choices_are_what_the_role_may_see(company: Company, entered: dict[str, tuple[Person, Client]]) -> None:
    wrong = []
    samples = Samples(start=6200)
    for options, field in _by_target():
        target = ADMINS[field.related_model].entity  # type: ignore[index]
        record = company.hands(company.people["sales"])["other"].give(samples, target)
        query = {"app_label": options.opts.app_label, "model_name": options.opts.model_name, "field_name": field.name}
        for person, browser in entered.values():
            answer = browser.get(f"{reverse('admin:autocomplete')}?{urlencode(query)}")
            offered = answer.status_code == 200 and str(record.pk) in _ids(answer)
            # What stands first is what is newest or comes first by name; of the many there are more pages.
            more = answer.status_code == 200 and json.loads(answer.content)["pagination"]["more"]
            if offered and not person.reaches(record, target.name, "view"):
                wrong.append(f"{person.name} is offered the {target.name} of others")
            if not offered and not more and person.reaches(record, target.name, "view"):
                wrong.append(f"{person.name} is not offered a {target.name}")
    assert wrong == []


def test_an_address_that_names_a_record_does_not_tell_its_name(
    company: Company, entered: dict[str, tuple[Person, Client]]
) -> None:
    """Filters of lists and inputs of operations show what the address has chosen, if the person may see it."""
    wrong, told = [], 0
    samples = Samples(start=6400)
    with shared.undone():
        for options, target, address, record in _naming(company, samples):
            for person, browser in entered.values():
                if not person.visibilities(options.entity.name, "view"):
                    continue
                answer = browser.get(address)
                shown = answer.status_code == 200 and f'value="{record.pk}" selected' in answer.content.decode()
                told += shown
                if shown and not person.reaches(record, target, "view"):
                    wrong.append(f"{person.name}: {address} names a {target}")
    assert wrong == []
    assert told, "somebody sees the names"


def _naming(company: Company, samples: Samples) -> Iterator[tuple[RecordAdmin, str, str, Record]]:
    other = company.hands(company.people["sales"])["other"]
    for options in ADMINS.values():
        for item in options.filters:
            if not isinstance(item, tuple):
                continue
            name, kind = item
            assert kind is RelatedFilter, "any other filter would offer records of others"
            target = ADMINS[options.model._meta.get_field(name).related_model].entity  # type: ignore[index]
            record = other.give(samples, target)
            yield options, target.name, f"{_list(options)}?{name}__id__exact={record.pk}", record
        for operation, field in _references(options):
            about, record = (
                other.give(samples, options.entity),
                other.give(samples, registry.entity(str(field.reference))),
            )
            place = f"admin:{options.opts.app_label}_{options.opts.model_name}_do"
            address = reverse(place, args=[about.pk, operation])
            yield options, str(field.reference), f"{address}?{field.name}={record.pk}", record


def _references(options: RecordAdmin) -> Iterator[tuple[str, Field]]:
    for operation in options._mutations():
        for field in operation.input:
            if field.reference is not None and options.asks_for(operation, field.name):
                yield operation.name, field


def _by_target() -> Iterator[tuple[RecordAdmin, Any]]:
    """One foreign key to each kind of record: whoever may see the kind is offered the same by all of them."""
    found: dict[Any, tuple[RecordAdmin, Any]] = {}
    for options in ADMINS.values():
        for field in options._keys():
            # Kinds that are not searched are not chosen in forms.
            if field.related_model in ADMINS and ADMINS[field.related_model].get_search_fields(
                RequestFactory().get("/")
            ):
                found.setdefault(field.related_model, (options, field))
    return iter(found.values())


def _ids(answer: Any) -> set[str]:
    return {item["id"] for item in json.loads(answer.content)["results"]}


def _list(options: Any) -> str:
    return reverse(f"admin:{options.opts.app_label}_{options.opts.model_name}_changelist")
