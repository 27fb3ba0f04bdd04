"""The admin's looks."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Bifocal",
    "SITE_HEADER": "Bifocal",
    "SITE_SYMBOL": "eyeglasses",
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}
