"""Models: steps in Python, for what SQL cannot say. They run in workers only, and are loaded only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

_ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Model:
    """One model.

    run: dotted name of a function called as `run(session, parameters)`, which puts the table of the model's name.
    code: files and folders, relative to the repository's root, whose text makes the version.
    reads, window, key, is_report: as in a definition.
    """

    name: str
    reads: tuple[str, ...]
    window: str
    key: tuple[str, ...]
    run: str
    code: tuple[str, ...]
    is_report: bool = False

    @property
    def text(self) -> str:
        """What its version is made of: the text of its code."""
        files = [file for path in self.code for file in _source_files(_ROOT / path)]
        return "\n".join(file.read_text(encoding="utf-8") for file in files)

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself; loads what it needs. Raises ImportError."""
        found: Callable[..., Any] = import_string(self.run)
        return found


def _source_files(path: Path) -> list[Path]:
    """A file, or all Python and SQL of a folder in order. Raises FileNotFoundError."""
    found = [path] if path.is_file() else sorted(file for kind in ("*.py", "*.sql") for file in path.rglob(kind))
    if not found:
        raise FileNotFoundError(path)
    return found
