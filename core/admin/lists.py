"""The list of a kind of record."""

from __future__ import annotations

from typing import Any

from unfold.views import ChangeList


class RecordList(ChangeList):  # type: ignore[misc]  # unfold is untyped
    """Sorted by no column that its admin does not offer for it, whatever an address asks for."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """The column to sort by, or None."""
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None
