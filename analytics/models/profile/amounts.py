"""How amounts are stored."""

from typing import Any

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
