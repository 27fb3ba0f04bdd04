"""Journeys: the touches of a contact, in order, that ended in a conversion or came to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Journeys:
    """Touches one after the other, journey by journey, each journey in the order of time.

    keys: how many keys there are. codes (touches): the key of each touch, from 0. ages (touches): days before the
    conversion, 0 or more; of no meaning where there was none. first (journeys): where each begins.
    converted (journeys): whether it ended in a conversion.
    Raises ValueError where these do not fit together.
    """

    keys: int
    codes: Integers
    ages: Floats
    first: Integers
    converted: Flags

    def __post_init__(self) -> None:
        touches, journeys = len(self.codes), len(self.first)
        if len(self.ages) != touches or len(self.converted) != journeys:
            raise ValueError("arrays of different lengths")
        if touches and (self.codes.min() < 0 or self.codes.max() >= self.keys):
            raise ValueError("a code without a key")
        if bool(touches) != bool(journeys) or (journeys and (self.first[0] != 0 or self.lengths.min() < 1)):
            raise ValueError("every touch belongs to a journey, and every journey has a touch")

    @cached_property
    def lengths(self) -> Integers:
        """Touches of each journey."""
        ends: Integers = np.diff(np.append(self.first, len(self.codes)))
        return ends

    @cached_property
    def owner(self) -> Integers:
        """The journey of each touch."""
        found: Integers = np.repeat(np.arange(len(self.first)), self.lengths)
        return found

    @cached_property
    def places(self) -> Integers:
        """The place of each touch in its journey, from 0."""
        found: Integers = np.arange(len(self.codes)) - self.first[self.owner]
        return found

    def by_key(self, shares: Floats, values: Floats) -> Floats:
        """The values of the journeys that converted (journeys), divided by the shares of their touches: one per key."""
        counted = np.where(self.converted, values, 0.0)[self.owner] * shares
        return np.bincount(self.codes, weights=counted, minlength=self.keys).astype(np.float64)
