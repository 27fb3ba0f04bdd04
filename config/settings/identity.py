"""Who may be the same person."""

from config.settings.env import env

# From 0 to 1: pairs of contacts that score less are not proposed as duplicates.
DUPLICATE_THRESHOLD = env.float("DUPLICATE_THRESHOLD", default=0.5)
# From 0 to 1: what identifiers tell at least so surely is tied to its contact unasked; the rest is proposed.
TIE_THRESHOLD = env.float("TIE_THRESHOLD", default=0.8)
# For how long what could not be tied when it came is looked at again, every night.
TIE_DAYS = env.int("TIE_DAYS", default=90)
# Everybody has an address there: sharing the domain says nothing.
COMMON_MAIL_DOMAINS = frozenset(
    env.list(
        "COMMON_MAIL_DOMAINS",
        default=[
            "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "icloud.com",
            "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "free.fr", "mail.ru",
            "yandex.ru", "qq.com", "163.com", "proton.me", "protonmail.com",
        ],
    )
)  # fmt: skip
