"""Tables of the lake's manifest, of computations and of what they found."""

from analytics.models.contact_metrics import ContactMetrics, FirstOrderBand
from analytics.models.lake import LakeFact, LakeFile
from analytics.models.run import MetricResult, MetricRun

__all__ = ["ContactMetrics", "FirstOrderBand", "LakeFact", "LakeFile", "MetricResult", "MetricRun"]
