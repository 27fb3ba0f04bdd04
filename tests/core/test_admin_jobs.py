"""Jobs in the admin: how far they are, as it goes on, and that they can be stopped."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core import clock, jobs
from core.actors import SYSTEM
from core.models.job import Job

pytestmark = pytest.mark.django_db


def browser(role: str) -> Client:
    user = User.objects.create_user(email=f"{role}@example.com", name=role, is_staff=True)
    UserRole.objects.create(user=user, role=Role.objects.get(key=role))
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture
def job() -> Job:
    made = jobs.start(kind="recompute", parameters={}, actor=SYSTEM, at=clock.now())
    begun = jobs.begin(job_id=made.pk, at=clock.now())
    assert begun is not None
    return begun


def test_the_bar_asks_again_while_there_is_work(job: Job) -> None:
    client = browser("administrator")
    address = reverse("admin:core_job_progress", args=[job.pk])
    jobs.progress(job_id=job.pk, done=1_500, total=3_000, message="Halfway", at=clock.now())
    body = client.get(address).content.decode()
    assert 'value="1500" max="3000"' in body
    assert "1,500 of 3,000" in body
    assert "Halfway" in body
    assert f'hx-get="{address}"' in body
    assert address in client.get(reverse("admin:core_job_changelist")).content.decode()
    jobs.finish(job_id=job.pk, result={}, at=clock.now())
    body = client.get(address).content.decode()
    assert "Succeeded" in body
    assert "hx-get" not in body


def test_a_job_is_stopped_by_its_button(job: Job) -> None:
    client = browser("administrator")
    page = reverse("admin:core_job_change", args=[job.pk])
    assert [item["title"] for item in client.get(page).context["operations"]] == ["Cancel"]
    client.post(reverse("admin:core_job_do", args=[job.pk, "cancel_job"]))
    job.refresh_from_db()
    assert job.cancel_requested
    assert client.get(page).context["operations"] == []
    assert "Stopping" in client.get(page).content.decode()


def test_others_jobs_are_not_seen(job: Job) -> None:
    client = browser("sales")
    assert client.get(reverse("admin:core_job_progress", args=[job.pk])).status_code == 404
    assert str(job.pk) not in client.get(reverse("admin:core_job_changelist")).content.decode()
