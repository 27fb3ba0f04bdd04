"""Limits are published, hold per caller, and are no outage when the cache is one."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from core import rate_limits
from core.rate_limits import Limiter, Quota
from tests.core.rest.conftest import Api, problem
from tests.support.actors import clerk


@pytest.fixture(autouse=True)
def three_in_a_minute(settings: Settings) -> None:
    settings.BIFOCAL_RATE_LIMIT = 3
    settings.BIFOCAL_RATE_LIMIT_SECONDS = 60


def test_the_limit_is_published_and_holds(api: Api, caller: Any) -> None:
    left = [api.get("contacts").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = api.get("contacts")
    document = problem(refused, 429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert document["data"] == {"retry_after": int(refused.headers["Retry-After"])}
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert caller(clerk("contact")).get("contacts").status_code == 200


def test_refusals_count(api: Api) -> None:
    for _ in range(3):
        problem(api.get("nope-is-free"), 404, "not_found")
        problem(api.get("contacts?nope=1"), 400, "unknown_parameter")
    problem(api.get("contacts"), 429, "too_many_requests")


def test_strangers_count_by_address(nobody: Api) -> None:
    for _ in range(3):
        problem(nobody.get("contacts"), 401, "not_authenticated")
    problem(nobody.get("contacts"), 429, "too_many_requests")


def test_no_limit(api: Api, settings: Settings) -> None:
    settings.BIFOCAL_RATE_LIMIT = 0
    assert all("RateLimit-Limit" not in api.get("contacts").headers for _ in range(5))


def test_an_outage_of_the_cache_lets_requests_pass(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Limiter("redis://127.0.0.1:1/0", "test")
    monkeypatch.setattr(rate_limits, "limiter", lambda: away)
    assert [api.get("contacts").status_code for _ in range(5)] == [200] * 5


def test_the_window_ends(clean_cache: None, settings: Settings) -> None:
    limiter = Limiter(settings.CACHES["default"]["LOCATION"], "test")
    quota = Quota(requests=1, seconds=60)
    assert not limiter.take("ann", quota).exceeded  # type: ignore[union-attr]
    assert limiter.take("ann", quota).exceeded  # type: ignore[union-attr]
    limiter._client.pexpire("test:rate:ann", 1)
    while limiter._client.exists("test:rate:ann"):
        pass
    assert not limiter.take("ann", quota).exceeded  # type: ignore[union-attr]
