"""The roles that the product brings, and what they grant to begin with.

Said by kinds of things, so that a kind of record that comes later finds its place: `record` is everything that belongs
to an owner, team or partner, `catalogue` what is common to all, `account` what decides who may do what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core import registry
from core.actors import Visibility

ALL, TEAM, OWN, PARTNER = Visibility.ALL, Visibility.TEAM, Visibility.OWN, Visibility.PARTNER

EVERY = ("*",)
VIEW = ("view",)
WRITE = ("create", "update")
# Giving away and erasing what is kept of a person is for few.
NOT_PRIVACY = ("-export_data", "-erase", "-legal_hold")


@dataclass(frozen=True)
class Rule:
    """These actions ("*" ends a prefix, "-" spares) on these things (or kinds of them), with this visibility."""

    things: tuple[str, ...]
    actions: tuple[str, ...]
    visibility: Visibility


@dataclass(frozen=True)
class BuiltIn:
    """A role as it is when it is new."""

    key: str
    name: str
    description: str
    rules: tuple[Rule, ...]


# Everybody of our own: their own keys, jobs, exports and name; who the others are.
_STAFF = (
    Rule(("user", "team"), VIEW, ALL),
    Rule(("user",), ("update",), OWN),
    Rule(("api_key", "job", "export", "import", "import_mapping"), EVERY, OWN),
    Rule(("sign_in_event",), VIEW, OWN),
    Rule(("notification",), EVERY, OWN),
    Rule(("<catalogue>",), VIEW, ALL),
)
_PARTNER = (
    Rule(("company", "contact", "deal", "order", "interaction", "case", "<part>"), VIEW, PARTNER),
    Rule(("contact", "deal"), WRITE, PARTNER),
    Rule(("interaction", "consent"), ("create",), PARTNER),
    Rule(("consent", "consent_state", "consent_purpose"), VIEW, PARTNER),
    Rule(("case",), ("create", "rate"), PARTNER),
    Rule(("product", "product_line", "pipeline", "stage", "tag", "custom_field"), VIEW, PARTNER),
    Rule(("partner_organisation", "partner_person", "user"), VIEW, PARTNER),
)

ROLES: tuple[BuiltIn, ...] = (
    BuiltIn(
        "administrator",
        "Administrator",
        "Everything, everywhere.",
        (Rule(("<any>",), EVERY, ALL), Rule(("notification",), EVERY, OWN)),
    ),
    BuiltIn(
        "manager",
        "Manager",
        "Leads a team: its records and those of the teams below, the catalogue, analytics.",
        (
            *_STAFF,
            Rule(("<record>", "<part>"), (*EVERY, *NOT_PRIVACY), TEAM),
            Rule(("<catalogue>",), ("view_*", *WRITE), ALL),
            Rule(("role",), VIEW, ALL),
            Rule(("partner_organisation", "partner_person"), ("view", *WRITE), TEAM),
            Rule(("job", "sign_in_event"), VIEW, TEAM),
            Rule(("<resource>",), VIEW, ALL),
        ),
    ),
    BuiltIn(
        "sales",
        "Sales",
        "Sees the team's customers and deals, works on their own.",
        (
            *_STAFF,
            Rule(("<record>", "<part>"), VIEW, TEAM),
            Rule(("<record>", "<part>"), ("*", "-view_*", "-scan_duplicates", *NOT_PRIVACY), OWN),
            Rule(("partner_organisation",), VIEW, TEAM),
            Rule(("analytics",), VIEW, ALL),
        ),
    ),
    BuiltIn(
        "marketing",
        "Marketing",
        "Sees all customers and analytics, keeps contacts, companies and tags.",
        (
            *_STAFF,
            Rule(("<record>", "<part>"), VIEW, ALL),
            Rule(("company", "contact", "interaction", "identifier"), WRITE, ALL),
            Rule(("contact",), ("identify",), ALL),
            Rule(("event", "interaction", "order", "touch"), ("tie",), ALL),
            Rule(("tie",), ("untie",), ALL),
            Rule(("tag",), WRITE, ALL),
            Rule(("consent", "suppression"), ("create",), ALL),
            Rule(("<resource>",), VIEW, ALL),
        ),
    ),
    BuiltIn(
        "service",
        "Service",
        "Sees all customers and orders, works on cases, records what was said and done.",
        (
            *_STAFF,
            Rule(("company", "contact", "interaction", "event", "touch", "lifecycle_change"), VIEW, ALL),
            Rule(("referral", "life_event"), VIEW, ALL),
            Rule(("life_event",), WRITE, ALL),
            Rule(("order", "order_line", "order_discount", "order_return"), VIEW, ALL),
            Rule(("interaction",), WRITE, ALL),
            Rule(("case", "case_change", "case_deadline"), ("*", "-bulk", "-delete", "-restore"), ALL),
            Rule(("contact",), ("update", "identify"), ALL),
            Rule(("task", "note", "note_mention", "file"), EVERY, ALL),
            Rule(("consent", "consent_state"), VIEW, ALL),
            Rule(("consent", "suppression"), ("create",), ALL),
            Rule(("identifier",), ("view", *WRITE), ALL),
            Rule(("event", "interaction", "order", "touch"), ("tie",), ALL),
            Rule(("tie",), ("view", "untie"), ALL),
        ),
    ),
    BuiltIn(
        "analyst",
        "Analyst",
        "Sees every record and figure, costs included, and starts recomputations. Changes nothing.",
        (
            *_STAFF,
            Rule(("<record>", "<part>", "<catalogue>", "partner_organisation", "job"), ("view", "view_*"), ALL),
            Rule(("<resource>",), EVERY, ALL),
        ),
    ),
    BuiltIn(
        "integration",
        "Integration",
        "For programs: reads and writes all records and the catalogue.",
        (
            *_STAFF,
            Rule(("<record>", "<part>", "<catalogue>"), (*EVERY, *NOT_PRIVACY), ALL),
            Rule(("partner_organisation", "partner_person"), VIEW, ALL),
            Rule(("<resource>",), VIEW, ALL),
        ),
    ),
    BuiltIn(
        "privacy_officer",
        "Privacy officer",
        "Answers people who ask for their data: exports, erases, holds; keeps consents, suppressions and retention.",
        (
            *_STAFF,
            Rule(("<record>", "<part>"), ("view", "view_proof"), ALL),
            Rule(("contact",), ("export_data", "erase", "legal_hold"), ALL),
            Rule(("consent", "consent_purpose", "suppression", "<privacy>"), EVERY, ALL),
        ),
    ),
    BuiltIn(
        "partner_manager",
        "Partner manager",
        "Leads a partner's people: their organisation's pipeline.",
        (*_PARTNER, Rule(("partner_person",), ("update",), PARTNER)),
    ),
    BuiltIn("partner_member", "Partner member", "Works on their organisation's pipeline.", _PARTNER),
)

# What a record consists of; it is seen and written with it.
_PARTS = {
    "case_change",
    "lifecycle_change",
    "order_discount",
    "order_line",
    "order_return",
    "stage_change",
}
# Nobody else's, whatever else somebody may see.
PRIVATE = {"notification"}
# What was done about people's data.
_PRIVACY = {"data_export", "erasure", "retention_rule"}
# What one asks for oneself.
_WORK = {"export", "import", "import_mapping", "job"}
_ACCOUNTS = {"user", "team", "role", "api_key", "partner_organisation", "partner_person", "sign_in_event"}


def grants(role: BuiltIn) -> Mapping[tuple[str, Visibility], frozenset[str]]:
    """What the role grants of what there is now, by thing and visibility."""
    granted: dict[tuple[str, Visibility], frozenset[str]] = {}
    for name, actions in registry.grantable().items():
        kinds = {name} if name in PRIVATE else {name, "<any>", _kind_of(name)}
        for rule in role.rules:
            chosen = frozenset(_chosen(rule.actions, actions)) if kinds & set(rule.things) else frozenset()
            if chosen:
                key = (name, rule.visibility)
                granted[key] = granted.get(key, frozenset()) | chosen
    return granted


def _kind_of(name: str) -> str:
    if name in _ACCOUNTS | _WORK:
        return "<account>"
    if name in _PRIVACY:
        return "<privacy>"
    if name in _PARTS:
        return "<part>"
    entity = next((item for item in registry.entities() if item.name == name), None)
    if entity is None:
        return "<resource>"
    return "<catalogue>" if entity.model.scope.is_open else "<record>"


def _chosen(patterns: tuple[str, ...], actions: tuple[str, ...]) -> Iterator[str]:
    wanted = [item for item in patterns if not item.startswith("-")]
    spared = [item[1:] for item in patterns if item.startswith("-")]
    for action in actions:
        if any(_fits(item, action) for item in wanted) and not any(_fits(item, action) for item in spared):
            yield action


def _fits(pattern: str, action: str) -> bool:
    return action.startswith(pattern[:-1]) if pattern.endswith("*") else action == pattern
