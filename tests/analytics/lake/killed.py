"""A sync in a process of its own that the system kills at a stage: `python killed.py take`."""

from __future__ import annotations

import os
import signal
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()


def main(stage: str) -> None:
    """Sync, and die where the stage begins its second half: after its work, before anybody knows of it."""
    from analytics.lake import copying, deltas, files, marks, syncing
    from core.clock import now

    module = next(each for each in (marks, copying, deltas, files, syncing) if stage in vars(each))
    real = getattr(module, stage)

    def deadly(*arguments: object, **options: object) -> None:
        real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, stage, deadly)
    marks.SHARE, deltas.FOLD_ROWS = 1000, 0
    syncing.sync(at=now(), compact=stage == "folded")


main(sys.argv[1])
