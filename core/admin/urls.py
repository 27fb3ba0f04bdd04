"""Pages of the admin that belong to no model; they stand before the admin's own."""

from __future__ import annotations

from core.admin import home, search

urlpatterns = [*home.urls(), *search.urls()]
