"""`python -m core.embedded clean`: forget the data of this checkout's servers, wherever they are kept."""

import sys
from contextlib import ExitStack
from pathlib import Path

from core.embedded.errors import EmbeddedServiceError
from core.embedded.home import FALLBACKS, Home, default_home, full_disk_is_a_sentence, read_json, remove_tree


def clean(path: Path) -> None:
    """Remove a home and those of test runs below it; refuses while one of them is in use."""
    homes = [Home(path), *(Home(folder) for folder in path.glob("test-*"))]
    with ExitStack() as stack:
        for home in homes:
            stack.enter_context(home.held())
        for home in homes:
            elsewhere = Path(read_json(home.path / "data_at.json").get("path", ""))
            if elsewhere.parent == FALLBACKS and elsewhere.exists():
                remove_tree(elsewhere)
    remove_tree(path)


def main() -> int:
    """Run; whatever stands in the way is one sentence."""
    if sys.argv[1:] != ["clean"]:
        sys.stderr.write("usage: python -m core.embedded clean\n")
        return 2
    home = default_home()
    try:
        with full_disk_is_a_sentence(home):
            if home.exists():
                clean(home)
    except EmbeddedServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
