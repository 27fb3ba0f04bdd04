"""The web server: preloaded, so that workers share memory and the collector leaves it alone."""

import gc
import os
from typing import Any

from django.urls import get_resolver

wsgi_app = "config.wsgi"
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
keepalive = 30
timeout = 60
graceful_timeout = 20
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "0"))
max_requests_jitter = max_requests // 10
# Structured logs come from the application; a line per request here would say it twice.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("WEB_LOG_LEVEL", "warning")
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """Load what the first request would, then keep the collector away from all of it."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def post_fork(_server: Any, _worker: Any) -> None:
    """Collect the young often, which takes 2 ms, and the old seldom: a full pass is a pause for everybody."""
    gc.set_threshold(2_000, 50, 100)
