"""The address of links to files, as GraphQL gives them."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from core import downloads
from core.rest import responses
from core.rest.base import ApiView


class DownloadView(ApiView):
    """A file by its link. Open to anybody, by intention: who holds the link was given it."""

    is_public = True
    schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file is what it is."""

    def get(self, request: Request, token: str) -> HttpResponseBase:
        """The file."""
        self.parameters()
        return responses.attachment(downloads.fetch(token, at=self.at))
