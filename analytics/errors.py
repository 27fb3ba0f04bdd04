"""Refusals of analytics."""

from __future__ import annotations

from core.errors import Conflict


class NotComputedYet(Conflict):
    """There is no such result yet; a recomputation makes one."""

    code = "not_computed_yet"
    title = "This has not been computed yet; ask for a recomputation."
