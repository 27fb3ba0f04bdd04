"""Fields that an organisation defines itself: values by key in one JSON column, each with a type and an SQL form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import BooleanField, DecimalField, F, Func, JSONField, Q, TextField, UUIDField

from core.registry import types
from core.registry.types import FieldType

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
AMOUNT, CURRENCY = "amount", "currency"


class Form(StrEnum):
    """What a value inside the JSON is to SQL. A value of another form is no value: never an error."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    ID = "id"
    LIST = "list"
    MONEY = "money"
    AMOUNT = "amount"
    CURRENCY = "currency"


# {c} is the column, {k} the key. Immutable, so that an index can be built of each. Days are compared as text, which
# has the same order, because PostgreSQL's own conversion depends on a setting.
_SQL = {
    Form.TEXT: "CASE WHEN jsonb_typeof({c} -> '{k}') = 'string' THEN {c} ->> '{k}' END",
    Form.NUMBER: "CASE WHEN jsonb_typeof({c} -> '{k}') = 'number' THEN ({c} -> '{k}')::numeric END",
    Form.DATE: (
        "CASE WHEN ({c} ->> '{k}') ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'"
        " THEN ({c} ->> '{k}') COLLATE \"C\" END"
    ),
    Form.BOOLEAN: "CASE WHEN jsonb_typeof({c} -> '{k}') = 'boolean' THEN ({c} -> '{k}')::boolean END",
    Form.ID: (
        "CASE WHEN ({c} ->> '{k}') ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'"
        " THEN ({c} ->> '{k}')::uuid END"
    ),
    Form.LIST: "CASE WHEN jsonb_typeof({c} -> '{k}') = 'array' THEN {c} -> '{k}' END",
    Form.AMOUNT: (
        "CASE WHEN ({c} -> '{k}' ->> 'amount') ~ '^-?[0-9]+([.][0-9]+)?$'"
        " THEN ({c} -> '{k}' ->> 'amount')::numeric END"
    ),
    Form.CURRENCY: "{c} -> '{k}' ->> 'currency'",
}  # fmt: skip
_OUTPUTS: dict[Form, Any] = {
    Form.NUMBER: DecimalField(max_digits=60, decimal_places=30),
    Form.AMOUNT: DecimalField(max_digits=60, decimal_places=30),
    Form.BOOLEAN: BooleanField(),
    Form.ID: UUIDField(),
    Form.LIST: JSONField(),
}


@dataclass(frozen=True)
class Inside:
    """The place of a value inside a JSON column. `indexed`: whether an index of its own serves its SQL."""

    key: str
    form: Form
    indexed: bool = False

    def sql(self, column: str) -> str:
        """Its SQL, given that of the column."""
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"not the key of a custom field: {self.key!r}")
        return _SQL[self.form].format(c=column, k=self.key)

    @property
    def output_field(self) -> Any:
        """Django's field for the value."""
        return _OUTPUTS.get(self.form) or TextField()

    def expression(self, column: Any) -> Func:
        """The same for a queryset. The key stands in the text of the SQL, since an index is found by it."""
        template = self.sql("%(expressions)s")
        source = F(column) if isinstance(column, str) else column
        return Func(source, template=template, output_field=self.output_field)

    def where(self, column: str, lookup: str, value: Any) -> Q:
        """A comparison with the value by one of Django's lookups."""
        operand = self.expression(column)
        compare: Any = operand.get_lookup(lookup)
        return Q(compare(operand, value))

    @property
    def parts(self) -> tuple[Inside, ...]:
        """What it is ordered by: money by its currency first, everything else by itself."""
        if self.form is not Form.MONEY:
            return (self,)
        return tuple(Inside(self.key, form, self.indexed) for form in (Form.CURRENCY, Form.AMOUNT))


@dataclass(frozen=True)
class CustomDefinition:
    """One defined field. `target` is the entity that a reference points at; `indexed` says that its index is ready."""

    key: str
    type: FieldType
    label: str = ""
    doc: str = ""
    target: str | None = None
    required: bool = False
    indexed: bool = False
    default: Any = None

    @property
    def inside(self) -> Inside:
        """Where its value is."""
        return Inside(self.key, _form(self.type), self.indexed)

    @property
    def currency(self) -> str | None:
        """The one currency of a money field that has but one."""
        return self.type.currency if isinstance(self.type, types.Money) else None

    @property
    def is_money(self) -> bool:
        return isinstance(self.type, types.Money)


Definitions = Mapping[str, CustomDefinition]


class CustomFields(Protocol):
    """Where the definitions come from. Called, it gives the types alone."""

    def __call__(self, entity: str) -> Mapping[str, FieldType]:
        """The type of each field of that entity, by key."""

    def definitions(self, entity: str) -> Definitions:
        """The definitions that hold now, in their order."""

    def revision(self) -> str:
        """Something that is another after every change of any definition."""


def _form(kind: FieldType) -> Form:
    match kind:
        case types.Money():
            return Form.MONEY
        case types.TextList():
            return Form.LIST
        case types.Id():
            return Form.ID
        case types.Boolean():
            return Form.BOOLEAN
        case types.Date():
            return Form.DATE
        case _ if kind.is_number:
            return Form.NUMBER
        case _:
            return Form.TEXT
