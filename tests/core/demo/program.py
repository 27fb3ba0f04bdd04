"""A demo whose processes are small: a web server that answers, a worker that waits, stages that end at once."""

import json
import sys
from pathlib import Path

from core.demo import supervisor
from core.demo.__main__ import main
from core.demo.children import Spec
from core.embedded import Home

WAIT = "import time; print('waiting', flush=True); time.sleep(600)"


class Done:
    """A stage that has nothing to do."""

    def __init__(self, *_args: object) -> None:
        home = Home()
        (home.path / "demo_state.json").write_text("{}")
        (home.path / "demo_credentials.json").write_text(
            json.dumps(
                {
                    "sign_ins": [{"role": "sales", "email": "s@example.com", "password": "pw"}],
                    "api_keys": {"sales": "key"},
                }
            )
        )

    def is_done(self) -> bool:
        return True

    def stop(self) -> None:
        return


def small(_home: Home, port: int) -> list[Spec]:
    web = [
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(Path(__file__).parent),
    ]
    return [Spec("web", web), Spec("worker", [sys.executable, "-c", WAIT])]


supervisor.specs = small
supervisor.Stage = Done  # type: ignore[assignment,misc]
sys.exit(main())
