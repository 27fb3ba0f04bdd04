"""The inputs of an operation as the fields of a form, and what was filled in as an API would have got it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from unfold import widgets

from core import registry
from core.actors import Actor
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Boolean, Choice, Date, DateTime, FieldType, Id, Integer, Json, Text, TextList, Upload
from core.templatetags.core_admin import words

LONG_TEXT = 300
Choices = list[tuple[str, str]]


class OperationForm(forms.Form):
    """Made for one operation by `form_for`; validation itself is the operation's, for every door alike."""

    def values(self, fields: tuple[Field, ...]) -> dict[str, Any]:
        """What was filled in, in wire form; what was left empty is not sent."""
        found = {}
        for item in fields:
            value = self.cleaned_data.get(item.name)
            if value not in (None, "", []):
                found[item.name] = _wire(item.type, value)
        return found

    def show(self, pointer: str, message: str) -> None:
        """A fault, at the field that it is about."""
        name = pointer.split("/")[1] if "/" in pointer else ""
        if name in self.fields:
            self.add_error(name, message)
        else:
            self.add_error(None, f"{words(name)}: {message}" if name else message)


def form_for(
    fields: tuple[Field, ...], choices: Mapping[str, Choices], initial: Mapping[str, Any], actor: Actor
) -> type[OperationForm]:
    """A form class. `choices` are for the inputs whose few possible values are known."""
    made = {item.name: _field(item, choices.get(item.name), initial.get(item.name), actor) for item in fields}
    return type("OperationForm", (OperationForm,), made)


def _field(item: Field, choices: Choices | None, initial: Any, actor: Actor) -> forms.Field:
    common: dict[str, Any] = {
        "label": words(item.name), "help_text": item.doc, "required": item.required, "initial": initial,
    }  # fmt: skip
    if choices is not None:
        return _select(choices, common)
    if item.reference is not None and (made := _reference(item.reference, common, actor)):
        return made
    for kind, make in _BY_TYPE:
        if isinstance(item.type, kind):
            return make(item.type, common)
    return forms.CharField(widget=widgets.UnfoldAdminTextInputWidget(), **common)


def _select(choices: Choices, common: dict[str, Any]) -> forms.Field:
    first: Choices = [] if common["required"] else [("", "---------")]
    return forms.ChoiceField(choices=[*first, *choices], widget=widgets.UnfoldAdminSelectWidget(), **common)


def _reference(entity: str, common: dict[str, Any], actor: Actor) -> forms.Field | None:
    """A search for the record, where there is one."""
    model = registry.entity(entity).model
    widget = search_for(model)
    if widget is None:
        return None
    return forms.ModelChoiceField(model._default_manager.visible_to(actor).alive(), widget=widget, **common)


def search_for(model: type[models.Model]) -> AutocompleteSelect | None:
    """A search for records of this kind, among those that whoever types may see; None where the admin has no page of
    the kind, or no foreign key leads to it.
    """
    key = _key_to(model)
    if model not in admin.site._registry or key is None:
        return None
    return AutocompleteSelect(key, admin.site, attrs={"data-theme": "admin-autocomplete"})


def _key_to(model: type[models.Model]) -> models.ForeignKey[Any, Any] | None:
    """The autocompletion of Django goes by a foreign key of a registered model."""
    for other in admin.site._registry:
        for column in other._meta.fields:
            if isinstance(column, models.ForeignKey) and column.related_model is model:
                return column
    return None


def _text(kind: Any, common: dict[str, Any]) -> forms.Field:
    long = kind.max_length >= LONG_TEXT
    widget = widgets.UnfoldAdminTextareaWidget() if long else widgets.UnfoldAdminTextInputWidget()
    return forms.CharField(max_length=kind.max_length, widget=widget, **common)


def _yes_no(kind: Any, common: dict[str, Any]) -> forms.Field:
    choices = [("", "---------"), ("true", "Yes"), ("false", "No")]
    return forms.ChoiceField(choices=choices, widget=widgets.UnfoldAdminSelectWidget(), **common)


def _structure(kind: Any, common: dict[str, Any]) -> forms.Field:
    common["help_text"] = f"{common['help_text']} As JSON.".strip()
    return _Structure(widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3}), **common)


class _Structure(forms.JSONField):
    """Empty, where there is nothing."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


def _moment(kind: Any, common: dict[str, Any]) -> forms.Field:
    widget = widgets.UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    return forms.DateTimeField(widget=widget, **common)


def _date(kind: Any, common: dict[str, Any]) -> forms.Field:
    return forms.DateField(widget=widgets.UnfoldAdminTextInputWidget(attrs={"type": "date"}), **common)


def _words(kind: Any, common: dict[str, Any]) -> forms.Field:
    common["help_text"] = f"{common['help_text']} Separated by commas.".strip()
    return forms.CharField(widget=widgets.UnfoldAdminTextInputWidget(), **common)


def _file(kind: Any, common: dict[str, Any]) -> forms.Field:
    return forms.FileField(widget=widgets.UnfoldAdminFileFieldWidget(), **common)


_BY_TYPE: tuple[tuple[Any, Callable[[Any, dict[str, Any]], forms.Field]], ...] = (
    (Choice, lambda kind, common: _select([(option, words(option)) for option in kind.options], common)),
    (Boolean, _yes_no),
    (DateTime, _moment),
    (Date, _date),
    (TextList, _words),
    (Upload, _file),
    ((Json, Shape, ListOf), _structure),
    (Text, _text),
)


def _wire(kind: FieldType, value: Any) -> Any:
    match kind:
        case Boolean():
            return value == "true"
        case DateTime() | Date():
            return value.isoformat()
        case TextList():
            return [word.strip() for word in value.split(",") if word.strip()]
        case Id():
            return str(getattr(value, "pk", value))
        case Integer():
            return int(value) if str(value).strip().lstrip("+-").isdigit() else value
        case Json() | Shape() | ListOf():
            return json.loads(value) if isinstance(value, str) else value
    return value
