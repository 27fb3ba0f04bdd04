"""Every address of the product."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    # Sign-in pages and the OpenID Connect provider.
    path("", include("accounts.urls")),
]
