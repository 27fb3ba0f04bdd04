"""The database and the cache."""

from typing import Any

from config.settings.env import IS_WEB_PROCESS, env
from config.settings.local import service_url

DATABASE: dict[str, Any] = env.db_url_config(service_url("DATABASE_URL"))
DATABASE["ENGINE"] = "core.database"
DATABASE["CONN_HEALTH_CHECKS"] = True
DATABASE.setdefault("OPTIONS", {})
DATABASE["OPTIONS"].setdefault("application_name", "bifocal")
# The statements that run all the time are prepared (core.database.cursors); not through a pooler that forgets them.
if env.bool("DATABASE_PREPARE", default=True):
    DATABASE["OPTIONS"]["prepare_threshold"] = 5
if IS_WEB_PROCESS:
    # No request may hold a connection for longer, whatever it asks for; workers may.
    timeouts = {
        "statement_timeout": env.int("STATEMENT_TIMEOUT_MS", default=20_000),
        "lock_timeout": env.int("LOCK_TIMEOUT_MS", default=5_000),
    }
    DATABASE["OPTIONS"].setdefault("options", " ".join(f"-c {name}={value}" for name, value in timeouts.items()))
# Each thread of the web process keeps a connection: taking one out of a pool for each request costs a fifth of a short
# one's time. A pool is for servers with many more threads than connections.
if IS_WEB_PROCESS and env.bool("DATABASE_POOL", default=False):
    DATABASE["CONN_MAX_AGE"] = 0
    DATABASE["OPTIONS"]["pool"] = {
        "min_size": env.int("DATABASE_POOL_MIN", default=2),
        "max_size": env.int("DATABASE_POOL_MAX", default=8),
        "timeout": env.int("DATABASE_POOL_TIMEOUT", default=10),
    }
else:
    DATABASE["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=600 if IS_WEB_PROCESS else 60)

DATABASES = {"default": DATABASE}

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": service_url("CACHE_URL"),
        "KEY_PREFIX": env.str("CACHE_PREFIX", default="bifocal"),
    },
}
