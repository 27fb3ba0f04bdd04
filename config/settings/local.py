"""What a development machine has without being told: embedded services and a secret key of its own."""

import os

from django.core.exceptions import ImproperlyConfigured

from config.settings.env import IS_DEVELOPMENT, IS_PRODUCTION
from core.embedded import EmbeddedServiceError, Home, addresses

# Nothing answers there: a command that needs no database can be run without one.
NOWHERE = {
    "DATABASE_URL": "postgres://bifocal@127.0.0.1:1/bifocal",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "CACHE_URL": "redis://127.0.0.1:1/1",
}


def service_url(name: str) -> str:
    """Return the address of a service: as given, else of the embedded one that runs."""
    given = os.environ.get(name)
    if given:
        return given
    if IS_PRODUCTION:
        raise ImproperlyConfigured(f"{name} must be set (or BIFOCAL_ENV=development for a development machine).")
    found = addresses() if IS_DEVELOPMENT else None
    return found.settings()[name] if found else NOWHERE[name]


def development_secret(name: str = "django") -> str:
    """Return a key that lasts as long as this checkout's state."""
    if not IS_DEVELOPMENT:
        return "a-key-for-tests-only-that-signs-nothing-of-value"
    home = Home()
    try:
        home.prepare()
        return home.secret(name)
    except EmbeddedServiceError as error:
        raise ImproperlyConfigured(str(error)) from error
