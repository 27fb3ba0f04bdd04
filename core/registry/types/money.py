"""Money: an exact amount with its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from core.errors import Invalid
from core.registry.types.base import EQUALITY, ORDER, FieldType, TypeFault
from core.registry.types.numbers import DecimalNumber
from core.registry.types.texts import Code

_MEMBERS = frozenset({"amount", "currency"})


@dataclass(frozen=True)
class Money(FieldType):
    """`{"amount": "12.50", "currency": "EUR"}`. Amounts compare within one currency only.

    `currency`: the one that is allowed, where but one is; it may be left out then.
    """

    name: ClassVar[str] = "money"
    graphql: ClassVar[str] = "JSON"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER
    currency: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def parse(self, value: Any) -> dict[str, Any]:
        """The amount as a Decimal, the currency as its code. Raises TypeFault, or Invalid for one of the two."""
        if not isinstance(value, dict) or "amount" not in value or not set(value) <= _MEMBERS:
            raise TypeFault("wrong_type", 'Must be an amount with a currency: {"amount": "12.50", "currency": "EUR"}.')
        code = _part("currency", Code(max_length=3), value.get("currency", self.currency or ""))
        if code is None:
            raise Invalid.one("/currency", "required", "Must name a currency, such as EUR.")
        if self.currency is not None and code != self.currency:
            raise Invalid.one("/currency", "invalid_currency", f"Must be {self.currency}.")
        return {"amount": _part("amount", self.amount, value["amount"]), "currency": code}

    @property
    def amount(self) -> DecimalNumber:
        """The type of the amount alone."""
        return DecimalNumber(max_digits=18, places=4, minimum=self.minimum, maximum=self.maximum)

    def dump(self, value: Any) -> Any:
        return None if value is None else {"amount": format(value["amount"], "f"), "currency": value["currency"]}

    def json_schema(self) -> dict[str, Any]:
        currency = {"type": "string", "pattern": "^[A-Za-z]{3}$"} if self.currency is None else {"const": self.currency}
        return {
            "type": "object",
            "properties": {"amount": self.amount.json_schema(), "currency": currency},
            "required": ["amount", *([] if self.currency else ["currency"])],
            "additionalProperties": False,
        }


def _part(name: str, kind: FieldType, value: Any) -> Any:
    try:
        return kind.parse(value)
    except TypeFault as fault:
        raise Invalid.one(f"/{name}", fault.code, str(fault)) from None
