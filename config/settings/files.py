"""Static files, served by the web process itself, and uploads."""

from typing import Any

from config.settings.env import BASE_DIR, IS_PRODUCTION, IS_TEST, env

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))()
# Days that the files of exports are kept.
EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".bifocal" / "media"))()

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
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
