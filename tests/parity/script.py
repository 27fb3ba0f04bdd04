"""A scenario run through both doors, and what came of it in a form in which the two can be compared."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from typing import Any

import orjson

from tests.support.doors import Door, Outcome, Page, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Person
from tests.support.samples import Samples
from tests.support.shared import undone

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECRET = re.compile(r"bfk_[a-z0-9]{8}(_[0-9a-f]{64})?")
# Of a change in the history: its position, the door and the request are those of the run.
_OF_THE_RUN = frozenset({"door", "request_id"})


@dataclass
class Script:
    """Calls through one door, each noted with what came of it."""

    door: Door
    samples: Samples
    steps: list[tuple[str, Any]] = field(default_factory=list)

    def note(self, label: str, outcome: Outcome) -> Outcome:
        """Keep the outcome of a step, and hand it on."""
        assert not (isinstance(outcome, Problem) and outcome.status >= 500), (self.door.name, label, outcome)
        self.steps.append((label, outcome))
        return outcome

    def done(self, label: str, outcome: Outcome) -> Outcome:
        """A step that must succeed."""
        assert not isinstance(outcome, Problem), (self.door.name, label, outcome)
        return self.note(label, outcome)

    def refused(self, label: str, outcome: Outcome, code: str | None = None) -> Problem:
        """A step that must be refused."""
        assert isinstance(outcome, Problem), (self.door.name, label, outcome)
        assert code is None or outcome.code == code, (self.door.name, label, outcome)
        self.note(label, outcome)
        return outcome


Scenario = Callable[[Script], None]


def same_through_both(person: Person, scenario: Scenario) -> None:
    """Run the scenario through either door from the same state, and compare step by step."""
    told = {}
    for door in (RestDoor(person.key), GraphQLDoor(person.key)):
        with undone():
            script = Script(door, Samples(start=1000))
            scenario(script)
        told[door.name] = _comparable(script.steps)
    rest, graphql = told["rest"], told["graphql"]
    assert [label for label, _ in rest] == [label for label, _ in graphql]
    different = {label: (one, two) for (label, one), (_, two) in zip(rest, graphql, strict=True) if one != two}
    for label, (over_rest, over_graphql) in different.items():
        assert over_rest == over_graphql, f"{label!r} differs between REST (left) and GraphQL (right); {[*different]}"


def _comparable(steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Ids by the order in which they appear, secrets and what belongs to the run left out."""
    names = _Names()
    return [(label, names.of(outcome)) for label, outcome in steps]


class _Names:
    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        match value:
            case Page():
                return {"rows": self.of(value.rows), "next": self._cursor(value.next)}
            case _ if is_dataclass(value):
                return {name: self.of(getattr(value, name)) for name in value.__dataclass_fields__}
            case dict() if value.keys() >= _OF_THE_RUN:
                return {key: self.of(item) for key, item in sorted(value.items()) if key not in {"id", *_OF_THE_RUN}}
            case dict() if value.keys() == {"data", "next"}:
                return {"data": self.of(value["data"]), "next": self._cursor(value["next"])}
            case dict():
                # Numbers that a sequence gave to rows below a record are never the same twice.
                kept = {key: item for key, item in value.items() if not (key == "id" and isinstance(item, int))}
                return {self.of(key): self.of(item) for key, item in sorted(kept.items())}
            case list() | tuple():
                return [self.of(item) for item in value]
            case str() | bytes():
                text = value if isinstance(value, str) else value.decode("utf-8", "replace")
                return _SECRET.sub("<key>", _ID.sub(self._name, text))
        return value

    def _name(self, match: re.Match[str]) -> str:
        return self.known.setdefault(match[0], f"<id {len(self.known) + 1}>")

    def _cursor(self, cursor: str | None) -> Any:
        if cursor is None:
            return None
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        # A position in the history is of the run, too.
        return self.of([part for part in parts if parts[0] != "history"])
