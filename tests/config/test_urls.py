"""What a browser meets first."""

import pytest
from django.test import Client
from django.urls import resolve


@pytest.mark.parametrize("address", ["/", "/api/v1/"])
def test_bare_addresses_lead_to_the_documentation(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert resolve(answer["Location"]).route.endswith("docs")


def test_pages_do_not_make_browsers_ask_for_an_icon(client: Client) -> None:
    assert b'<link rel="icon" href="data:,">' in client.get("/accounts/login/").content
