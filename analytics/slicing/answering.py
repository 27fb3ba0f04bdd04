"""Answering a request over a store: cells and totals, and the customers that a cell is made of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from analytics.slicing import axes as axes_of
from analytics.slicing.answers import as_json, value_of, written
from analytics.slicing.axes import Axis
from analytics.slicing.catalogue import LINE_PARTS, Kind, Level, Measure
from analytics.slicing.engine import Cells, Slicer, TooManyCells
from analytics.slicing.request import Request
from analytics.slicing.store import Store, microseconds, opened
from analytics.slicing.sums import Ints, distinct, present, sums
from analytics.slicing.windows import ROW_SUMS, Window
from core.errors import FieldError, Invalid

__all__ = ["Store", "TooManyCells", "members", "opened", "slices"]

_KINDS = {
    "revenue": Kind.MONEY, "margin": Kind.MONEY, "returned": Kind.MONEY, "discount": Kind.MONEY, "cost": Kind.MONEY,
    "list_price": Kind.MONEY, "profit": Kind.MONEY, "lifetime_value": Kind.MONEY, "units": Kind.UNITS,
}  # fmt: skip


def slicer(store: Store, request: Request, mask: Ints | None, back: int = 0) -> Slicer | None:
    """What adds up the request's period, or the one so many before it. Raises Invalid for unknown dimensions."""
    found: list[Axis] = []
    errors: list[FieldError] = []
    for index, name in enumerate(request.dimensions):
        axis = axes_of.axis(store, name, request.threshold)
        if axis is None:
            offered = ", ".join(axes_of.offered(store))
            errors.append(FieldError(f"/dimensions/{index}", "unknown_dimension", f"Must be one of: {offered}."))
        else:
            found.append(axis)
    if errors:
        raise Invalid(errors)
    window, before = _window(store, request, back), _window(store, request, back + 1)
    return None if window is None else Slicer(store, tuple(found), window, before, mask)


def _window(store: Store, request: Request, back: int) -> Window | None:
    bounds = request.period.bounds(back)
    if bounds is None:
        return None
    start, end = bounds
    return Window(store, None if start is None else microseconds(start), microseconds(end))


def slices(store: Store, request: Request, mask: Ints | None) -> dict[str, Any]:
    """The cells and the totals. Raises Invalid."""
    measures = [item for item in request.measures if _has(store, item)]
    current = _needed(slicer(store, request, mask))
    cells = _added(current, measures)
    before = slicer(store, request, mask, 1) if request.compare else None
    cells_before = None if before is None else _added(before, measures)
    codes = _codes(cells, cells_before)
    rows = [_cell(store, request, current, cells, cells_before, int(code)) for code in codes]
    rows = _ordered(request, rows)
    return {
        "cells": [_public(row) for row in rows[: request.limit]],
        "cell_count": len(rows),
        "overlapping": current.overlapping,
        "totals": _total(store, request, current, before, measures, (cells, cells_before)),
        "customers": int(_whole(current, measures, cells).parts["customers"].sum()),
    }


def _has(store: Store, measure: Measure) -> bool:
    return not measure.profile or store.has(f"number.{measure.profile}")


def _needed(found: Slicer | None) -> Slicer:
    if found is None:
        raise ValueError("the period has no bounds")
    return found


def _added(found: Slicer, measures: Iterable[Measure]) -> Cells:
    try:
        return found.cells(measures)
    except TooManyCells:
        raise Invalid.one("/dimensions", "too_many_cells", "Have too many combinations of values.") from None


def _codes(cells: Cells, before: Cells | None) -> Ints:
    """The cells in which there is anything, now or before."""
    there = np.zeros(cells.count, dtype=bool)
    for each in (cells, before):
        for sums_of in () if each is None else each.parts.values():
            there |= sums_of != 0
    return np.flatnonzero(there)


