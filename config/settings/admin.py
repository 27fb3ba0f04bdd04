"""The admin's looks."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Bifocal",
    "SITE_HEADER": "Bifocal",
    "SITE_SYMBOL": "eyeglasses",
    # None, said so that browsers do not ask for one.
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}
