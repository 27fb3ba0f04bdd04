"""Memory does not grow with the file: a process of its own reads large ones, twice as an import does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

pytestmark = pytest.mark.slow
LIMIT_MIB = 300
READ = """
import sys
import django
django.setup()
from core.imports import readers
from core.imports.detection.columns import examine
from core.imports.plan import make
from core.imports.mapping.targets import Target
from core.imports.surveying import reading, survey
from core.registry.fields import Field
from core.registry.types import Email, Text

with open(sys.argv[1], "rb") as file:
    reader = readers.of_file(file, sys.argv[1])
    layout = reader.inspect(file, {})
    columns, _ = examine(layout.columns, reader.sample(file, layout))
    kinds = {"email": Email(), "first_name": Text(), "note": Text()}
    targets = {name: Target(name, name, kind, field=Field(name, kind)) for name, kind in kinds.items()}
    plan = make(columns, {name: name for name in targets}, {}, targets, {}, {})
    seen = survey(reading(reader, file, layout), plan, ("email",), last_wins=True)
    good = sum(1 for place, row in enumerate(reader.rows(file, layout)) if not plan.parse(place, row).errors)
# Its own: what getrusage tells may be that of the process which started it.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
print(seen.rows, len(seen.losers), good, peak)
"""


def read(path: Path) -> tuple[int, ...]:
    command = [sys.executable, "-W", "ignore", "-c", READ, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    return tuple(int(part) for part in done.stdout.split())


def test_a_text_of_a_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("email,first_name,note\n")
        for number in range(1_000_000):
            file.write(f"user{number % 999_000}@example.com,Ada {number},{'x' * 60}\n")
    rows, losers, good, peak = read(path)
    assert (rows, losers, good) == (1_000_000, 1_000, 1_000_000)
    assert peak < LIMIT_MIB, peak


def test_a_workbook_of_many_different_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": False, "tmpdir": str(tmp_path)})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["email", "first_name", "note"])
    for number in range(1, 100_001):
        sheet.write_row(number, 0, [f"user{number}@example.com", f"Ada {number}", f"{number} {'x' * 400}"])
    book.close()
    rows, losers, good, peak = read(path)
    assert (rows, losers, good) == (100_000, 0, 100_000)
    assert peak < LIMIT_MIB, peak
