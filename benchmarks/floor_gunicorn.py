"""The floor's server: as the product's, so that only what runs inside of it differs."""

import gc
from typing import Any

wsgi_app = "benchmarks.floor:application"
workers = 2
threads = 4
worker_class = "gthread"
preload_app = True
keepalive = 30
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """Keep the collector away from what is loaded."""
    gc.collect()
    gc.freeze()


def post_fork(_server: Any, _worker: Any) -> None:
    """Collect as rarely as the product does."""
    gc.set_threshold(2_000, 50, 100)
