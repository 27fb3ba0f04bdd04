"""The forms of the wizard: which file, how it is read, what its columns become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold import widgets

from core.actors import Actor
from core.imports import kinds, readers
from core.imports.detection import dates, numbers
from core.imports.mapping.targets import CUSTOM, Target
from core.models.imports import Import
from core.templatetags.core_admin import words

ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "latin-1", "iso8859-15", "cp437", "mac-roman")
SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
DECIMALS = {numbers.POINT: "1,234.56", numbers.COMMA: "1.234,56"}
DATES = {
    dates.YMD: "Year-month-day",
    dates.DMY: "Day/month/year",
    dates.MDY: "Month/day/year",
    dates.EXCEL: "Days of Excel",
}
MODES = {
    "upsert": "Create, and update those that are there",
    "create": "Only create",
    "update": "Only update",
    "skip_existing": "Create, and leave those alone that are there",
}
# What becomes of each option of a select that is not text.
_BOOLEANS = {"true": True, "false": False}
READ, WRITE = "read", "write"


class UploadForm(forms.Form):
    """Which file, and what its rows are."""

    entity = forms.ChoiceField(label="What are the rows?", widget=widgets.UnfoldAdminSelectWidget())
    file = forms.FileField(
        label="File",
        widget=widgets.UnfoldAdminFileFieldWidget(),
        help_text="CSV with any separator and encoding, or XLSX; also packed by gzip.",
    )

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = sorted(  # type: ignore[attr-defined]
            ((name, words(name)) for name in names), key=lambda item: item[1]
        )


class OptionsForm(forms.Form):
    """How the file is read and written. What is left at "as found" stays found out."""

    def __init__(self, record: Import, targets: Mapping[str, Target], *args: Any) -> None:
        self.record = record
        super().__init__(*args)
        settings, options = record.layout.get("settings", {}), record.options
        known = readers.by_format(record.format).settings
        found = {
            "encoding": _choices(dict.fromkeys(ENCODINGS), settings, "encoding"),
            "separator": _choices(SEPARATORS, settings, "separator"),
            "header": _choices({"true": "Names the columns", "false": "Is data already"}, settings, "header"),
        }
        labels = {"encoding": "Encoding", "separator": "Separator", "header": "First row"}
        for name, choices in found.items():
            if name in known:
                self._add(READ, name, forms.ChoiceField(label=labels[name], choices=choices))
        if "sheet" in known:
            self._add(READ, "sheet", forms.CharField(label="Sheet", max_length=100))
            self.initial.setdefault("sheet", options.get("sheet") or settings.get("sheet"))
        if "skip_rows" in known:
            field = forms.IntegerField(label="Rows above the header", min_value=0, max_value=1000)
            self._add(READ, "skip_rows", field)
            self.initial.setdefault("skip_rows", options.get("skip_rows", settings.get("skip_rows")))
        self._writing(targets)
        for name in ("encoding", "separator", "mode", "key", "empty", "time_zone", "phone_region"):
            self.initial.setdefault(name, options.get(name, ""))
        if "header" in options:
            self.initial["header"] = str(options["header"]).lower()

    def _writing(self, targets: Mapping[str, Target]) -> None:
        usual = [("", "As usual for what is mapped")]
        self._add(WRITE, "mode", forms.ChoiceField(label="What is done", choices=[*usual, *MODES.items()]))
        keys = [name for name, item in targets.items() if item.field is not None and item.relation is None]
        entity = kinds.of(self.record.entity)
        unique = [name for name in keys if name in getattr(getattr(entity, "entity", None), "keys", ())]
        if unique:
            choices = [("", "The first that is mapped"), *((name, words(name)) for name in unique)]
            self._add(WRITE, "key", forms.ChoiceField(label="Found again by", choices=choices))
        choices = [("", "Leaves the value that is there"), ("clear", "Clears it")]
        self._add(WRITE, "empty", forms.ChoiceField(label="An empty cell", choices=choices))
        self._add(WRITE, "time_zone", forms.CharField(label="Time zone of the file", max_length=64))
        self.fields["time_zone"].widget.attrs["placeholder"] = "UTC"
        self._add(WRITE, "phone_region", forms.CharField(label="Country of phone numbers", max_length=2))
        self.fields["phone_region"].widget.attrs["placeholder"] = "BE"
        relations = dict.fromkeys(item.relation for item in targets.values() if item.relation)
        if relations:
            made = self.record.options.get("create_missing")
            box = forms.MultipleChoiceField(
                label="Made where they are missing",
                choices=[(name, words(name)) for name in relations],
                widget=forms.CheckboxSelectMultiple,
            )
            self._add(WRITE, "create_missing", box)
            self.initial["create_missing"] = list(relations) if made is True else made or []

    def _add(self, part: str, name: str, field: forms.Field) -> None:
        field.required = False
        field.part = part  # type: ignore[attr-defined]
        if not isinstance(field.widget, forms.CheckboxSelectMultiple):
            field.widget.attrs["class"] = "bf-input"
        self.fields[name] = field

    def part(self, part: str) -> list[forms.BoundField]:
        """The fields about reading, or those about writing."""
        return [self[name] for name, field in self.fields.items() if field.part == part]  # type: ignore[attr-defined]

    @property
    def reading(self) -> list[forms.BoundField]:
        return self.part(READ)

    @property
    def writing(self) -> list[forms.BoundField]:
        return self.part(WRITE)

    def options(self, columns: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """The import's options as they are now said. Options that have no input here stay as they are."""
        found = {name: value for name, value in self.record.options.items() if name not in self.fields}
        settings = self.record.layout.get("settings", {})
        for name in self.fields:
            value = self.cleaned_data[name]
            value = _BOOLEANS.get(value, value) if name == "header" else value
            same = name in ("sheet", "skip_rows") and value == settings.get(name) and name not in self.record.options
            if value not in ("", None, []) and not same:
                found[name] = value
        found.pop("columns", None)
        return found | ({"columns": {name: dict(said) for name, said in columns.items()}} if columns else {})


