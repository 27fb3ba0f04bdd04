"""The admin in a real browser: the system's Chromium, against a server of the suite's own database.

Without a Chromium the tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
MISSING = "No Chromium on this machine: the browser tests were NOT run. Install the package `chromium`."
PATIENCE_MS = 20_000


def executable() -> str | None:
    """Where the browser is."""
    given = os.environ.get("CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Watched:
    """A page, and everything on it that went wrong or came from elsewhere. `allowed` are statuses that a test wants."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._requested)
        self.page.on("response", self._answered)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def _console(self, message: Any) -> None:
        # What a wanted refusal writes there is judged by its status.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its unfinished requests with it.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _requested(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme in {"http", "https"} and place.netloc != urlsplit(self.base).netloc:
            self.faults.append(f"from elsewhere: {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.faults.append(f"{response.status}: {response.url}")

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    path = executable()
    if path is None:
        pytest.skip(MISSING)
    # The browser's driver runs an event loop in this thread, where Django would refuse to be called.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser that knows nothing; parametrized by options of its window."""
    options = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"} | getattr(request, "param", {})
    found = chromium.new_context(**options)
    found.set_default_timeout(PATIENCE_MS)
    yield found
    found.close()


@pytest.fixture
def at_page(context: BrowserContext, live_server: Any) -> Iterator[Watched]:
    """A page on our server; whatever went wrong on it fails the test."""
    watched = Watched(context.new_page(), live_server.url)
    watched.watch()
    yield watched
    assert watched.faults == []


@pytest.fixture
def admin_page(at_page: Watched, context: BrowserContext) -> Watched:
    """The page of somebody who has signed in and may do everything."""
    from tests.browser.people import session_of

    context.add_cookies([session_of("administrator", at_page.base)])
    return at_page
