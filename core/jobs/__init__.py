"""Long work as jobs: progress that can be seen, cancellation, and a checkpoint to go on from after a kill."""

from core.jobs.service import (
    JobCancelled,
    begin,
    cancel,
    cancelled,
    check_cancelled,
    checkpoint,
    fail,
    finish,
    flush_later,
    progress,
    start,
    stop,
)

__all__ = [
    "JobCancelled",
    "begin",
    "cancel",
    "cancelled",
    "check_cancelled",
    "checkpoint",
    "fail",
    "finish",
    "flush_later",
    "progress",
    "start",
    "stop",
]
