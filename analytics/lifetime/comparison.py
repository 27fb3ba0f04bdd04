"""All models fitted to the same customers, held to what came after, and the one to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.lifetime import empirical, holdout
from analytics.lifetime.beta_geometric import BgNbd, MbgNbd
from analytics.lifetime.fitting import Fit, fit_purchases, fit_spending
from analytics.lifetime.gamma_gamma import GammaGamma, Spending
from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.holdout import Errors
from analytics.lifetime.names import EMPIRICAL, NAIVE, NAMES
from analytics.lifetime.pareto_nbd import ParetoNbd
from analytics.lifetime.purchases import PurchaseModel

MODELS: Mapping[str, PurchaseModel] = {model.name: model for model in (ParetoNbd(), BgNbd(), MbgNbd())}
SPENDING = GammaGamma.name
# With fewer who came back, parameters are too uncertain to rank customers by.
LEAST_REPEAT_CUSTOMERS = 200
PURCHASES, SPEND = "purchases", "spend"


@dataclass(frozen=True)
class Candidate:
    """A method, and what is known of it.

    kind: what it foretells, purchases or what one is worth. fit: None for the methods that have no parameters.
    errors, table: against the holdout, where there is one. curve: (weeks, E[X(t)]). population_mean: of spending.
    """

    name: str
    kind: str
    fit: Fit | None
    message: str
    errors: Errors | None = None
    table: list[dict[str, float | int | str]] = field(default_factory=list)
    curve: list[tuple[float, float]] = field(default_factory=list)
    population_mean: float | None = None
    chosen: bool = False

    @property
    def converged(self) -> bool:
        """Whether it can be used."""
        return self.fit is None or self.fit.converged


@dataclass(frozen=True)
class Observed:
    """Customers up to the end of calibration. after: their purchases in the `weeks` of the holdout, if there is one."""

    histories: Histories
    after: Floats | None = None
    weeks: float = 0.0
    spending: Spending | None = None


def compare(observed: Observed, names: Sequence[str] = NAMES, horizon: float = 52.0) -> list[Candidate]:
    """Every method by name, one of each kind chosen where it can be told which; horizon of the curves in weeks.

    Raises ValueError where there are no customers.
    """
    histories = observed.histories
    fits = {name: fit_purchases(MODELS[name], histories) for name in names if name in MODELS}
    foretold = _foretold(observed, fits)
    buying = [_judged(observed, name, fits.get(name), foretold, horizon) for name in (*fits, EMPIRICAL, NAIVE)]
    pace = empirical.rate(histories)
    found = _choose(buying, histories, pace is not None)
    return [*found, _spending(observed.spending)] if SPENDING in names else found


def _foretold(observed: Observed, fits: Mapping[str, Fit]) -> dict[str, Floats]:
    if observed.after is None or observed.weeks <= 0:
        return {}
    histories, weeks = observed.histories, observed.weeks
    found = {
        name: MODELS[name].conditional(fit.parameters, histories, weeks) for name, fit in fits.items() if fit.converged
    }
    pace = empirical.rate(histories)
    if pace is not None:
        found[EMPIRICAL] = empirical.expected(histories, pace, weeks)
    return found | {NAIVE: holdout.naive(histories, weeks)}


def _judged(
    observed: Observed, name: str, fit: Fit | None, foretold: Mapping[str, Floats], horizon: float
) -> Candidate:
    words = {
        EMPIRICAL: "Each customer's own rate so far, drawn to that of all; nobody ever stops.",
        NAIVE: "The baseline: everybody goes on at their own rate so far.",
    }
    message = fit.message if fit is not None else words[name]
    made = Candidate(name, PURCHASES, fit, message)
    if fit is not None and fit.converged:
        weeks = np.unique(np.append(np.array([1.0, 4.0, 13.0, 26.0, 39.0, 52.0, 78.0, 104.0, 156.0]), horizon))
        expected = MODELS[name].expected(fit.parameters, weeks)
        made = replace(made, curve=[(float(at), float(each)) for at, each in zip(weeks, expected, strict=True)])
    if name not in foretold or observed.after is None:
        return made
    mine, histories = foretold[name], observed.histories
    return replace(
        made,
        errors=holdout.errors(mine, observed.after, histories.weight),
        table=holdout.table(histories, observed.after, {"expected": mine}),
    )


def _choose(buying: list[Candidate], histories: Histories, came_back: bool) -> list[Candidate]:
    if not came_back:
        return [replace(each, message=f"Not enough data: nobody bought again. {each.message}") for each in buying]
    if histories.repeat_customers < LEAST_REPEAT_CUSTOMERS:
        few = f"Only {histories.repeat_customers} customers bought again, of {LEAST_REPEAT_CUSTOMERS} that models need"
        return [
            replace(each, chosen=True, message=f"{few}: rates as they were so far are used.")
            if each.name == EMPIRICAL
            else each
            for each in buying
        ]
    usable = [each for each in buying if each.name != NAIVE and each.converged]
    ranked = {each.name: each.errors for each in usable if each.errors is not None}
    if ranked:
        best = holdout.chosen(ranked)
    elif any(each.fit is not None for each in usable):
        # Nothing came after: there is no holdout to choose by, and the likelihood decides.
        best = max((each for each in usable if each.fit is not None), key=_likelihood).name
    else:
        best = EMPIRICAL
    return [replace(each, chosen=each.name == best) for each in buying]


def _likelihood(candidate: Candidate) -> float:
    return candidate.fit.log_likelihood if candidate.fit is not None else float("-inf")


def _spending(spending: Spending | None) -> Candidate:
    if spending is None or not len(spending):
        return Candidate(SPENDING, SPEND, None, "Not enough data: nobody bought again at a value above 0.")
    fit = fit_spending(spending)
    mean = GammaGamma().population_mean(fit.parameters) if fit.converged else None
    message = fit.message
    if fit.converged and mean is None:
        message = "The population has no mean value (q <= 1); customers' own means are used."
    enough = fit.customers >= LEAST_REPEAT_CUSTOMERS
    if fit.converged and mean is not None and not enough:
        message = f"Only {fit.customers} customers bought again, of {LEAST_REPEAT_CUSTOMERS} that the model needs."
    chosen = fit.converged and mean is not None and enough
    return Candidate(SPENDING, SPEND, fit, message, population_mean=mean, chosen=chosen)
