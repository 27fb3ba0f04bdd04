"""Widgets of forms that the theme has not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from unfold.widgets import UnfoldAdminTextInputWidget


class SuggestedText(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold is untyped
    """A text of which the possible values are suggested while it is typed: a list of hundreds is no select box."""

    template_name = "core/admin/suggested_text.html"

    def __init__(self, words: Iterable[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.words = tuple(words)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """With the suggestions."""
        return {**super().get_context(name, value, attrs), "suggestions": self.words}
