"""What `make demo` does between the migrations and the first page, as management commands.

A command that does not exist is skipped. Each is run once per database, so each may be begun again after a kill.
"""

from core.embedded.home import default_home

BIFOCAL_HOME = default_home()

# load: without a worker. recompute: through a running Celery worker. report: at every start, to the terminal.
DEMO_STEPS: dict[str, list[str]] = {
    "load": ["load_demo", "demo_rates"],
    "recompute": ["demo_recompute"],
    "report": ["demo_report"],
}
