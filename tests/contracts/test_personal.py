"""Every kind of record that leads to a person says what of it is about them: the export and the erasure follow it."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from core.models.record import Record
from core.personal.kinds import emptied, hidden_columns
from crm.models import Contact

# Models that lead to contacts and are no records, or say nothing of anybody; each with the reason.
EXEMPT: dict[str, str] = {
    "crm.MergeMove": "ids of rows and names of columns, nothing of what they say",
    "crm.TieRows": "ids of rows, nothing of what they say",
}


def _leads_to_people() -> set[type[models.Model]]:
    """The models with a foreign key to contacts, or to a model that has one."""
    found: set[type[models.Model]] = {Contact}
    while True:
        more = {model for model in apps.get_models() if model not in found and found & set(_targets(model))}
        if not more:
            return found
        found |= more


def _targets(model: type[models.Model]) -> list[Any]:
    keys = (item for item in model._meta.get_fields() if isinstance(item, models.ForeignKey))
    return [key.related_model for key in keys]


LEADING = sorted(_leads_to_people(), key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", LEADING, ids=lambda model: model._meta.label)
def test_what_leads_to_people_says_what_is_about_them(model: Any) -> None:
    if model._meta.label in EXEMPT:
        return
    assert issubclass(model, Record), f"say in EXEMPT why {model._meta.label} is no record and yet leads to people"
    assert model.personal is not None, f"{model._meta.label} needs `personal` (core/models/record.py), or an exemption"
    assert model.personal.people


@pytest.mark.parametrize(
    "model",
    [model for model in apps.get_models() if issubclass(model, Record) and model.personal],
    ids=lambda model: model._meta.label,
)
def test_what_is_said_can_be_followed(model: Any) -> None:
    for path in model.personal.people:
        end = model._default_manager.filter(**{f"{path}__in": []}).query
        assert end is not None
    emptied(model, model.personal)
    assert set(hidden_columns(model, model.personal)) <= {item.column for item in model._meta.concrete_fields}


def test_exemptions_are_of_models_that_lead_to_people() -> None:
    assert set(EXEMPT) <= {model._meta.label for model in LEADING}
