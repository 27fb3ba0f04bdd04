"""Run the whole product with demo data in the foreground."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Give way to the supervisor, which needs no Django."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tied", action="store_true", help="stop when the program that started this one dies")

    def handle(self, *_args: Any, tied: bool, **_options: Any) -> None:
        os.execv(sys.executable, [sys.executable, "-m", "core.demo", *(["--tied"] if tied else [])])  # noqa: S606
