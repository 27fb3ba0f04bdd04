"""Pages of a list that may have millions of rows."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.utils.functional import cached_property

# Nobody leafs further; filters and search lead on. Counting ends here, so it costs the same for any table.
MOST = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts and shows no more than the first `MOST` rows, and says so."""

    template_name = "core/admin/pagination.html"
    most = MOST

    @cached_property
    def count(self) -> int:
        """How many rows there are, or `MOST`."""
        rows = self.object_list
        if not hasattr(rows, "order_by"):
            return len(rows)
        return int(rows.order_by()[:MOST].count())
