"""Custom fields on forms and lists: an input for each type, and filters by what few values can be chosen of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.admin import SimpleListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold import widgets

from core import registry
from core.actors import Actor
from core.admin.inputs import search_for
from core.registry import types
from core.registry.custom import CustomDefinition, Definitions
from core.registry.entities import Entity

PREFIX = "custom__"


def key_of(name: str) -> str | None:
    """The key of the custom field that an input of this name is for."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def inputs_of(definitions: Definitions, actor: Actor) -> dict[str, forms.Field]:
    """An input for each custom field, by name, in their order. Rules are left to the service, as for all others."""
    inputs: dict[str, forms.Field] = {}
    for key, item in definitions.items():
        field = _input(item, actor)
        field.label, field.required = item.label, False
        field.help_text = item.doc.removeprefix(f"{item.label}. ").removeprefix(f"{item.label}.")
        inputs[f"{PREFIX}{key}"] = field
    return inputs


def initial_of(definitions: Definitions, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the inputs show of a record's values, or of the defaults."""
    return {f"{PREFIX}{key}": _initial(item, values.get(key)) for key, item in definitions.items()}


def wire(value: Any) -> Any:
    """What an API would get for what was entered; None where it was emptied."""
    match value:
        case Model():
            return str(value.pk)
        case date():
            return value.isoformat()
        case "" | []:
            return None
        case _:
            return value


class MoneyWidget(forms.MultiWidget):
    """An amount and a currency, side by side."""

    def __init__(self) -> None:
        amount = widgets.UnfoldAdminTextInputWidget(attrs={"placeholder": "0.00", "inputmode": "decimal"})
        currency = widgets.UnfoldAdminTextInputWidget(attrs={"placeholder": "EUR", "maxlength": 3, "size": 4})
        super().__init__([amount, currency])

    def decompress(self, value: Any) -> list[Any]:
        """The two parts."""
        return [value.get("amount"), value.get("currency")] if isinstance(value, dict) else [None, None]


class MoneyField(forms.MultiValueField):
    """Money as the APIs have it."""

    widget = MoneyWidget

    def __init__(self, currency: str | None) -> None:
        self._currency = currency
        parts = (forms.CharField(required=False), forms.CharField(required=False))
        super().__init__(parts, require_all_fields=False)

    def compress(self, data_list: Any) -> Any:
        """None where no amount was entered."""
        amount, currency = (*(data_list or ()), "", "")[:2]
        return {"amount": amount, "currency": currency or self._currency or ""} if amount else None


class ReferenceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A record that the actor may see. What they may not is not shown, and stays unless another is chosen."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Empty is no change where the input was empty for whoever filled it in."""
        if not data and initial and not self.queryset.filter(pk=initial).exists():  # type: ignore[union-attr]
            return False
        return super().has_changed(initial, data)


def _input(item: CustomDefinition, actor: Actor) -> forms.Field:
    match item.type:
        case types.Money(currency=currency):
            return MoneyField(currency)
        case types.ExactNumber():
            return forms.DecimalField(widget=widgets.UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}))
        case types.Date():
            return forms.DateField(widget=widgets.UnfoldAdminSingleDateWidget())
        case types.Boolean():
            return forms.NullBooleanField(widget=widgets.UnfoldAdminNullBooleanSelectWidget())
        case types.Choice(options=options):
            choices = [("", "---------"), *((word, word) for word in options)]
            return forms.ChoiceField(choices=choices, widget=widgets.UnfoldAdminSelectWidget())
        case types.MultiChoice(options=options):
            words = [(word, word) for word in options]
            return forms.MultipleChoiceField(choices=words, widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget())
        case types.Id():
            model = registry.entity(str(item.target)).model
            attrs = {"placeholder": f"id of a {str(item.target).replace('_', ' ')}"}
            widget = search_for(model) or widgets.UnfoldAdminTextInputWidget(attrs=attrs)
            return ReferenceField(model._default_manager.visible_to(actor).alive(), widget=widget)
        case kind:
            is_url = isinstance(kind, types.Url)
            text: Any = widgets.UnfoldAdminURLInputWidget if is_url else widgets.UnfoldAdminTextInputWidget
            return forms.CharField(widget=text())


def _initial(item: CustomDefinition, value: Any) -> Any:
    return item.default if value is None and item.default is not None else value


def filters_of(entity: Entity) -> Iterator[type[SimpleListFilter]]:
    """Filters by choices and flags, which the index of the whole column serves."""
    for key, item in entity.definitions().items():
        match item.type:
            case types.Boolean():
                yield _filter(entity, key, item, {"true": ("Yes", True), "false": ("No", False)})
            case types.Choice(options=options):
                yield _filter(entity, key, item, {word: (word, word) for word in options})
            case types.MultiChoice(options=options):
                yield _filter(entity, key, item, {word: (word, [word]) for word in options})


def _filter(
    entity: Entity, key: str, item: CustomDefinition, options: Mapping[str, tuple[str, Any]]
) -> type[SimpleListFilter]:
    class CustomFilter(SimpleListFilter):
        """By the value of one custom field."""

        title = item.label
        parameter_name = f"{PREFIX}{key}"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            """The values."""
            return [(word, shown) for word, (shown, _) in options.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            """The records that hold it."""
            chosen = options.get(self.value() or "")
            return (
                queryset
                if chosen is None
                else queryset.filter(**{f"{entity.custom_column}__contains": {key: chosen[1]}})
            )

    return CustomFilter
