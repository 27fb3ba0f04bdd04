"""The lake forgets whoever was erased: what superseded rows lie in is written anew, and the files from before go."""

from __future__ import annotations

from datetime import datetime

from django.utils.module_loading import import_string

from analytics.lake import files
from analytics.lake.database import own_connection
from core.personal.holders import Holder, Subject

# By its name: web processes know that there is a lake, and never load its engine.
SYNC = "analytics.lake.syncing.sync"


def forget(subject: Subject, at: datetime) -> bool:
    """Bring the lake up to date; True once no file is left from before. A file that is being read goes later."""
    if not any(files.root().glob("*/*.parquet")):
        return True
    with own_connection() as connection:
        # A restored backup names files that are no longer there: the lake is then made anew.
        import_string(SYNC)(at=at, full=files.is_broken(connection), compact=True)
        return not files.unnamed(connection)


LAKE = Holder("lake", forget)
