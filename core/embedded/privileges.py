"""The ordinary user whom servers run as where the program was started by root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from core.embedded.errors import EmbeddedServiceError

CANDIDATES = ("bifocal", "postgres", "nobody")


class Identity(TypedDict, total=False):
    """The arguments of subprocess that change who a child runs as."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """An ordinary account of this machine."""

    name: str
    uid: int
    gid: int

    def identity(self) -> Identity:
        """Return what subprocess needs to become this user, without any group of root's."""
        return {"user": self.uid, "group": self.gid, "extra_groups": [self.gid]}

    def can(self, test: str, path: Path) -> bool:
        """Ask the kernel, as this user, whether a path passes `test` (-x, -r, -w)."""
        try:
            done = subprocess.run(["test", test, str(path)], cwd="/", check=False, **self.identity())
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def service_user() -> ServiceUser | None:
    """Return the user to drop to, or None where we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServiceUser(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedServiceError(
        "PostgreSQL does not run as root and this machine has no ordinary user to run it as: "
        "create one (for example `postgres`) or start as an ordinary user."
    )


def identity_of(user: ServiceUser | None) -> Identity:
    """Return the arguments for a child that runs as `user`, or as ourselves."""
    return user.identity() if user else {}


def give(path: Path, user: ServiceUser | None) -> None:
    """Hand a path to the service user, if there is one."""
    if user:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)
