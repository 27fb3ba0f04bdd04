"""Maximum likelihood on the logarithms of positive parameters: several starts, checked convergence, standard errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky
from scipy.optimize import minimize

from analytics.lifetime.gamma_gamma import GammaGamma, Spending
from analytics.lifetime.histories import Floats, Histories
from analytics.lifetime.purchases import PurchaseModel

# Parameters beyond these logarithms have run away: the likelihood has no maximum within reach.
LOWEST, HIGHEST = -11.0, 14.0
# More histories than this are first fitted on every so-many-th of them.
ENOUGH = 4_000
# What one more Newton step would still add to the log-likelihood, at most.
TOLERANCE = 1e-5

Objective = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True)
class Fit:
    """What was found. `parameters` as the model's `names`; covariance: of their logarithms, where it converged."""

    name: str
    names: tuple[str, ...]
    parameters: Floats
    log_likelihood: float
    customers: int
    repeat_customers: int
    converged: bool
    message: str
    covariance: Floats | None

    @property
    def standard_errors(self) -> Floats | None:
        """Of the parameters, by the delta method: parameter times the standard error of its logarithm."""
        if self.covariance is None:
            return None
        errors: Floats = self.parameters * np.sqrt(np.diag(self.covariance))
        return errors

    def drawn(self, draws: int, random: np.random.Generator) -> Floats:
        """Parameters as uncertain as they are, (draws, k): normal on the log scale. The estimate itself, if no more is
        known."""
        if self.covariance is None:
            return np.tile(self.parameters, (draws, 1))
        root = cholesky(self.covariance + 1e-14 * np.eye(len(self.names)), lower=True)
        moved = np.log(self.parameters) + random.standard_normal((draws, len(self.names))) @ root.T
        found: Floats = np.exp(np.clip(moved, LOWEST, HIGHEST))
        return found


def fit_purchases(model: PurchaseModel, histories: Histories) -> Fit:
    """Fit a model of buying. Raises ValueError where there are no histories."""
    if not len(histories):
        raise ValueError("there are no histories")
    if not histories.repeat_customers:
        return _nothing(model, histories)
    step = -(-len(histories) // ENOUGH)
    smaller = histories.every(step)
    found = _search(_of_purchases(model, smaller), [np.log(each) for each in model.starts(smaller)])
    objective = _of_purchases(model, histories)
    if step > 1:
        found = _refined(objective, found, _of_purchases(model, smaller), step)
    return _judged(model.name, model.names, objective, found, (histories.customers, histories.repeat_customers))


def fit_spending(spending: Spending) -> Fit:
    """Fit the Gamma-Gamma. Raises ValueError where there is nobody."""
    if not len(spending):
        raise ValueError("nobody bought again at a value above 0")
    model = GammaGamma()

    def objective(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = model.log_likelihood(parameters, spending)
        return -value, -gradient * parameters

    found = _search(objective, [np.log(each) for each in model.starts(spending)], most=1)
    customers = round(float(spending.weight.sum()))
    return _judged(model.name, model.names, objective, found, (customers, customers))


def _nothing(model: PurchaseModel, histories: Histories) -> Fit:
    start = np.asarray(model.starts(histories)[0], dtype=float)
    value, _ = model.log_likelihood(start, histories)
    message = "Nobody bought again: how often people buy cannot be told."
    return Fit(model.name, model.names, start, value, histories.customers, 0, False, message, None)


def _of_purchases(model: PurchaseModel, histories: Histories) -> Objective:
    def objective(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = model.log_likelihood(parameters, histories)
        return -value, -gradient * parameters

    return objective


def _minimised(objective: Objective, start: Floats, scale: float) -> tuple[float, Floats]:
    def scaled(logs: Floats) -> tuple[float, Floats]:
        value, gradient = objective(logs)
        return value / scale, gradient / scale

    found = minimize(
        scaled,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(LOWEST, HIGHEST)] * len(start),
        options={"maxiter": 200, "maxfun": 250, "ftol": 1e-14, "gtol": 1e-10},
    )
    return float(found.fun) * scale, np.asarray(found.x, dtype=float)


def _search(objective: Objective, starts: Sequence[Floats], most: int = 3) -> Floats:
    """The best end of searches from several starts."""
    clipped = [np.clip(start, LOWEST + 1, HIGHEST - 1) for start in starts]
    ranked = sorted(clipped, key=lambda start: objective(start)[0])[:most]
    ends = [_minimised(objective, start, max(abs(objective(start)[0]), 1.0)) for start in ranked]
    return min(ends, key=lambda end: end[0])[1]


def _refined(objective: Objective, start: Floats, smaller: Objective, step: int) -> Floats:
    """The search on everything, from where the smaller set ended, and straightened by its curvature."""
    curvature = _hessian(smaller, start) * step
    values, vectors = np.linalg.eigh(curvature)
    widths = 1 / np.sqrt(np.maximum(values, values.max(initial=1.0) * 1e-9 + 1e-12))
    basis = vectors * widths

    def straight(moves: Floats) -> tuple[float, Floats]:
        logs = np.clip(start + basis @ moves, LOWEST, HIGHEST)
        value, gradient = objective(logs)
        return value, basis.T @ gradient

    found = minimize(
        straight,
        np.zeros(len(start)),
        jac=True,
        method="BFGS",
        options={"maxiter": 100, "gtol": 1e-3},
    )
    ended: Floats = np.clip(start + basis @ found.x, LOWEST, HIGHEST)
    return ended


def _hessian(objective: Objective, at: Floats, width: float = 1e-4) -> Floats:
    """By central differences of the analytic gradient."""
    rows = []
    for index in range(len(at)):
        move = np.zeros(len(at))
        move[index] = width
        rows.append((objective(at + move)[1] - objective(at - move)[1]) / (2 * width))
    square = np.array(rows)
    symmetric: Floats = (square + square.T) / 2
    return symmetric


def _judged(name: str, names: tuple[str, ...], objective: Objective, logs: Floats, counted: tuple[int, int]) -> Fit:
    """Newton steps to the very top, and whether it is one."""
    covariance: Floats | None = None
    message = ""
    value, gradient = objective(logs)
    for _ in range(8):
        curvature = _hessian(objective, logs)
        try:
            cholesky(curvature)
            covariance = np.linalg.inv(curvature).astype(float)
        except (np.linalg.LinAlgError, ValueError):
            covariance, message = None, "The likelihood is flat or not curved downwards where the search ended."
            break
        assert covariance is not None  # noqa: S101 - for the type checker
        move = covariance @ gradient
        gain = float(gradient @ move) / 2
        if gain < TOLERANCE:
            message = ""
            break
        message = f"A further step would still add {gain:.2g} to the log-likelihood."
        further = np.clip(logs - move, LOWEST, HIGHEST)
        better, slope = objective(further)
        if not better < value:
            break
        logs, value, gradient = further, better, slope
    names_at_edge = [each for each, log in zip(names, logs, strict=True) if not LOWEST + 0.5 < log < HIGHEST - 0.5]
    if names_at_edge:
        message = f"No maximum was found: {', '.join(names_at_edge)} ran out of bounds."
    if not np.isfinite(value):
        message = "The likelihood is not finite."
    converged = not message
    return Fit(
        name,
        names,
        np.exp(logs),
        -value,
        *counted,
        converged,
        message or "Converged.",
        covariance if converged else None,
    )
