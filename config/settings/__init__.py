"""Settings, put together from one module per concern; BIFOCAL_ENV says how careful to be.

A section is a plain module of upper-case names. A new one is added to SECTIONS; a name in two sections is an error.
"""

from types import ModuleType

from config.settings import (
    accounts,
    admin,
    analytics,
    api,
    apps,
    data,
    demo,
    env,
    files,
    identity,
    locale,
    logs,
    mail,
    privacy,
    queue,
    security,
)

SECTIONS: tuple[ModuleType, ...] = (
    *(apps, data, security, accounts, api, queue),
    *(mail, files, locale, logs, demo, analytics, admin, privacy, identity),
)


def _compose() -> dict[str, object]:
    composed: dict[str, object] = {}
    shared = {name for name in vars(env) if name.isupper()}
    for section in SECTIONS:
        for name, value in vars(section).items():
            if not name.isupper() or name in shared:
                continue
            if name in composed and composed[name] is not value:
                raise RuntimeError(f"{name} is set by {section.__name__} and by a section before it")
            composed[name] = value
    return composed


globals().update(_compose())

BASE_DIR = env.BASE_DIR
MODE = env.MODE
