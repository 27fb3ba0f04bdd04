"""Celery: a task that was begun and not finished is given to another worker."""

from datetime import timedelta
from typing import Any

from accounts import schedule as accounts_schedule
from analytics import schedule as analytics_schedule
from config.settings.env import env
from config.settings.local import service_url
from core import schedule as core_schedule
from crm import schedule as crm_schedule

CELERY_BROKER_URL = service_url("BROKER_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True

# Results live in our own tables (core.jobs), never in the broker.
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ALWAYS_EAGER = False

CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("amqp"):
    # Replicated, and they count redeliveries; their workers must confirm what they publish.
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    # Tasks for later wait in the broker; with a direct exchange each would block a worker.
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE = "quorum"
else:
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "classic"
    # Longer than a task may take: sooner would hand out a running one twice.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": env.int("BROKER_VISIBILITY_TIMEOUT", default=int(timedelta(hours=1).total_seconds())),
        "global_keyprefix": env.str("BROKER_PREFIX", default=""),
    }

CELERY_TASK_SOFT_TIME_LIMIT = env.int("TASK_SOFT_TIME_LIMIT", default=55 * 60)

# Schedules in code; each app adds its own with one line.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    **core_schedule.SCHEDULE,
    **accounts_schedule.SCHEDULE,
    **crm_schedule.SCHEDULE,
    **analytics_schedule.SCHEDULE,
}
