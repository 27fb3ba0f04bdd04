"""The web answers from what is stored: the engine is loaded in workers only."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.slow
def test_the_web_process_does_not_load_the_engine() -> None:
    code = "import sys, config.wsgi, config.urls; print(sorted({'duckdb', 'sqlglot', 'numpy'} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "[]"
