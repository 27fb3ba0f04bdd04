"""`python -m core.demo`: run the product until Ctrl-C."""

import os
import sys
from collections.abc import Callable

from core.demo.console import Console
from core.demo.supervisor import Supervisor
from core.embedded import EmbeddedServiceError, Home
from core.embedded.home import full_disk_is_a_sentence


def never() -> bool:
    """Nobody has to be there for us."""
    return False


def parent_is_gone() -> Callable[[], bool]:
    """Return what notices that the program that started us has died."""
    parent = os.getppid()
    return lambda: os.getppid() != parent


def main() -> int:
    """Run; whatever stands in the way is one sentence."""
    console = Console()
    home = Home()
    try:
        with full_disk_is_a_sentence(home.path):
            Supervisor(home, console, is_abandoned=parent_is_gone() if "--tied" in sys.argv else never).run()
    except EmbeddedServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    console.line("demo", "everything is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
