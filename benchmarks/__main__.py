"""`python -m benchmarks`: the APIs against the floor. `python -m benchmarks million`: latency at a million contacts."""

from __future__ import annotations

import argparse

from benchmarks import place
from core.embedded import EmbeddedServiceError

WHAT = ("apis", "million", "record", "admin", "analytics", "lake", "imports", "exports", "visitors", "slices")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", default="apis", choices=WHAT)
    parser.add_argument("--rounds", type=int, default=9, help="how often product and floor take turns")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each turn is")
    parser.add_argument(
        "--only", nargs="*", default=(), help="names of cases, or parts of names of pages; nothing is written then"
    )
    options = parser.parse_args()
    try:
        run(options)
    except EmbeddedServiceError as error:
        raise SystemExit(str(error)) from None


def run(options: argparse.Namespace) -> None:
    """What needs models is imported when Django is set up on the right servers."""
    if options.what == "analytics":
        from benchmarks import analytics

        analytics.main()
    elif options.what == "lake":
        with place.prepared("bench-analytics") as home:
            from benchmarks import lake

            lake.run(home)
    elif options.what == "slices":
        with place.prepared("bench-slices") as home:
            from benchmarks import slices

            slices.run(home)
    elif options.what == "imports":
        with place.prepared("bench-imports") as home:
            from benchmarks import imports

            imports.run(home)
    elif options.what == "exports":
        with place.prepared("bench-exports") as home:
            from benchmarks import exports

            exports.run(home)
    elif options.what == "record":
        with place.prepared("bench-record") as home:
            from benchmarks import record

            record.run(home)
    elif options.what == "visitors":
        with place.prepared("bench-visitors") as home:
            from benchmarks import visitors

            visitors.run(home)
    elif options.what == "admin":
        with place.prepared("bench-record") as home:
            from benchmarks import admin

            admin.run(home, only=options.only)
    elif options.what == "million":
        with place.prepared("bench-million") as home:
            from benchmarks import million

            million.run(home, only=options.only)
    else:
        with place.prepared("bench") as home:
            from benchmarks import compare

            compare.run(home, rounds=options.rounds, seconds=options.seconds, only=options.only)


if __name__ == "__main__":
    main()
