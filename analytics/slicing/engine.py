"""Adding up the parts of measures by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from analytics.slicing.axes import Axis
from analytics.slicing.catalogue import LINE_PARTS, Level, Measure
from analytics.slicing.store import Store
from analytics.slicing.sums import Ints, by_pair, counted, distinct, present, squares, sums
from analytics.slicing.windows import ROW_SUMS, Window

# What is counted once per customer, or per order, however many rows of it a cell has.
_PER_CUSTOMER = frozenset({"customers", "money_customers", "retained", "customers_before"})
_PROFILE = frozenset({"profit", "lifetime_value", "valued_customers"})
# By what a mean's spread is measured: whose sums are squared.
_SPREAD = {"average_order_value": "order", "average_revenue": "customer", "lifetime_value": "customer"}
MAX_CELLS = 1_000_000


class TooManyCells(ValueError):
    """The dimensions have more combinations of values than can be added up."""


@dataclass
class Cells:
    """By cell code the sum of each part, and by measure the sums of squares of what a mean is taken over."""

    count: int
    parts: dict[str, Ints] = field(default_factory=dict)
    squares: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Slicer:
    """What is added up: the axes, the window and the one before it, and which customers (None: all)."""

    store: Store
    axes: tuple[Axis, ...]
    window: Window
    before: Window | None
    mask: Ints | None

    @cached_property
    def level(self) -> Level:
        return max((axis.level for axis in self.axes), key=lambda level: level.value, default=Level.CUSTOMER)

    @property
    def overlapping(self) -> bool:
        """Whether a customer may be in several cells."""
        return self.level is not Level.CUSTOMER

    @cached_property
    def count(self) -> int:
        """How many cells there could be."""
        count = 1
        for axis in self.axes:
            count *= len(axis.values)
        if count > MAX_CELLS:
            raise TooManyCells(f"{count} cells")
        return count

    def decode(self, code: int) -> list[str | None]:
        """The values of a cell."""
        values: list[str | None] = []
        for axis in reversed(self.axes):
            code, place = divmod(code, len(axis.values))
            values.append(axis.values[place])
        return values[::-1]

    def encode(self, values: Iterable[str | None]) -> int | None:
        """The cell of these values; None where the store knows no such value."""
        code = 0
        for axis, value in zip(self.axes, values, strict=True):
            if value not in axis.values:
                return None
            code = code * len(axis.values) + axis.values.index(value)
        return code

    def of_customers(self) -> Ints:
        """The part of the cell's code that each customer's own axes make."""
        own = Level.CUSTOMER
        return self.combined(
            lambda axis: axis.customers(self.store) if axis.level is own else None, self.store.customers
        )

    def combined(self, codes: Callable[[Axis], Ints | None], size: int) -> Ints:
        """The codes of cells, from those of the axes, of so many."""
        found: Ints | None = None
        scale = 1
        for axis in reversed(self.axes):
            mine = codes(axis)
            if mine is not None:
                scaled = np.multiply(mine, scale, dtype=np.int64)
                found = scaled if found is None else found + scaled
            scale *= len(axis.values)
        return np.zeros(size, dtype=np.int64) if found is None else found

    @cached_property
    def rows(self) -> Rows:
        return Rows(self, self.window)

    @cached_property
    def rows_before(self) -> Rows:
        if self.before is None:
            raise ValueError("there is no period before")
        return Rows(self, self.before)

    def cells(self, measures: Iterable[Measure]) -> Cells:
        """The sums of the parts of the measures, by cell."""
        measures = tuple(measures)
        found = Cells(self.count)
        wanted = {"customers", *(part for measure in measures for part in measure.parts)}
        by_customers = self.of_customers() if not self.overlapping else None
        for part in sorted(wanted):
            if by_customers is None:
                if part in LINE_PARTS or part in _PROFILE:
                    found.parts[part] = self._of_rows(part)
            else:
                found.parts[part] = self._masked_sum(by_customers, self.part(part))
        for measure in measures:
            if measure.interval == "mean":
                found.squares[measure.name] = self._squares(measure, by_customers)
        self.release()
        return found

    def release(self) -> None:
        """Let go of the rows, which refer to this in turn: the collector would come for them much later."""
        for name in ("rows", "rows_before"):
            self.__dict__.pop(name, None)

    def part(self, name: str) -> Ints:
        """A part of every customer, whichever cell they are in."""
        if name in ("retained", "customers_before"):
            if self.before is None:
                return np.zeros(self.store.customers, dtype=bool)
            before = self.before.by_customer("customers")
            return before if name == "customers_before" else before & self.window.by_customer("customers")
        return self.window.by_customer(name)

    def _masked_sum(self, codes: Ints, values: Ints) -> Ints:
        if self.mask is not None:
            codes, values = codes[self.mask], values[self.mask]
        return sums(codes, values.view(np.uint8) if values.dtype == bool else values, self.count)

    def _squares(self, measure: Measure, by_customers: Ints | None) -> list[int]:
        if by_customers is not None and _SPREAD[measure.name] == "customer":
            values = self.part(measure.parts[0])
            mask = self.mask
            return squares(
                *((by_customers, values) if mask is None else (by_customers[mask], values[mask])), self.count
            )
        rows = self.rows
        if _SPREAD[measure.name] == "order":
            if self.level is Level.LINE:
                return squares(*by_pair(rows.cells, rows.orders, rows.of("revenue"), self.count, rows.span), self.count)
            return squares(rows.cells, rows.of("revenue"), self.count)
        if measure.profile:
            cells, who = rows.customers
            return squares(cells, self.part(measure.parts[0])[who], self.count)
        return squares(*by_pair(rows.cells, rows.who, rows.of("revenue"), self.count, self.store.customers), self.count)

    def _of_rows(self, part: str) -> Ints:
        rows, size = self.rows, self.store.customers
        match part:
            case "customers":
                return counted(rows.cells, rows.who, self.count, size)
            case "money_customers":
                money = rows.of("is_money") == 1
                return counted(rows.cells[money], rows.who[money], self.count, size)
            case "orders":
                return rows.distinct_orders(None)
            case "money_orders":
                return rows.distinct_orders(rows.of("is_money") == 1)
            case "other_orders":
                return rows.distinct_orders(rows.of("is_money") == 0)
            case "retained" | "customers_before":
                return self._returned(part)
        if part in _PROFILE:
            cells, who = rows.customers
            values = self.part(part)[who]
            return sums(cells, values.view(np.uint8) if values.dtype == bool else values, self.count)
        return sums(rows.cells, present(rows.of(ROW_SUMS[part])), self.count)

    def _returned(self, part: str) -> Ints:
        if self.before is None:
            return np.zeros(self.count, dtype=np.int64)
        cells, who = self.rows_before.customers
        if part == "customers_before":
            return np.bincount(cells, minlength=self.count)
        again_cells, again_who = self.rows.customers
        size = self.store.customers
        both = np.intersect1d(cells * size + who, again_cells * size + again_who, assume_unique=True)
        return np.bincount(both // size, minlength=self.count)


class Rows:
    """The orders, or lines, of a window, each with its customer and its cell."""

    def __init__(self, slicer: Slicer, window: Window) -> None:
        self.slicer, self.window, self.level = slicer, window, slicer.level
        who = window.of_rows("customer", self.level)
        cells = slicer.combined(lambda axis: self._codes(axis, who), len(who))
        self.kept = None if slicer.mask is None else slicer.mask[who]
        self.cells = cells if self.kept is None else cells[self.kept]
        self.who = who if self.kept is None else who[self.kept]

    def _codes(self, axis: Axis, who: Ints) -> Ints:
        store = self.slicer.store
        if axis.level is Level.CUSTOMER:
            return axis.customers(store)[who]
        if axis.level is Level.ORDER and self.level is Level.LINE:
            start, end = self.window.orders
            return axis.rows(store, start, end)[self._orders()]
        return axis.rows(store, *self.window.rows(axis.level))

    def _orders(self) -> Ints:
        """The place of each line's order among those of the window."""
        return np.subtract(self.window.of_rows("order", Level.LINE), self.window.orders[0], dtype=np.int64)

    @property
    def span(self) -> int:
        start, end = self.window.orders
        return end - start

    @cached_property
    def orders(self) -> Ints:
        found = self._orders()
        return found if self.kept is None else found[self.kept]

    def of(self, name: str) -> Ints:
        """A column of the rows."""
        if name == "is_money" and self.level is Level.LINE:
            start, end = self.window.orders
            values = self.slicer.store.column("order.is_money")[start:end][self._orders()]
        else:
            level = self.level if self.level is Level.LINE else Level.ORDER
            values = self.window.of_rows(name, level)
        return values if self.kept is None else values[self.kept]

    @cached_property
    def customers(self) -> tuple[Ints, Ints]:
        """The pairs of cell and customer that occur."""
        return distinct(self.cells, self.who, self.slicer.count, self.slicer.store.customers)

    def distinct_orders(self, which: Ints | None) -> Ints:
        """How many orders each cell has, of the rows that `which` picks."""
        cells = self.cells if which is None else self.cells[which]
        if self.level is not Level.LINE:
            return np.bincount(cells, minlength=self.slicer.count)
        return counted(cells, self.orders if which is None else self.orders[which], self.slicer.count, self.span)
