"""Numbers and amounts as people write them: "1.234,56", "€ 1 234.50", "(12.00)", "12,50- EUR"."""

# ruff: noqa: RUF001 - signs that people write in numbers

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

POINT, COMMA = "point", "comma"
# No amount is longer.
LONGEST = 80
# Signs that stand for one currency only; "$" is that of many, and says nothing.
SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₴": "UAH", "₫": "VND",
    "฿": "THB", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "US$": "USD", "C$": "CAD", "A$": "AUD", "R$": "BRL",
    "CHF": "CHF",
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"^(?P<open>\()?\s*(?P<before>[A-Z]{{3}}|{_SIGN}|\$|¥|kr\.?)?\s*(?P<minus>[-+−])?\s*"
    rf"(?P<before2>[A-Z]{{3}}|{_SIGN}|\$|¥)?\s*(?P<digits>\d[\d.,'’   ]*|[.,]\d+)(?P<exponent>[eE][+-]?\d{{1,2}})?\s*"
    rf"(?P<after_minus>-)?\s*(?P<after>[A-Z]{{3}}|{_SIGN}|\$|¥|kr\.?|,-)?\s*(?P<close>\))?$"
)
_PLAIN = re.compile(r"^-?\d{1,15}(\.\d{1,30})?$")
_SPACES = re.compile(r"[  \s'’]")
_GROUPED = {
    POINT: re.compile(r"^(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?$"),
    COMMA: re.compile(r"^(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?$"),
}
# Groups of two below the thousand, as in India: 12,34,567.
_INDIAN = re.compile(r"^\d{1,2}(,\d{2})+,\d{3}(\.\d+)?$")
_SPACED = re.compile(r"^\d{1,3}([  \s'’]\d{3})+([.,]\d+)?$|^\d+([.,]\d+)?$")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as plain text ("-1234.50"), and the currency that stood with it, if one did."""

    text: str
    currency: str | None = None


def parse(text: str, decimal: str) -> Amount | None:
    """The number that a text stands for, where `decimal` says which mark stands before the fraction; None for none."""
    if decimal == POINT and _PLAIN.match(text):
        return Amount(text)
    return _parse(text, decimal) if len(text) <= LONGEST else None


@lru_cache(maxsize=32_768)
def _parse(text: str, decimal: str) -> Amount | None:
    found = _AMOUNT.match(text.strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    digits = found["digits"].strip()
    if _SPACES.search(digits):
        if not _SPACED.match(digits):
            return None
        digits = _SPACES.sub("", digits)
    if not _GROUPED[decimal].match(digits) and not (decimal == POINT and _INDIAN.match(digits)):
        return None
    plain = digits.replace(",", "") if decimal == POINT else digits.replace(".", "").replace(",", ".")
    if plain.startswith("."):
        plain = f"0{plain}"
    negative = [bool(found["open"]), found["minus"] in ("-", "−"), bool(found["after_minus"])]
    if sum(negative) > 1:
        return None
    if found["exponent"]:
        plain = _expanded(plain, int(found["exponent"][1:]))
    marks = {SIGNS.get(mark, mark) for mark in (found["before"], found["before2"], found["after"]) if mark}
    codes = {mark for mark in marks if len(mark) == 3 and mark.isalpha() and mark.isupper()}
    if len(codes) > 1:
        return None
    return Amount(f"-{plain}" if any(negative) else plain, next(iter(codes), None))


def _expanded(plain: str, exponent: int) -> str:
    whole, _, fraction = plain.partition(".")
    if exponent >= 0:
        fraction = fraction.ljust(exponent, "0")
        whole, fraction = whole + fraction[:exponent], fraction[exponent:]
    else:
        whole = whole.rjust(1 - exponent, "0")
        whole, fraction = whole[:exponent], whole[exponent:] + fraction
    return f"{whole.lstrip('0') or '0'}.{fraction}" if fraction else whole.lstrip("0") or "0"


def evidence(text: str) -> str | None:
    """Which decimal mark a text proves: "point", "comma", "" for a number that proves nothing, None for no number."""
    stripped = text.strip()
    as_point, as_comma = parse(stripped, POINT), parse(stripped, COMMA)
    if as_point is None and as_comma is None:
        return None
    if as_comma is None:
        return POINT
    if as_point is None:
        return COMMA
    return "" if as_point.text == as_comma.text else "?"
