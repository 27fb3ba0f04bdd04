"""What a contact brings and what serving them costs. All amounts are in the base currency."""

from __future__ import annotations

from typing import Any

from django.db import models

# To 1/100 of a cent, as costs of events are kept: sums are exact.
EXACT: dict[str, Any] = {"max_digits": 18, "decimal_places": 4}


class ProfitFinding(models.TextChoices):
    EXPENSIVE = "expensive_to_maintain"
    QUIET = "quietly_profitable"


def _amount(help_text: str) -> models.DecimalField[Any, Any]:
    return models.DecimalField(**EXACT, null=True, help_text=help_text)


class Profitability(models.Model):
    """The customer's profit and loss, and what it says beside others'. Costs are positive."""

    cost_of_goods = _amount("What the goods kept by the customer cost, as far as known.")
    lines_without_cost = models.IntegerField(null=True, help_text="Order lines of which the cost is not known.")
    gross_margin = _amount("`monetary` less cost of goods; null where the cost of any is not known.")
    service_cost = _amount("Calls, messages and cases; null where none of them has a rate.")
    order_cost = _amount("Handling of orders; null where none has a rate.")
    return_cost = _amount("Handling of returns; null where none has a rate.")
    delivery_cost = _amount("Deliveries; null where none has a rate.")
    cost_to_serve = _amount("The four together; null where one of them is.")
    marketing_cost = _amount("What reached them after their first order; null where none of it has a rate.")
    campaign_share = _amount(
        "Their share of what campaigns that won them spent on others in vain; negative where that was spent on them."
    )
    acquisition_cost = _amount("What reached them up to their first order, with `campaign_share`.")
    profit = _amount("Gross margin less cost to serve, marketing and acquisition; null where one is not known.")
    cost_events = models.IntegerField(null=True, help_text="Events that cost something.")
    unrated_events = models.IntegerField(null=True, help_text="Those of them of which no cost is known.")
    profit_quintile = models.IntegerField(null=True, help_text="1 to 5; 5 is the fifth that is most profitable.")
    profit_finding = models.CharField(
        max_length=24,
        choices=ProfitFinding,
        null=True,
        help_text="Much revenue and little profit, or much profit without being among the greatest by revenue.",
    )

    class Meta:
        abstract = True
