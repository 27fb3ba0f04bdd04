"""The two APIs."""

from typing import Any

from config.settings.env import IS_PRODUCTION, env

MEGABYTE = 1024 * 1024

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "core.rest.openapi.inspector.RegistrySchema",
    "DEFAULT_RENDERER_CLASSES": ["core.rest.negotiation.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.rest.authentication.ActorAuthentication"],
    # Nothing is open unless a view says why.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}

# Bytes that a body may have: any, a batch of writes, a form with a file.
BIFOCAL_BODY_LIMITS = {
    "default": env.int("BODY_LIMIT", default=MEGABYTE),
    "batch": env.int("BATCH_BODY_LIMIT", default=10 * MEGABYTE),
    "upload": env.int("UPLOAD_LIMIT", default=512 * MEGABYTE),
    "file": env.int("FILE_LIMIT", default=25 * MEGABYTE),
}
# To how many bytes an imported file may unpack, and for how many days it is kept.
BIFOCAL_IMPORT_UNPACKED_LIMIT = env.int("IMPORT_UNPACKED_LIMIT", default=2048 * MEGABYTE)
BIFOCAL_IMPORT_RETENTION_DAYS = env.int("IMPORT_RETENTION_DAYS", default=30)
# Requests per caller and window, published in the RateLimit headers; 0 is no limit.
BIFOCAL_RATE_LIMIT = env.int("RATE_LIMIT", default=6_000)
BIFOCAL_RATE_LIMIT_SECONDS = env.int("RATE_LIMIT_SECONDS", default=60)
# Whether the description of the API and its pages are open to anybody.
BIFOCAL_PUBLIC_DOCS = env.bool("PUBLIC_DOCS", default=True)

# How the description of the API says that OAuth tokens are got.
BIFOCAL_OAUTH: dict[str, Any] = {
    "authorization_url": "/identity/o/authorize",
    "token_url": "/identity/o/api/token",
    "scopes": {"read": "Read what the user may read.", "write": "Write what the user may write."},
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Bifocal",
    "DESCRIPTION": "A headless CRM. Errors are problem documents (RFC 9457) with a stable `code`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": True,
    "POSTPROCESSING_HOOKS": ["core.rest.openapi.document.complete"],
}

GRAPHENE: dict[str, Any] = {"SCHEMA": "config.schema.schema"}
# Who may ask GraphQL for its schema: everyone, signed_in or nobody.
BIFOCAL_GRAPHQL_INTROSPECTION = env.str("GRAPHQL_INTROSPECTION", default="nobody" if IS_PRODUCTION else "everyone")
# What one request may ask for, where it differs from core.graphql.limits.
BIFOCAL_GRAPHQL_LIMITS: dict[str, int] = {"cost": env.int("GRAPHQL_MAX_COST", default=10_000)}
