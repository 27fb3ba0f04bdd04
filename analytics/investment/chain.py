"""What a customer is worth by how long ago they bought: customer relationships as a Markov chain.

Pfeifer & Carraway 2000 (Journal of Interactive Marketing 14(2), 43-55): the states are periods since the last purchase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Fewer transitions than this tell nothing of a state by itself: it is taken together with those after it.
LEAST_OF_A_STATE = 30


@dataclass(frozen=True)
class State:
    """rebuy: the chance to buy in the next period. value: of all periods to come, in margins of an active period.
    stake: by how much more it would be if they bought in the next period for certain.
    """

    rebuy: float
    value: float
    stake: float


def states(counts: Sequence[tuple[int, int]], discount: float) -> list[State] | None:
    """The states from "bought in the period just past" on; the last one is never left but by buying.

    counts: per state, how often somebody was in it, and how often they bought in the period after. discount: per
    period, more than 0. None where there are too few to tell. Raises ValueError for counts that cannot be.

    V_k = q [p_k (1 + V_0) + (1 - p_k) V_(k+1)] with q = 1 / (1 + discount). From the last state backwards that is
    V_k = a_k (1 + V_0) with a_k = q [p_k + (1 - p_k) a_(k+1)], and so V_k = a_k / (1 - a_0).
    """
    if not discount > 0:
        raise ValueError("the discount must be more than 0")
    if any(not 0 <= bought <= times for times, bought in counts):
        raise ValueError("nobody buys more often than they were there")
    rebuys = _rebuys(counts)
    if rebuys is None:
        return None
    q = 1 / (1 + discount)
    factor = q * rebuys[-1] / (1 - q * (1 - rebuys[-1]))
    factors = [factor]
    for rebuy in reversed(rebuys[:-1]):
        factor = q * (rebuy + (1 - rebuy) * factor)
        factors.append(factor)
    factors.reverse()
    whole = 1 - factors[0]
    return [State(p, a / whole, (q - a) / whole) for p, a in zip(rebuys, factors, strict=True)]


def _rebuys(counts: Sequence[tuple[int, int]]) -> list[float] | None:
    """The shares who bought; from the first state with too few on, one share of all that follow."""
    enough = next((k for k, (times, _) in enumerate(counts) if times < LEAST_OF_A_STATE), len(counts))
    found = [bought / times for times, bought in counts[:enough]]
    times, bought = (sum(column) for column in zip(*counts[enough:], strict=True)) if counts[enough:] else (0, 0)
    if times >= LEAST_OF_A_STATE:
        rest = bought / times
    elif found:
        rest = found[-1]
    else:
        return None
    return found + [rest] * (len(counts) - enough)
