"""What a browser meets first."""

from django.test import Client
from django.urls import resolve


def test_the_bare_address_leads_to_the_documentation(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert resolve(answer["Location"]).route.endswith("docs")


def test_pages_do_not_make_browsers_ask_for_an_icon(client: Client) -> None:
    assert b'<link rel="icon" href="data:,">' in client.get("/accounts/login/").content
