"""What is computed about a contact, by theme: each an abstract base of `ContactMetrics`."""

from django.db import models

from analytics.models.profile.behaviour import Behaviour
from analytics.models.profile.investment import Investment
from analytics.models.profile.lifetime import Lifetime
from analytics.models.profile.profitability import Profitability, ProfitFinding
from analytics.models.profile.purchases import FirstOrderBand, Purchases
from analytics.models.profile.standing import BehaviourStage, Standing

THEMES: tuple[type[models.Model], ...] = (Purchases, Behaviour, Standing, Lifetime, Profitability, Investment)

__all__ = [
    "THEMES",
    "Behaviour",
    "BehaviourStage",
    "FirstOrderBand",
    "Investment",
    "Lifetime",
    "ProfitFinding",
    "Profitability",
    "Purchases",
    "Standing",
]
