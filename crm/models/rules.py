"""Constraints and indexes that several models share, so that each is said the same way everywhere."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper


def check(model: str, name: str, condition: Q, message: str) -> models.CheckConstraint:
    """A rule of one table, with the sentence that a refused writer reads."""
    return models.CheckConstraint(condition=condition, name=f"crm_{model}_{name}", violation_error_message=message)


def _words(field: str) -> str:
    return field.replace("_", " ").capitalize()


def currency_code(model: str) -> models.CheckConstraint:
    """`currency` is three capital letters (ISO 4217)."""
    return check(
        model, "currency_code", Q(currency__regex=r"^[A-Z]{3}$"), "The currency must be a code of three letters."
    )


def at_least(model: str, field: str, least: int = 0) -> models.CheckConstraint:
    """A number that is never below `least`; null passes."""
    return check(model, f"{field}_least", Q(**{f"{field}__gte": least}), f"{_words(field)} must be at least {least}.")


def more_than_zero(model: str, field: str) -> models.CheckConstraint:
    return check(model, f"{field}_positive", Q(**{f"{field}__gt": 0}), f"{_words(field)} must be more than 0.")


def lower_case(model: str, field: str) -> models.CheckConstraint:
    """Text that is stored in lower case, so that its uniqueness is what people mean by it."""
    return check(model, f"{field}_lower", Q(**{field: Lower(field)}), f"{_words(field)} must be in lower case.")


def contact_or_company(model: str) -> models.CheckConstraint:
    """Whose it is: a contact's, a company's, or both's."""
    condition = Q(contact__isnull=False) | Q(company__isnull=False)
    return check(model, "has_customer", condition, "A contact or a company must be named.")


def exactly_one(model: str, *fields: str) -> models.CheckConstraint:
    """One of these foreign keys is set, and no other of them."""
    condition = Q()
    for chosen in fields:
        others = {f"{field}__isnull": field != chosen for field in fields}
        condition |= Q(**others)
    return check(model, "one_subject", condition, f"Exactly one must be named of: {', '.join(fields)}.")


def by(model: str, *fields: str) -> models.Index:
    """For filtering and sorting by `fields`, ties broken by id: the order of a keyset page."""
    short = "_".join(field.removesuffix("_id") for field in fields)
    return models.Index(fields=[*fields, "id"], name=f"crm_{model}_by_{short}"[:30])


def deleted(model: str) -> models.Index:
    """For the few that are deleted: nobody reads the whole table to find them."""
    condition = Q(deleted_at__isnull=False)
    return models.Index(fields=["id"], condition=condition, name=f"crm_{model}_deleted")


def contains(model: str, field: str) -> GinIndex:
    """For "contains": Django compares in upper case."""
    return GinIndex(OpClass(Upper(F(field)), name="gin_trgm_ops"), name=f"crm_{model}_{field}_trgm")


def members(model: str, field: str) -> GinIndex:
    """For "has": members of an array."""
    return GinIndex(fields=[field], name=f"crm_{model}_{field}_gin")


def values(model: str, field: str) -> GinIndex:
    """For equality of what is inside a JSON object."""
    return GinIndex(fields=[field], name=f"crm_{model}_{field}_gin", opclasses=["jsonb_path_ops"])
