"""Names of models, of meanings of a conversion, and of what touches are told apart by."""

from __future__ import annotations

from collections.abc import Mapping

MODELS = ("first", "last", "linear", "time_decay", "position", "markov")
CONVERSIONS = ("first_order", "every_order")
# Under which name a column of the touches is asked for.
KEYS: Mapping[str, str] = {"source": "source", "medium": "medium", "campaign": "campaign_code", "channel": "channel"}
