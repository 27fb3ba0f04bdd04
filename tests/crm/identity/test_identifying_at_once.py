"""Two at once link the same identifiers to different contacts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from core.actors import SYSTEM
from crm.errors import IdentifierTaken
from crm.models import Identifier
from crm.services import identity
from tests.crm import make

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEVICES = [{"system": "shop", "value": str(number)} for number in range(5)]


def test_one_wins_and_the_other_is_told() -> None:
    people = [make.contact(AT, last_name=name) for name in ("One", "Two")]
    together = Barrier(2)

    def link(turn: int, key: UUID) -> str:
        # In opposite orders, which would be a deadlock if they were taken as given.
        given = DEVICES if turn == 0 else DEVICES[::-1]
        try:
            together.wait(10)
            identity.identify(actor=SYSTEM, record_id=key, at=AT, external_ids=given)
        except IdentifierTaken as refusal:
            return str(refusal.data["contact_id"])
        finally:
            connection.close()
        return "linked"

    for round_ in range(5):
        Identifier.objects.filter(is_primary=False).delete()
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(link, (0, 1), [person.pk for person in people]))
        assert told.count("linked") == 1, round_
        winner = people[told.index("linked")]
        assert set(told) == {"linked", str(winner.pk)}
        assert set(Identifier.objects.values_list("contact", flat=True)) == {winner.pk}
        assert Identifier.objects.count() == len(DEVICES)
