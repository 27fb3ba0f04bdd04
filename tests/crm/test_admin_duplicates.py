"""Duplicates on a contact's page: seen with their reasons, merged and unmerged."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, UserRole
from crm.models import Contact, Merge
from tests.crm import make

pytestmark = pytest.mark.django_db


def test_duplicates_are_merged_and_unmerged_from_the_page(at: datetime) -> None:
    user = User.objects.create_user(email="a@example.com", name="A", is_staff=True)
    UserRole.objects.create(user=user, role=Role.objects.get(key="administrator"))
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    kept = make.contact(at, first_name="Ada", last_name="Alderwood", phone="+14155550123")
    twin = make.contact(at, first_name="Ada", last_name="Alderwood", phone="+14155550123")
    panel = client.get(reverse("admin:crm_contact_panel", args=[kept.pk, "duplicates"])).content.decode()
    merge = reverse("admin:crm_contact_do", args=[kept.pk, "merge_contact"])
    assert f"{merge}?contact_id={twin.pk}" in panel
    assert f"{reverse('admin:crm_duplicatedecision_add')}?contact={kept.pk}&amp;other={twin.pk}" in panel
    assert client.get(merge, {"contact_id": str(twin.pk)}).context["form"]["contact_id"].initial == str(twin.pk)
    answer = client.post(merge, {"contact_id": str(twin.pk)})
    assert answer.status_code == 302, answer.context["form"].errors
    assert not Contact.objects.alive().filter(pk=twin.pk).exists()
    done = Merge.objects.get()
    unmerge = reverse("admin:crm_contact_do", args=[kept.pk, "unmerge_contact"])
    assert client.post(unmerge, {"merge_id": str(done.pk)}).status_code == 302
    assert Contact.objects.alive().filter(pk=twin.pk).exists()
