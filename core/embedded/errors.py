"""What goes wrong with the embedded services, as one sentence for a person."""

DISK_FULL_SIGNS = ("No space left on device", "Disk quota exceeded", "Check free disk space", "DiskFull")


class EmbeddedServiceError(Exception):
    """The embedded services cannot run; the message is all that a user needs to read."""


class AlreadyRunning(EmbeddedServiceError):
    """Another process of the same checkout holds the services."""


def disk_full(where: object) -> EmbeddedServiceError:
    """Return the error for a disk without room."""
    return EmbeddedServiceError(f"The disk that holds {where} is full: free some space and start again.")


def mentions_full_disk(text: str) -> bool:
    """Say whether the output of a server or of initdb complains of a full disk."""
    return any(sign in text for sign in DISK_FULL_SIGNS)
