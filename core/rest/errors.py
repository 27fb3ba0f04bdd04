"""Django's own error pages, for requests that fail before or outside of a view: problem documents under /api."""

from __future__ import annotations

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults

from core.middleware import request_id
from core.problems import Internal, problem_of
from core.rest.responses import problem_response

_API = ("/api", "/graphql")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Wrong host, malformed request."""
    if _is_api(request):
        return problem_response(problem_of(BadRequest()), request_id())
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refused by a middleware."""
    if _is_api(request):
        return problem_response(problem_of(PermissionDenied()), request_id())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address."""
    if _is_api(request):
        return problem_response(problem_of(Http404()), request_id())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our own fault; Django has logged it."""
    if _is_api(request):
        return problem_response(problem_of(Internal()), request_id())
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(_API)
