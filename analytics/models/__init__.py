"""Tables of the lake's manifest, of computations and of what they found, and of what costs are computed from."""

from analytics.models.computed import Computed, StoredElsewise, StoredTable
from analytics.models.contact_metrics import ContactMetrics
from analytics.models.cost_model import CostActivity, CostDriver, CostRate, StatementLine
from analytics.models.fitted import FittedModel
from analytics.models.lake import LakeFact, LakeFile
from analytics.models.profile import FirstOrderBand
from analytics.models.recommendation import Recommendation, RecommendationKind
from analytics.models.run import MetricResult, MetricRun
from analytics.models.segment import (
    Segment,
    SegmentChange,
    SegmentKind,
    SegmentMark,
    SegmentMembership,
    SegmentStatus,
)
from analytics.models.tier import TierBasis, TierChange, TierMeasure, TierRule

__all__ = [
    "Computed",
    "ContactMetrics",
    "CostActivity",
    "CostDriver",
    "CostRate",
    "FirstOrderBand",
    "FittedModel",
    "LakeFact",
    "LakeFile",
    "MetricResult",
    "MetricRun",
    "Recommendation",
    "RecommendationKind",
    "Segment",
    "SegmentChange",
    "SegmentKind",
    "SegmentMark",
    "SegmentMembership",
    "SegmentStatus",
    "StatementLine",
    "StoredElsewise",
    "StoredTable",
    "TierBasis",
    "TierChange",
    "TierMeasure",
    "TierRule",
]
