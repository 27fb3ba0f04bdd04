"""What each mode promises."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping

from core.embedded.home import PROJECT

PRODUCTION = {
    "BIFOCAL_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "DATABASE_URL": "postgres://bifocal@127.0.0.1:1/bifocal",
    "BROKER_URL": "amqp://127.0.0.1:1//",
    "CACHE_URL": "redis://127.0.0.1:1/1",
    "ALLOWED_HOSTS": "crm.example.com",
    "PRIVACY_HASH_KEY": secrets.token_urlsafe(40),
}


def run(arguments: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    # The last is set while a browser's driver runs in this process (tests/browser).
    apart = {*PRODUCTION, "CACHE_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    inherited = {name: value for name, value in os.environ.items() if name not in apart}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**inherited, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def read(name: str, environment: Mapping[str, str]) -> str:
    done = run(["-c", f"from django.conf import settings; print(settings.{name})"], environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_production_passes_the_deployment_checks() -> None:
    done = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_whoever_forgets_the_mode_gets_production() -> None:
    done = run(["-c", "from config.settings import MODE; print(MODE)"], {**PRODUCTION, "BIFOCAL_ENV": "production"})
    assert done.stdout.strip() == "production"
    unset = {name: value for name, value in PRODUCTION.items() if name != "BIFOCAL_ENV"}
    assert run(["-c", "from config.settings import MODE; print(MODE)"], unset).stdout.strip() == "production"


def test_production_names_what_is_missing() -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "BROKER_URL", "CACHE_URL", "PRIVACY_HASH_KEY"):
        done = run(["manage.py", "check"], {key: value for key, value in PRODUCTION.items() if key != name})
        assert done.returncode != 0
        assert f"{name} must be set" in done.stderr


def test_the_web_process_alone_may_have_a_pool() -> None:
    pool = "DATABASES['default']['OPTIONS'].get('pool')"
    web = {**PRODUCTION, "BIFOCAL_PROCESS": "web"}
    assert read(pool, web) == "None"
    assert read(pool, {**PRODUCTION, "DATABASE_POOL": "true"}) == "None"
    assert "max_size" in read(pool, {**web, "DATABASE_POOL": "true"})


def test_connections_are_kept_and_looked_at() -> None:
    web = {**PRODUCTION, "BIFOCAL_PROCESS": "web"}
    assert read("DATABASES['default']['CONN_MAX_AGE']", web) == "600"
    assert read("DATABASES['default']['CONN_HEALTH_CHECKS']", web) == "True"


def test_a_replicated_broker_gets_replicated_queues() -> None:
    assert read("CELERY_TASK_DEFAULT_QUEUE_TYPE", PRODUCTION) == "quorum"
    on_redis = {**PRODUCTION, "BROKER_URL": "redis://127.0.0.1:1/0"}
    assert read("CELERY_TASK_DEFAULT_QUEUE_TYPE", on_redis) == "classic"