def _values(
    store: Store, request: Request, cells: Cells, before: Cells | None, code: int, *, hidden: bool = False
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for measure in request.measures:
        reason = "too_few_customers" if hidden else _unavailable(store, request, measure)
        if reason is not None:
            found.append({"measure": measure.name, "value": None, "n": None, "reason": reason})
            continue
        earlier = None if before is None else value_of(measure, before, code)
        found.append(as_json(measure, value_of(measure, cells, code), earlier, compare=request.compare))
    return found


def _unavailable(store: Store, request: Request, measure: Measure) -> str | None:
    if not _has(store, measure):
        return "not_computed"
    return "needs_period" if measure.needs_period and request.period.bounds(1) is None else None


def _cell(
    store: Store, request: Request, current: Slicer, cells: Cells, before: Cells | None, code: int
) -> dict[str, Any]:
    customers = int(cells.parts["customers"][code])
    hidden = customers < request.minimum
    values = current.decode(code)
    return {
        "_order": [(value is None, axis.values.index(value)) for axis, value in zip(current.axes, values, strict=True)],
        "dimensions": [
            {"dimension": axis.name, "value": value, "label": store.labels(axis.column).get(value or "")}
            for axis, value in zip(current.axes, values, strict=True)
        ],
        "customers": None if hidden else customers,
        "suppressed": hidden,
        "measures": _values(store, request, cells, before, code, hidden=hidden),
    }


def _ordered(request: Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the dimensions' values, none last; or by what was asked for, ties by the dimensions, cells without it last."""
    rows = sorted(rows, key=lambda row: row["_order"])
    name = (request.order_by or "").removeprefix("-")
    descending = (request.order_by or "").startswith("-")
    if name in request.dimensions:
        place = request.dimensions.index(name)
        known = [row for row in rows if not row["_order"][place][0]]
        return [
            *sorted(known, key=lambda row: row["_order"][place], reverse=descending),
            *(row for row in rows if row["_order"][place][0]),
        ]
    if name:
        place = [item.name for item in request.measures].index(name)
        known = [row for row in rows if row["measures"][place]["value"] is not None]
        return [
            *sorted(known, key=lambda row: float(row["measures"][place]["value"]), reverse=descending),
            *(row for row in rows if row["measures"][place]["value"] is None),
        ]
    return rows


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _whole(found: Slicer, measures: Iterable[Measure], cells: Cells) -> Cells:
    """All cells as one: added up, or anew where a customer may be in several."""
    if found.overlapping or found.count == 1:
        return cells if found.count == 1 and not found.overlapping else _alone(found).cells(measures)
    summed = Cells(1, {part: np.array([values.sum()]) for part, values in cells.parts.items()})
    summed.squares = {name: [sum(values)] for name, values in cells.squares.items()}
    return summed


def _alone(found: Slicer) -> Slicer:
    return Slicer(found.store, (), found.window, found.before, found.mask)


def _total(
    store: Store, request: Request, current: Slicer, before: Slicer | None, measures: list[Measure],
    cells: tuple[Cells, Cells | None],
) -> list[dict[str, Any]]:  # fmt: skip
    whole = _whole(current, measures, cells[0])
    earlier = None if before is None or cells[1] is None else _whole(before, measures, cells[1])
    return _values(store, request, whole, earlier, 0)


def members(
    store: Store, request: Request, mask: Ints | None, *, values: Sequence[str | None], limit: int, after: bytes | None
) -> dict[str, Any]:
    """The customers of a cell in the order of their ids, with what each brings to the sums of the measures."""
    current = _needed(slicer(store, request, mask))
    code = current.encode(values)
    parts = sorted({
        part for item in request.measures if _has(store, item) for part in item.parts
        if not current.overlapping or part in LINE_PARTS or item.profile
    } | {"customers"})  # fmt: skip
    shares = dict.fromkeys(parts, np.zeros(store.customers, dtype=np.int64)) if code is None else _shares(
        current, code, parts
    )  # fmt: skip
    there = np.zeros(store.customers, dtype=bool)
    for each in shares.values():
        there |= np.asarray(each) != 0
    found = np.flatnonzero(there)
    start = 0
    if after is not None and len(found):
        start = int(np.searchsorted(store.ids[found], np.array(after, dtype="S16"), side="right"))
    page = found[start : start + limit]
    return {
        "items": [
            {"contact_id": _id(store, int(n)), "contributions": _written(shares, parts, int(n))} for n in page
        ],
        "count": len(found),
        "totals": [
            {"part": part, "value": _text(int(np.asarray(shares[part]).sum()), part)} for part in parts
        ],
        "more": start + limit < len(found),
    }  # fmt: skip


def _shares(found: Slicer, code: int, parts: list[str]) -> dict[str, Ints]:
    """Each part of every customer in the cell."""
    if not found.overlapping:
        inside = found.of_customers() == code
        if found.mask is not None:
            inside &= found.mask
        return {part: np.where(inside, found.part(part), 0) for part in parts}
    rows, size = found.rows, found.store.customers
    here = rows.cells == code
    who = rows.who[here]
    bought = np.bincount(who, minlength=size) > 0
    shares: dict[str, Ints] = {}
    for part in parts:
        if part == "customers":
            shares[part] = bought
        elif part == "money_customers":
            shares[part] = np.bincount(who[rows.of("is_money")[here] == 1], minlength=size) > 0
        elif part in ("orders", "money_orders", "other_orders"):
            shares[part] = _orders_of(found, here, part)
        elif part in ("retained", "customers_before"):
            shares[part] = _returned(found, code, bought, part)
        elif part in ROW_SUMS:
            shares[part] = sums(who, present(rows.of(ROW_SUMS[part])[here]), size)
        else:
            shares[part] = np.where(bought, found.part(part), 0)
    found.release()
    return shares


def _orders_of(found: Slicer, here: Ints, part: str) -> Ints:
    rows = found.rows
    if part != "orders":
        here = here & (rows.of("is_money") == (1 if part == "money_orders" else 0))
    who = rows.who[here]
    if found.level is Level.LINE:
        who, _ = distinct(who, rows.orders[here], found.store.customers, rows.span)
    return np.bincount(who, minlength=found.store.customers)


def _returned(found: Slicer, code: int, bought: Ints, part: str) -> Ints:
    if found.before is None:
        return np.zeros(found.store.customers, dtype=bool)
    cells, who = found.rows_before.customers
    before = np.bincount(who[cells == code], minlength=found.store.customers) > 0
    return before if part == "customers_before" else before & bought


def _written(shares: dict[str, Ints], parts: list[str], n: int) -> list[dict[str, Any]]:
    return [{"part": part, "value": _text(int(shares[part][n]), part)} for part in parts]


def _text(value: int, part: str) -> str:
    return format(written(value, _KINDS.get(part, Kind.COUNT)), "f")


def _id(store: Store, n: int) -> str:
    # As raw bytes: a text of bytes loses zeros at its end.
    return str(uuid.UUID(bytes=store.ids[n : n + 1].tobytes()))
