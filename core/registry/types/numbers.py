"""Types of numbers, and of yes and no."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from core.registry.types.base import EQUALITY, ORDER, FieldType, TypeFault

_DECIMAL = re.compile(r"^[+-]?\d{1,30}(\.\d{1,30})?$")
MAX_INTEGER = 2**31 - 1
_EXACT_DIGITS = 15


@dataclass(frozen=True)
class Boolean(FieldType):
    name: ClassVar[str] = "boolean"
    graphql: ClassVar[str] = "Boolean"

    def parse(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeFault("wrong_type", "Must be true or false.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Integer(FieldType):
    """A whole number that fits 32 bits, so that every client can hold it."""

    name: ClassVar[str] = "integer"
    graphql: ClassVar[str] = "Int"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER
    is_number: ClassVar[bool] = True
    minimum: int = -MAX_INTEGER
    maximum: int = MAX_INTEGER

    def parse(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeFault("wrong_type", "Must be a whole number.")
        if not self.minimum <= value <= self.maximum:
            raise TypeFault("out_of_range", f"Must be between {self.minimum} and {self.maximum}.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class DecimalNumber(FieldType):
    """An exact decimal; travels as a string, is accepted as a string or a JSON number."""

    name: ClassVar[str] = "decimal"
    graphql: ClassVar[str] = "Decimal"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER
    is_number: ClassVar[bool] = True
    max_digits: int = 18
    places: int = 4
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def parse(self, value: Any) -> Decimal:
        number = self._number(value)
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.places:
            raise TypeFault("too_precise", f"Must have at most {self.places} decimal places.")
        if abs(number) >= Decimal(10) ** (self.max_digits - self.places):
            raise TypeFault(
                "out_of_range", f"Must have at most {self.max_digits - self.places} digits before the point."
            )
        if self.minimum is not None and number < self.minimum:
            raise TypeFault("out_of_range", f"Must be at least {self.minimum}.")
        if self.maximum is not None and number > self.maximum:
            raise TypeFault("out_of_range", f"Must be at most {self.maximum}.")
        return number

    @staticmethod
    def _number(value: Any) -> Decimal:
        fits = isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool)
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeFault("wrong_type", "Must be a decimal number, best as a string.")
        text = str(value).strip()
        if isinstance(value, str) and not _DECIMAL.match(text):
            raise TypeFault("wrong_type", "Must be a decimal number such as 12.50.")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise TypeFault("wrong_type", "Must be a decimal number.") from None
        if not number.is_finite() or abs(number.adjusted()) > 40:
            raise TypeFault("out_of_range", "Is too large or too small.")
        return number

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": r"^[+-]?\d+(\.\d+)?$"}

    def sql(self, column: str) -> str:
        return f"{column}::text"

    def dump(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(frozen=True)
class Number(FieldType):
    """A measurement in double precision (a score, a rate); never money."""

    name: ClassVar[str] = "number"
    graphql: ClassVar[str] = "Float"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER
    is_number: ClassVar[bool] = True

    def parse(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
            raise TypeFault("wrong_type", "Must be a finite number.")
        if not math.isfinite(value):
            raise TypeFault("wrong_type", "Must be a finite number.")
        return float(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "number"}


@dataclass(frozen=True)
class ExactNumber(Number):
    """A number that travels as a JSON number and loses no digit on the way: 15 significant digits fit any double."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def parse(self, value: Any) -> Decimal:  # type: ignore[override]  # exact, where its base is not
        """As a Decimal."""
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
            raise TypeFault("wrong_type", "Must be a finite number.")
        number = Decimal(repr(value) if isinstance(value, float) else value).normalize()
        if number and not -_EXACT_DIGITS <= number.adjusted() < _EXACT_DIGITS:
            raise TypeFault("out_of_range", f"Must have at most {_EXACT_DIGITS} digits before or after the point.")
        if len(number.as_tuple().digits) > _EXACT_DIGITS:
            raise TypeFault("too_precise", f"Must have at most {_EXACT_DIGITS} significant digits.")
        if self.minimum is not None and number < self.minimum:
            raise TypeFault("out_of_range", f"Must be at least {self.minimum}.")
        if self.maximum is not None and number > self.maximum:
            raise TypeFault("out_of_range", f"Must be at most {self.maximum}.")
        return number

    def dump(self, value: Any) -> Any:
        if value is None:
            return None
        return int(value) if value == value.to_integral_value() else float(value)

    def json_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {"type": "number"} | {name: self.dump(bound) for name, bound in bounds.items() if bound is not None}
