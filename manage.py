#!/usr/bin/env python
"""Django's command line; a command that needs a database gets one."""

import os
import sys
from contextlib import ExitStack

from django.core.management import execute_from_command_line

from core.embedded import EmbeddedServiceError, Home, borrowed

# They need no database, or bring up the servers themselves.
WITHOUT_SERVICES = {"check", "collectstatic", "compilemessages", "demo", "diffsettings", "export_schemas", "help"}
WITHOUT_SERVICES |= {"makemessages", "create_max_migration_files", "rebase_migration", "version"}


def needs_services(arguments: list[str]) -> bool:
    """Say whether this command wants the embedded servers."""
    if os.environ["BIFOCAL_ENV"] != "development" or os.environ.get("DATABASE_URL"):
        return False
    if not arguments or arguments[0].startswith("-") or "--help" in arguments:
        return False
    return arguments[0] not in WITHOUT_SERVICES


def main() -> int:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("BIFOCAL_ENV", "development")
    with ExitStack() as stack:
        try:
            if needs_services(sys.argv[1:]):
                os.environ.update(stack.enter_context(borrowed(Home())).environment())
            execute_from_command_line(sys.argv)
        except EmbeddedServiceError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
