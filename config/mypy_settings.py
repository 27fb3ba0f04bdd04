"""The settings that mypy's Django plugin reads: those of a test run, so that it needs no environment."""

import os

os.environ.setdefault("BIFOCAL_ENV", "test")

from config import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})
