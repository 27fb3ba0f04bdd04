"""Limits are published, hold per caller, and are no outage when the cache is one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
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


def test_after_the_window_it_begins_anew(clean_cache: None, settings: Settings) -> None:
    limiter = Limiter(settings.CACHES["default"]["LOCATION"], "test")
    quota = Quota(requests=1, seconds=60)
    assert not limiter.take("ann", quota).exceeded  # type: ignore[union-attr]
    assert limiter.take("ann", quota).exceeded  # type: ignore[union-attr]
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        client.delete("test:rate:ann")
    assert not limiter.take("ann", quota).exceeded  # type: ignore[union-attr]


def test_a_cut_line_is_taken_up_again(clean_cache: None, settings: Settings) -> None:
    url = settings.CACHES["default"]["LOCATION"]
    limiter, quota = Limiter(url, "test"), Quota(requests=10, seconds=60)
    limiter.take("ann", quota)
    with redis.Redis.from_url(url) as client:
        client.script_flush()
        client.client_kill_filter(_type="normal", skipme=True)
    usage = limiter.take("ann", quota)
    assert usage is not None
    assert usage.remaining == 8


def test_each_thread_has_its_line(clean_cache: None, settings: Settings) -> None:
    limiter, quota = Limiter(settings.CACHES["default"]["LOCATION"], "test"), Quota(requests=100, seconds=60)
    with ThreadPoolExecutor(8) as threads:
        usages = list(threads.map(lambda _: limiter.take("ann", quota), range(50)))
    assert sorted(usage.remaining for usage in usages if usage) == list(range(50, 100))
