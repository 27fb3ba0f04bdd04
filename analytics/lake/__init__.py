"""The lake: Parquet files of the facts, by month, kept exactly equal to the database."""

from analytics.lake.syncing import SyncReport, sync

__all__ = ["SyncReport", "sync"]
