"""Random histories of edits, merges, merges of merges and their undoing, against playing them again from the start."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.actors import SYSTEM
from core.errors import Invalid
from crm.models import Contact, CustomField, Interaction, Merge
from crm.services import identity, merges
from crm.services.contacts import contacts
from crm.services.interactions import interactions
from crm.services.merging import moves
from crm.services.merging.references import references_to
from tests.crm import make
from tests.crm.identity.history import differences, image
from tests.crm.identity.replay import STAGES, Step, World, play

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUSTOM = ("shoe", "hat")


class Killed(BaseException):
    """As sudden as a kill."""


class History:
    """One random history, in the product and in the model. Every value that is ever set is set once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.steps: list[Step] = []
        self.undone: set[str] = set()
        self.merges: dict[str, tuple[str, str]] = {}
        self.held: dict[str, set[str]] = {}
        self.emails: dict[str, str] = {}
        self.number = 0
        self.at = AT
        for key in CUSTOM:
            CustomField.objects.create(entity="contact", key=key, label=key, type="number")
        for _ in range(6):
            self.person()

    def next(self) -> int:
        self.number += 1
        self.at += timedelta(minutes=1)
        return self.number

    def model(self) -> World:
        return play(self.steps, self.undone)

    def alive(self) -> list[str]:
        return [key for key, person in self.model().people.items() if person.merged_into is None]

    # Steps

    def person(self) -> None:
        maybe, number = self.random.random, self.next()
        values: dict[str, Any] = {"last_name": f"Person {number}", "lifecycle_stage": self.random.choice(STAGES)}
        values |= {"phone": f"+4930{number:06}"} if maybe() < 0.5 else {}
        values |= {"city": f"City {number}"} if maybe() < 0.5 else {}
        values |= {"email": f"p{number}@example.com"} if maybe() < 0.7 else {}
        values["tags"] = sorted(self.random.sample(["a", "b", "c"], self.random.randint(0, 3)))
        values["custom"] = {key: self.next() for key in CUSTOM if maybe() < 0.5}
        made = str(make.contact(self.at, **values).pk)
        self.steps.append(("person", made, values))
        if "email" in values:
            self.emails[values["email"]] = made
        for _ in range(self.random.randint(0, 3)):
            self.row(made)

    def row(self, holder: str = "") -> None:
        holder = holder or self.random.choice(self.alive())
        row = str(make.interaction(self.at, contact_id=holder, subject=f"Row {self.next()}").pk)
        self.held[row] = {holder}
        self.steps.append(("row", row, holder))

    def hand_over(self) -> None:
        row = self.random.choice(sorted(self.held))
        others = [key for key in self.alive() if key not in self.held[row]]
        if others:
            holder = self.random.choice(others)
            values = {"contact_id": holder}
            interactions.update(actor=SYSTEM, record_id=_id(row), values=values, at=self.at)
            # It never comes back to somebody who had it: nobody could tell that from never having left.
            self.held[row].add(holder)
            self.steps.append(("row", row, holder))

    def edit(self) -> None:
        key, number = self.random.choice(self.alive()), self.next()
        person = self.model().people[key]
        match self.random.randint(0, 3):
            case 0:
                name = self.random.choice(["phone", "city", "job_title"])
                value = f"+4931{number:06}" if name == "phone" else f"{name} {number}"
                self._write(key, {name: value})
                self.steps.append(("column", key, name, value))
            case 1 if person.tags:
                gone, new = self.random.choice(sorted(person.tags)), f"tag {number}"
                self._write(key, {"tags": sorted(person.tags - {gone} | {new})})
                self.steps.append(("tags", key, {new}, {gone}))
            case 2:
                name = self.random.choice(CUSTOM)
                self._write(key, {"custom": {name: number}})
                self.steps.append(("custom", key, name, number))
            case _:
                name = self.random.choice(["phone", "city"])
                if person.columns[name] is not None:
                    self._write(key, {name: None})
                    self.steps.append(("column", key, name, None))

    def merge(self) -> None:
        alive = self.alive()
        if len(alive) < 2:
            return
        winner, loser = self.random.sample(alive, 2)
        chosen = {name: self.random.choice(["winner", "loser"]) for name in ("phone", "email", "city")
                  if self.random.random() < 0.3}  # fmt: skip
        merges.merge(actor=SYSTEM, record_id=_id(winner), at=self.at, contact_id=_id(loser), fields=chosen)
        for row, holder in self.model().rows.items():
            if holder == loser:
                self.held[row].add(winner)
        key = str(Merge.objects.get(loser=loser, undone_at=None).pk)
        self.merges[key] = (winner, loser)
        self.steps.append(("merge", key, winner, loser, chosen))

    def killed_merge(self) -> None:
        """Everything is as it was."""
        alive = self.alive()
        if len(alive) < 2:
            return
        winner, loser = self.random.sample(alive, 2)
        before, calls, last = image(), 0, self.random.randint(1, len(references_to(Contact)))
        real = moves.move

        def move(*arguments: Any, **options: Any) -> int:
            nonlocal calls
            calls += 1
            if calls == last:
                raise Killed
            return real(*arguments, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(moves, "move", move)
            with pytest.raises(Killed):
                merges.merge(actor=SYSTEM, record_id=_id(winner), at=self.at, contact_id=_id(loser))
        assert differences(before, image()) == {}

    def unmerge(self) -> bool:
        world = self.model()
        possible = [key for key, (winner, _) in self.merges.items()
                    if key not in self.undone and world.people[winner].merged_into is None]  # fmt: skip
        if not possible:
            return False
        key = self.random.choice(possible)
        merges.unmerge(actor=SYSTEM, record_id=_id(self.merges[key][self.random.randint(0, 1)]), at=self.at,
                       merge_id=_id(key))  # fmt: skip
        self.undone.add(key)
        return True

    def _write(self, key: str, values: dict[str, Any]) -> None:
        contacts.update(actor=SYSTEM, record_id=_id(key), values=values, at=self.at)

    # What is compared

    def check(self) -> None:
        """The product is as the model says."""
        world = self.model()
        for key, person in world.people.items():
            row = Contact.objects.get(pk=key)
            found = {name: getattr(row, name) for name in person.columns}
            shown = (found, row.lifecycle_stage, set(row.tags), row.custom)
            merged = str(row.merged_into_id) if row.merged_into_id else None
            assert merged == person.merged_into
            assert (row.deleted_at is None) is (merged is None)
            assert shown == (person.columns, person.stage, person.tags, person.custom), key
        rows = {str(key): str(holder) for key, holder in Interaction.objects.values_list("pk", "contact_id")}
        assert rows == world.rows
        for email, key in self.emails.items():
            found = identity.resolve(actor=SYSTEM, at=self.at, email=email)
            assert found["contact_id"] == world.root(key), email


def _id(key: str) -> UUID:
    return UUID(key)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_the_history_without_what_was_undone_is_what_is_there(seed: int) -> None:
    history = History(seed)
    often: list[Callable[[], Any]] = [history.merge, history.edit]
    steps = [*often, *often, history.row, history.hand_over, history.unmerge, history.killed_merge, history.person]
    for _ in range(30):
        history.random.choice(steps)()
        history.check()
    while history.unmerge():
        history.check()


@pytest.mark.parametrize("seed", range(100, 108))
def test_when_all_merges_are_undone_every_table_is_as_at_the_beginning(seed: int) -> None:
    history = History(seed)
    for _ in range(5):
        history.edit()
    before = image()
    for _ in range(12):
        history.random.choice([history.merge, history.merge, history.unmerge, history.killed_merge])()
    history.check()
    while history.unmerge():
        pass
    assert differences(before, image()) == {}
    with pytest.raises(Invalid):
        merges.merge(actor=SYSTEM, record_id=Contact.objects.values_list("pk", flat=True)[0], at=AT)
