"""Gauss' hypergeometric function where its first parameter is 1, with its derivatives, and nothing that overflows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.lifetime.histories import Floats

PRECISION = 1e-16
# With the most terms z may be as near to 1 as 1e-4 at full precision; nearer, it is lost gradually.
LEAST_TERMS, MOST_TERMS = 8, 2048


@dataclass(frozen=True)
class LogValue:
    """ln F and its derivatives by b, c and z; arrays of one shape."""

    value: Floats
    by_b: Floats
    by_c: Floats
    by_z: Floats


def log_gauss(b: Floats, c: Floats, z: Floats) -> LogValue:
    """ln 2F1(1, b; c; z) for c >= b > 0, c > 1 and z < 1, by Gauss' continued fraction.

    Source: Abramowitz & Stegun 15.3.3 turns the functions of the Pareto/NBD (Fader & Hardie 2005) into this one, which
    lies between 1 and 1/(1-z), so that neither it nor its terms leave the range of floats (the trouble of Fader &
    Hardie's note 027). The fraction is NIST's handbook 15.7.5 with a = 1. Each term multiplies the error by
    (1 - sqrt(1-z)) / (1 + sqrt(1-z)), whence the number of terms.
    """
    root = np.sqrt(1 - z)
    rate = np.abs((1 - root) / (1 + root))
    terms = np.log(PRECISION) / np.log(np.clip(rate, 1e-12, 1 - 1e-9)) + 4
    wanted = 2 ** np.ceil(np.log2(np.clip(terms, LEAST_TERMS, MOST_TERMS))).astype(int)
    found = [np.empty_like(z) for _ in range(4)]
    for count in np.unique(wanted):
        chosen = wanted == count
        part = _fraction(b[chosen], c[chosen], z[chosen], int(count))
        for target, values in zip(found, part, strict=True):
            target[chosen] = values
    return LogValue(*found)


def _fraction(b: Floats, c: Floats, z: Floats, terms: int) -> tuple[Floats, Floats, Floats, Floats]:
    """From the last term back to the first: f = 1 - d z / f, with the derivatives of f beside it."""
    root = np.sqrt(1 - z)
    f, f_b, f_c, f_z = (1 + root) / 2, np.zeros_like(z), np.zeros_like(z), -0.25 / root
    for index in range(terms, 0, -1):
        n = index // 2
        if index % 2:
            above, below = (b + n) * (c - 1 + n), (c + 2 * n - 1) * (c + 2 * n)
            above_b, above_c = c - 1 + n, b + n
            below_c = 2 * c + 4 * n - 1
        else:
            above, below = n * (c - b + n - 1), (c + 2 * n - 2) * (c + 2 * n - 1)
            above_b, above_c = np.full_like(b, -n), np.full_like(b, n)
            below_c = 2 * c + 4 * n - 3
        d = above / below
        step = z / f
        drop = d * step / f
        f_b, f_c, f_z = (
            drop * f_b - step * (above_b / below),
            drop * f_c - step * ((above_c - d * below_c) / below),
            drop * f_z - d / f,
        )
        f = 1 - d * step
    return -np.log(f), -f_b / f, -f_c / f, -f_z / f
