"""PostgreSQL and Valkey for development, tests and the demo, with nothing to install."""

from core.embedded.errors import AlreadyRunning, EmbeddedServiceError
from core.embedded.home import Home
from core.embedded.services import Services, Urls, addresses, borrowed, running

__all__ = ["AlreadyRunning", "EmbeddedServiceError", "Home", "Services", "Urls", "addresses", "borrowed", "running"]
