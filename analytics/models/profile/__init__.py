"""What is computed about a contact, by theme: each an abstract base of `ContactMetrics`."""

from django.db import models

from analytics.models.profile.behaviour import Behaviour
from analytics.models.profile.purchases import FirstOrderBand, Purchases

THEMES: tuple[type[models.Model], ...] = (Purchases, Behaviour)

__all__ = ["THEMES", "Behaviour", "FirstOrderBand", "Purchases"]
