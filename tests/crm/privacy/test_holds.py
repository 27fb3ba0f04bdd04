"""Legal holds of contacts that were merged, and of what was deleted before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.actors import SYSTEM
from crm.errors import ContactMerged, OnLegalHold
from crm.models import Contact, File, Merge
from crm.services import file_purging, legal_holds, merges
from crm.services.files import files
from tests.crm import make
from tests.crm.privacy.test_erasure import erase, person
from tests.crm.privacy.test_retention import apply, rule

pytestmark = pytest.mark.django_db


def merged(at: datetime) -> tuple[Contact, Contact]:
    """Who stayed, and who was merged into them."""
    winner, loser = make.contact(at, email="w@example.com"), person(at)
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=loser.pk)
    return winner, loser


def test_a_hold_on_the_winner_keeps_what_was_merged_into_it(at: datetime) -> None:
    winner, loser = merged(at)
    legal_holds.hold(actor=SYSTEM, record_id=winner.pk, at=at, reason="lawsuit")
    for contact, refusal in ((loser, ContactMerged), (winner, OnLegalHold)):
        with pytest.raises(refusal):
            erase(at, contact)
    assert Merge.objects.get().state
    assert not Contact.objects.filter(erased_at__isnull=False).exists()


def test_whoever_was_merged_is_erased_with_the_winner(at: datetime) -> None:
    winner, loser = merged(at)
    with pytest.raises(ContactMerged) as refusal:
        erase(at, loser)
    assert refusal.value.data["merged_into"] == str(winner.pk)
    erase(at, winner)
    # Erasing again is harmless, by either id.
    erase(at, loser)
    assert Contact.objects.filter(erased_at=at).count() == 2


def test_retention_passes_over_the_merged_part_of_somebody_on_hold(at: datetime) -> None:
    winner, _ = merged(at - timedelta(days=500))
    legal_holds.hold(actor=SYSTEM, record_id=winner.pk, at=at, reason="lawsuit")
    rule(at, name="Old", entity="contact", moment="created_at", action="erase", keep_days=365)
    rule(at, name="Merges", entity="merge", moment="at", action="empty", keep_days=365)
    assert apply(at).result == {"records": {"Old": 0, "Merges": 0}}
    assert Merge.objects.get().state


def test_a_hold_on_the_merged_is_on_both_after_the_merge_is_undone(at: datetime) -> None:
    winner, loser = merged(at)
    legal_holds.hold(actor=SYSTEM, record_id=winner.pk, at=at, reason="lawsuit")
    merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    for contact in (winner, loser):
        with pytest.raises(OnLegalHold):
            erase(at, contact)


def test_a_hold_from_before_the_merge_stays_with_whose_it_was(at: datetime) -> None:
    winner, loser = make.contact(at, email="w@example.com"), person(at)
    legal_holds.hold(actor=SYSTEM, record_id=winner.pk, at=at, reason="lawsuit")
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=loser.pk)
    merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    assert list(Contact.objects.filter(legal_hold=True)) == [winner]


def test_contents_of_somebody_on_hold_are_not_purged(at: datetime) -> None:
    contact, much_later = person(at), at + timedelta(days=4000)
    letter = SimpleUploadedFile("a.txt", b"hello you")
    key = files.upload(actor=SYSTEM, at=at, file=letter, contact_id=contact.pk)
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=at, reason="lawsuit")
    files.delete(actor=SYSTEM, record_id=key, at=at)
    assert file_purging.purge(at=much_later) == 0
    assert File.objects.get(pk=key).purged_at is None
    legal_holds.release(actor=SYSTEM, record_id=contact.pk, at=at)
    assert file_purging.purge(at=much_later) == 1
