"""The authorization endpoint: allauth's, with PKCE for every client and the code flow alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.idp.oidc.internal.oauthlib.server import get_server
from allauth.idp.oidc.internal.oauthlib.utils import extract_params, respond_html_error
from allauth.idp.oidc.views import AuthorizationView, _ClientHttpResponseRedirect
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from oauthlib.oauth2.rfc6749 import errors


class PKCEAuthorizationView(AuthorizationView):  # type: ignore[misc] # allauth is untyped
    """Refuses a request without an S256 challenge, telling the client as RFC 7636, 4.4.1 asks."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The consent page, or the refusal."""
        fault = _fault(request)
        if fault is None:
            response: HttpResponse = super().get(request, *args, **kwargs)
            # The consent page is a template response; a plain page is allauth's error, which it calls a success.
            return response if isinstance(response, TemplateResponse) else _failed(response)
        try:
            _, known = get_server().validate_authorization_request(*extract_params(request))
        except errors.FatalClientError as error:
            return _failed(respond_html_error(request, error=error))
        except errors.OAuth2Error as error:
            return _back(error, error.redirect_uri)
        fault.state = known.get("state")
        return _back(fault, known["redirect_uri"])


def _fault(request: HttpRequest) -> errors.OAuth2Error | None:
    if request.GET.get("response_type", "code") != "code":
        return errors.UnsupportedResponseTypeError()
    if not request.GET.get("code_challenge"):
        return errors.InvalidRequestError(description="Code challenge required.")
    if request.GET.get("code_challenge_method") != "S256":
        return errors.InvalidRequestError(description="Code challenge method must be S256.")
    return None


def _failed(page: HttpResponse) -> HttpResponse:
    if page.status_code == HTTPStatus.OK:
        page.status_code = HTTPStatus.BAD_REQUEST
    return page


def _back(error: errors.OAuth2Error, address: str) -> HttpResponse:
    response: HttpResponse = _ClientHttpResponseRedirect(error.in_uri(address))
    return response


authorize = PKCEAuthorizationView.as_view()
