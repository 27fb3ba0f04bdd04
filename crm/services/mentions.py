"""Who is mentioned in a text: `@bo@example.com`, or `@bo` where one address alone begins so."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_

from django.db.models import Q

from accounts.models import User

MAX_MENTIONS = 50
_MENTION = re.compile(r"(?<![\w@.+-])@([\w.+-]{1,64}(?:@[\w-]+(?:\.[\w-]+)+)?)")


def names_in(text: str) -> list[str]:
    """The names and addresses after an @, in lower case and in order, none twice; at most fifty."""
    found = (match.rstrip(".-+").lower() for match in _MENTION.findall(text))
    return list(dict.fromkeys(name for name in found if name))[:MAX_MENTIONS]


def users_in(text: str) -> list[User]:
    """Our own people whom the text mentions. A name that fits several people means none of them."""
    names = names_in(text)
    if not names:
        return []
    wanted = (Q(email=name) if "@" in name else Q(email__startswith=f"{name}@") for name in names)
    ours = User.objects.alive().filter(reduce(or_, wanted), is_active=True, partner__isnull=True).order_by("pk")
    by_name: dict[str, list[User]] = {}
    for user in ours:
        for name in (user.email, user.email.partition("@")[0]):
            by_name.setdefault(name, []).append(user)
    found = {user.pk: user for name in names for user in by_name.get(name, ()) if len(by_name[name]) == 1}
    return list(found.values())
