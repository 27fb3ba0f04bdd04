"""Decision calculus of acquisition and retention (Blattberg & Deighton 1996, Harvard Business Review 74(4), 136-144).

Amounts are per prospect (acquisition) and per customer and period (retention), in one currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, isfinite, log, log1p


class Infeasible(ValueError):
    """The figures cannot be: `field` names which, the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Response:
    """A rate that rises with spending towards a ceiling: rate(s) = ceiling (1 - exp(-steepness s))."""

    ceiling: float
    steepness: float

    @classmethod
    def through(cls, *, ceiling: float, spend: float, rate: float, name: str) -> Response:
        """The curve on which spending `spend` gives `rate`: steepness = -ln(1 - rate / ceiling) / spend.

        ceiling: the rate with all the money in the world, over 0 and at most 1. Raises Infeasible, named by `name`.
        """
        _require(name, "ceiling", 0 < ceiling <= 1, "The ceiling must be more than 0 and at most 1.")
        _require(name, "spend", isfinite(spend) and spend > 0, "The spending must be more than 0.")
        _require(name, "rate", 0 < rate < ceiling, "The rate must be more than 0 and less than the ceiling.")
        return cls(ceiling, -log1p(-rate / ceiling) / spend)

    def rate(self, spend: float) -> float:
        return -self.ceiling * expm1(-self.steepness * spend)

    def slope(self, spend: float) -> float:
        """How much the rate rises for one more unit of money."""
        return self.ceiling * self.steepness * exp(-self.steepness * spend)


def _require(name: str, part: str, holds: bool, message: str) -> None:
    if not holds:
        raise Infeasible(f"{name}_{part}", message)


@dataclass(frozen=True)
class Plan:
    """What to spend, and what comes of it: `customer_equity` per prospect, `lifetime_value` per customer won.

    Marginal costs are what one more customer, won or kept, costs at this spending; None where nothing is spent.
    """

    acquisition_spend: float
    acquisition_rate: float
    retention_spend: float
    retention_rate: float
    lifetime_value: float
    customer_equity: float
    marginal_acquisition_cost: float | None
    marginal_retention_cost: float | None


@dataclass(frozen=True)
class Calculus:
    """margin: of a customer per period, before retention spending. discount: per period, .1 is 10%.

    Raises Infeasible where the margin is not more than 0 or the discount is negative, or 0 with a ceiling of 1.
    """

    margin: float
    discount: float
    acquisition: Response
    retention: Response

    def __post_init__(self) -> None:
        if not (isfinite(self.margin) and self.margin > 0):
            raise Infeasible("margin", "The margin must be more than 0.")
        if not (isfinite(self.discount) and self.discount >= 0):
            raise Infeasible("discount", "The discount must be 0 or more.")
        if 1 + self.discount - self.retention.ceiling <= 0:
            raise Infeasible("discount", "Without a discount nobody may be kept for ever: the value would be endless.")

    def lifetime_value(self, retention_spend: float) -> float:
        """M + (M - R/r) r / (1 + d - r), written so that it holds for r = 0 too."""
        rate = self.retention.rate(retention_spend)
        return self.margin + (self.margin * rate - retention_spend) / (1 + self.discount - rate)

    def customer_equity(self, acquisition_spend: float, retention_spend: float) -> float:
        """a [M + (M - R/r) r / (1 + d - r)] - A."""
        return self.acquisition.rate(acquisition_spend) * self.lifetime_value(retention_spend) - acquisition_spend

    def plan(self, acquisition_spend: float, retention_spend: float) -> Plan:
        """What comes of this spending."""
        return Plan(
            acquisition_spend=acquisition_spend,
            acquisition_rate=self.acquisition.rate(acquisition_spend),
            retention_spend=retention_spend,
            retention_rate=self.retention.rate(retention_spend),
            lifetime_value=self.lifetime_value(retention_spend),
            customer_equity=self.customer_equity(acquisition_spend, retention_spend),
            marginal_acquisition_cost=1 / self.acquisition.slope(acquisition_spend) if acquisition_spend else None,
            marginal_retention_cost=1 / self.retention.slope(retention_spend) if retention_spend else None,
        )

    def best(self) -> Plan:
        """The joint optimum. The lifetime value depends on R alone, and is maximised first; then A follows.

        dCE/dR = 0 where 1/r'(R) = (M (1 + d) - R) / (1 + d - r), which is the lifetime value; dCE/dA = 0 where 1/a'(A)
        is the lifetime value: at the optimum one more customer costs, won or kept, what one is worth. Where already the
        first unit of money brings less than itself, nothing is spent.
        """
        retention = self._best_retention()
        value = self.lifetime_value(retention)
        first = self.acquisition.slope(0.0) * value
        acquisition = log(first) / self.acquisition.steepness if first > 1 else 0.0
        return self.plan(acquisition, retention)

    def _best_retention(self) -> float:
        """The root of h(R) = r'(R) (M (1 + d) - R) - (1 + d - r(R)), which falls from h(0) on, by halving."""
        most = self.margin * (1 + self.discount)

        def still_pays(spend: float) -> bool:
            curve = self.retention
            return curve.slope(spend) * (most - spend) > 1 + self.discount - curve.rate(spend)

        if not still_pays(0.0):
            return 0.0
        low, high = 0.0, most
        while low < (middle := (low + high) / 2) < high:
            low, high = (middle, high) if still_pays(middle) else (low, middle)
        return low
