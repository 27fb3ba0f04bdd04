"""The guard against over-targeting: pure mathematics on counts and sums, without Django and without SciPy."""

from analytics.guard.verdicts import Alternative, Demand, Finding, Sample, judge

__all__ = ["Alternative", "Demand", "Finding", "Sample", "judge"]
