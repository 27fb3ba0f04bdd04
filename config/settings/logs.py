"""Logs: for people on a terminal, one JSON object a line in production."""

from typing import Any

import structlog

from config.settings.env import IS_PRODUCTION, IS_TEST, env

LOG_LEVEL = env.str("LOG_LEVEL", default="WARNING" if IS_TEST else "INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if IS_PRODUCTION else "console")

COLOURS = env.bool("LOG_COLOURS", default=False)

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso" if LOG_FORMAT == "json" else "%H:%M:%S", utc=LOG_FORMAT == "json"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.UnicodeDecoder(),
]


def drop_request_starts(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep one line per request for people; what it was stands in the line that ends it."""
    if event.get("event") == "request_started":
        raise structlog.DropEvent
    return event


# Tracebacks without the values of variables: among them are keys and people's data.
CONSOLE = structlog.dev.ConsoleRenderer(
    colors=COLOURS, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
)

_render: list[Any] = (
    [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if LOG_FORMAT == "json"
    else [drop_request_starts, CONSOLE]
)

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED_PROCESSORS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "main": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": SHARED_PROCESSORS,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render],
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "main"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print everything twice.
        "django": {"handlers": [], "propagate": True, "level": LOG_LEVEL},
        "django.server": {"handlers": [], "propagate": True, "level": LOG_LEVEL},
        # The line that ends a request says it already.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_COMMAND_LOGGING_ENABLED = False
