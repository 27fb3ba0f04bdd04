"""Rules of identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actors import SYSTEM
from core.ids import new_id
from core.models.record import Record
from crm.models import DuplicateCandidate, Event, Merge, Tie
from crm.services import merges, ties
from tests.support.rules.rule import FUTURE, Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _identifier(samples: Samples) -> Values:
    return {"contact_id": ref(samples, "contact"), "kind": "external_id", "system": f"till-{samples.next()}"}


def _known_by(samples: Samples, record: Record | None) -> Values:
    return {"anonymous_id": f"device {samples.next()}"}


def _merged(samples: Samples) -> Record:
    winner, loser = samples.make("contact"), samples.make("contact")
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=samples.at, contact_id=loser.pk)
    made: Record = Merge.objects.get(loser=loser.pk)
    return made


def merge_another(record: Record, samples: Samples) -> None:
    """Merge a new contact into the record, so that it can be undone."""
    merges.merge(actor=SYSTEM, record_id=record.pk, at=samples.at, contact_id=samples.make("contact").pk)


def _candidate(samples: Samples) -> Record:
    """As a scan writes it."""
    one, other = sorted(samples.make("contact").pk for _ in range(2))
    made: Record = DuplicateCandidate.objects.create(
        contact_id=one, other_id=other, score="0.9", found_at=samples.at, scan=new_id(), created_at=samples.at,
        updated_at=samples.at, reasons=[{"signal": "phone", "text": "same phone", "weight": "0.750"}],
    )  # fmt: skip
    return made


def _tied(samples: Samples) -> Record:
    event = samples.make("event")
    Event.objects.filter(pk=event.pk).update(contact=None)
    given = {"contact_id": samples.make("contact").pk, "evidence": "loyalty_card"}
    ties.tie(kind="event", actor=SYSTEM, record_id=event.pk, at=samples.at, **given)
    made: Record = Tie.objects.get(event=event.pk)
    return made


def _to_its_contact(samples: Samples, record: Any) -> Values:
    """What has a contact is tied to the same again: nothing else would be, without the tie that it replaces."""
    contact_id = None if record is None else record.contact_id
    return {"contact_id": str(contact_id or ref(samples, "contact")), "evidence": "manual"}


def _pair(samples: Samples) -> Values:
    return {"contact_id": ref(samples, "contact"), "other_id": ref(samples, "contact")}


RULES = {
    "duplicate_decision": Rule(
        why="it is about two contacts, in the order of their ids; only `later` has a moment",
        needed=_pair,
        complete=lambda samples: {"verdict": "not_duplicate"},
        not_at_creation=frozenset({"until"}),
        changed=lambda samples, record: {"verdict": "later", "until": FUTURE},
    ),
    "identifier": Rule(
        why="its value and system fit its kind; it is seen last after it is seen first",
        needed=_identifier,
        complete=lambda samples: {"confidence": "0.5"},
        changed=lambda samples, record: {"confidence": "0.25", "last_seen_at": FUTURE},
    ),
}
MAKERS = {"merge": _merged, "duplicate_candidate": _candidate, "tie": _tied}
OPERATIONS = {
    "resolve_contact": _known_by,
    "identify_contact": _known_by,
    "merge_contact": lambda samples, record: {"contact_id": ref(samples, "contact")},
    "unmerge_contact": lambda samples, record: {},
    "tie_event": _to_its_contact,
    "tie_interaction": _to_its_contact,
    "tie_order": _to_its_contact,
    "tie_touch": _to_its_contact,
}
BEFORE = {"unmerge_contact": merge_another}
