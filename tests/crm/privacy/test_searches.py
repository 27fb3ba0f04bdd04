"""What was searched for may be somebody's address."""

from __future__ import annotations

from datetime import datetime

import pytest

from core import jobs
from core.actors import SYSTEM
from core.models import Export
from crm.services import erasures
from tests.crm.privacy.test_erasure import MAIL, WORD, erase, person
from tests.support import marker

pytestmark = pytest.mark.django_db


def test_what_exports_and_bulk_jobs_searched_for_goes(at: datetime) -> None:
    contact = person(at)
    search = {"filter": {"field": "email", "value": MAIL}, "q": WORD}
    job = jobs.start(kind="bulk", parameters={"entity": "contact", **search}, actor=SYSTEM, at=at)
    jobs.finish(job_id=job.pk, result={}, at=at)
    values = {"entity": "contact", "format": "csv", "reach": {"grants": {}}, "job": job, **search}
    Export.objects.create(**values, created_at=at, updated_at=at)
    erase(at, contact)
    assert erasures.finish_all(at=at) == 0
    assert marker.in_database(WORD) == []