def _choices(known: Mapping[str, str | None], settings: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    value = settings.get(name)
    value = str(value).lower() if isinstance(value, bool) else str(value or "")
    shown = known.get(value) or value
    return [("", f"As found: {shown}"), *((key, label or key) for key, label in known.items())]


class MappingForm:
    """A select for each column: what it becomes; and how its numbers and dates are read."""

    def __init__(self, record: Import, targets: Mapping[str, Target], sent: Mapping[str, Any] | None = None) -> None:
        self.record, self.targets, self.sent = record, targets, sent
        self.faults: dict[str, list[str]] = {}
        self.open = {(item["column"], item["option"]) for item in record.questions}

    def mapping(self) -> dict[str, Any]:
        """What was chosen, by column."""
        assert self.sent is not None  # noqa: S101 - asked of a form that was sent
        chosen = {item["name"]: self.sent.get(f"target-{n}") or None for n, item in enumerate(self.record.columns)}
        return {"columns": chosen, "constants": self.record.mapping.get("constants", {})}

    def columns(self) -> dict[str, dict[str, str]]:
        """How columns are read, where that was said."""
        assert self.sent is not None  # noqa: S101 - asked of a form that was sent
        known = {item["name"] for item in self.record.columns}
        found = {name: dict(said) for name, said in (self.record.options.get("columns") or {}).items() if name in known}
        for n, item in enumerate(self.record.columns):
            for option in ("decimal", "date_format"):
                value = self.sent.get(f"{option}-{n}")
                if value is None:
                    continue
                said = found.setdefault(item["name"], {})
                said.pop(option, None)
                if value:
                    said[option] = value
        return {name: said for name, said in found.items() if said}

    def rows(self) -> list[dict[str, Any]]:
        """What the template shows of each column."""
        mapped = self.mapping()["columns"] if self.sent is not None else self.record.mapping.get("columns", {})
        return [self._row(n, item, mapped.get(item["name"])) for n, item in enumerate(self.record.columns)]

    def _row(self, n: int, item: Mapping[str, Any], chosen: str | None) -> dict[str, Any]:
        suggestion = item.get("suggestion") or {}
        same = bool(chosen) and chosen == suggestion.get("target")
        return {
            "number": n,
            "name": item["name"],
            "shape": words(item["shape"]),
            "examples": [text for text in item["examples"] if text][:3],
            "chosen": chosen or "",
            "suggested": suggestion.get("target", ""),
            "confidence": round(100 * suggestion["confidence"]) if same else None,
            "reason": suggestion.get("reason", "") if same else "",
            "reading": list(self._reading(n, item)),
            "faults": self.faults.get(item["name"], []),
        }

    def _reading(self, n: int, item: Mapping[str, Any]) -> Any:
        said = (self.record.options.get("columns") or {}).get(item["name"], {})
        for option, shape, known in (("decimal", "number", DECIMALS), ("date_format", "date", DATES)):
            is_open = (item["name"], option) in self.open
            if not (is_open or option in said or item["shape"] == shape):
                continue
            yield {
                "name": f"{option}-{n}",
                "label": f"{words(option)} of {item['name']}",
                "first": "Choose …" if is_open else f"As found: {known.get(item[option], item[option])}",
                "choices": list(known.items()),
                "value": said.get(option, ""),
                "open": is_open,
            }

    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The targets: fields, custom fields, and the ways to related records."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, item in self.targets.items():
            group = "Custom fields" if name.startswith(f"{CUSTOM}.") else "Fields"
            if item.relation:
                group = f"{words(item.relation)}, found by"
            shown = words(item.key) if item.relation and item.key else words(item.label)
            found.setdefault(group, []).append((name, f"{shown} *" if item.required else shown))
        return list(found.items())


def targets_of(record: Import, actor: Actor) -> dict[str, Target]:
    """What columns can become."""
    return kinds.of(record.entity).targets(actor)
