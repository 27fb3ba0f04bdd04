"""Static files, served by the web process itself, and uploads."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.settings.env import BASE_DIR, IS_PRODUCTION, IS_TEST, env

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))()
# Days that the files of exports are kept.
EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".bifocal" / "media"))()

_BACKENDS = {
    "local": "django.core.files.storage.FileSystemStorage",
    "memory": "django.core.files.storage.InMemoryStorage",
    "s3": "storages.backends.s3.S3Storage",
}
# Where contents of files lie: below MEDIA_ROOT, or in a bucket of AWS or of anybody who speaks its language.
FILES_STORAGE = env.str("FILES_STORAGE", default="local")
if FILES_STORAGE not in _BACKENDS:
    raise ImproperlyConfigured(f"FILES_STORAGE must be one of: {', '.join(_BACKENDS)}.")


def _bucket() -> dict[str, Any]:
    """What django-storages must know. Without keys, boto3 looks where it always does: a role, a profile."""
    return {
        "bucket_name": env.str("AWS_STORAGE_BUCKET_NAME"),
        "endpoint_url": env.str("AWS_S3_ENDPOINT_URL", default="") or None,
        "region_name": env.str("AWS_S3_REGION_NAME", default="") or None,
        "access_key": env.str("AWS_ACCESS_KEY_ID", default="") or None,
        "secret_key": env.str("AWS_SECRET_ACCESS_KEY", default="") or None,
        "addressing_style": env.str("AWS_S3_ADDRESSING_STYLE", default="") or None,
        # Keys are never the same twice; nothing is ever public.
        "file_overwrite": True,
        "default_acl": None,
        "querystring_auth": True,
    }


STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": _BACKENDS[FILES_STORAGE], "OPTIONS": _bucket() if FILES_STORAGE == "s3" else {}},
    # Of erasures (docs/privacy.md): kept apart from what is backed up together with the database.
    "ledger": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.path("LEDGER_ROOT", default=str(BASE_DIR / ".bifocal" / "ledger"))()},
    },
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if IS_PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
    },
}
# Without a collected folder (development, demo) files come straight from the apps.
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
# Read once at the start; in tests, where every client is a start, when they are asked for.
WHITENOISE_AUTOREFRESH = IS_TEST

# Programs of any kind; ZIP archives are taken and not looked into.
_PROGRAMS = ["application/x-executable", "application/java-archive", "text/x-shellscript"]
_PROGRAM_SUFFIXES = [
    ".app", ".bat", ".cmd", ".com", ".cpl", ".dll", ".exe", ".hta", ".jar", ".js", ".jse", ".lnk", ".msi", ".ps1",
    ".reg", ".scr", ".sh", ".vbe", ".vbs", ".wsf",
]  # fmt: skip
BIFOCAL_FILES: dict[str, Any] = {
    # Media types, found by content; an empty list allows what is not denied.
    "allowed_types": frozenset(env.list("FILES_ALLOWED_TYPES", default=[])),
    "denied_types": frozenset(env.list("FILES_DENIED_TYPES", default=_PROGRAMS)),
    "denied_suffixes": frozenset(env.list("FILES_DENIED_SUFFIXES", default=_PROGRAM_SUFFIXES)),
    # How long the content of a deleted file can be restored.
    "keep_deleted_days": env.int("FILES_KEEP_DELETED_DAYS", default=30),
}
