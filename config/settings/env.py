"""What the environment says, read once."""

import os
from enum import StrEnum
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]


class Mode(StrEnum):
    """How careful this process has to be."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


env = environ.Env()

# Whoever forgets to say it gets the careful one; manage.py says development.
try:
    MODE = Mode(os.environ.get("BIFOCAL_ENV", Mode.PRODUCTION))
except ValueError:
    raise ImproperlyConfigured("BIFOCAL_ENV must be development, test or production.") from None

IS_PRODUCTION = MODE is Mode.PRODUCTION
IS_DEVELOPMENT = MODE is Mode.DEVELOPMENT
IS_TEST = MODE is Mode.TEST

# The web process alone bounds its statements and may have a pool of connections: Celery closes one at every task.
IS_WEB_PROCESS = os.environ.get("BIFOCAL_PROCESS") == "web"


def required_in_production(name: str, otherwise: str) -> str:
    """Return a variable that production must set."""
    value = os.environ.get(name, "")
    if value:
        return value
    if IS_PRODUCTION:
        raise ImproperlyConfigured(f"{name} must be set (or BIFOCAL_ENV=development for a development machine).")
    return otherwise
