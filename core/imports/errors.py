"""Why a file cannot be imported as a whole. Faults of single rows are no exceptions: see `readers.base.Fault`."""

from __future__ import annotations

from core.errors import Conflict, DomainError


class UnreadableFile(DomainError):
    """The file is none that can be read, or is damaged; `reason` is a stable word."""

    code = "unreadable_file"
    status = 422
    title = "The file cannot be read."


class FileTooComplex(DomainError):
    """The file would unpack to more than is allowed."""

    code = "file_too_complex"
    status = 413
    title = "The file unpacks to more than is allowed."


class NotReady(Conflict):
    """The import is in a state in which this cannot be done."""

    code = "import_not_ready"
    title = "The import is not ready for this."


class OpenQuestions(Conflict):
    """What the file leaves open must be answered in `options` before anything is written; `questions` says what."""

    code = "open_questions"
    title = "The file can be understood in several ways: answer the questions first."
