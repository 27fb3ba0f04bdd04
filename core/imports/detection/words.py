"""Yes and no in the words of several languages."""

from __future__ import annotations

_YES = "true t yes y 1 on x ja j oui o vrai si sí s sì wahr waar verdadero vero sim tak da ✓ ✔"
_NO = "false f no n 0 off nein nee non faux falsch onwaar falso não nao nie net nej ✗ ✘"

BOOLEANS: dict[str, bool] = dict.fromkeys(_YES.split(), True) | dict.fromkeys(_NO.split(), False)


def boolean(text: str) -> bool | None:
    """What the word means; None where it is neither."""
    return BOOLEANS.get(text.strip().casefold())
