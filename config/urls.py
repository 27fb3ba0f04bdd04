"""Every address of the product."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config.schema import engines
from core.graphql.view import GraphQLView
from core.rest import routes as rest

urlpatterns: list[URLPattern | URLResolver] = [
    # There is no site to show; whoever comes by the bare address wants to know what is here.
    path("", RedirectView.as_view(url="/api/v1/docs")),
    path("api/v1/", RedirectView.as_view(url="/api/v1/docs")),
    path("admin/", include("core.admin.urls")),
    path("admin/", admin.site.urls),
    *rest.urlpatterns(),
    path("graphql", GraphQLView.as_view(engines=engines), name="graphql"),
    # Sign-in pages and the OpenID Connect provider.
    path("", include("accounts.urls")),
]

# Problem documents under /api and /graphql, pages elsewhere.
handler400 = "core.rest.errors.bad_request"
handler403 = "core.rest.errors.permission_denied"
handler404 = "core.rest.errors.page_not_found"
handler500 = "core.rest.errors.server_error"
