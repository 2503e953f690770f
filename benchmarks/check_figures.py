"""Run the benchmarks, write `results/latest.json`, and name every figure that does not hold (exit code 1)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from toolverify.bench import render_table, run_benchmarks, write_json

_LATEST = Path(__file__).parent / "results" / "latest.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, write, judge."""
    options = _parser().parse_args(arguments)
    told = Console(stderr=True, markup=False, highlight=False)
    result = run_benchmarks(
        size=options.size, rounds=options.rounds, hostile=not options.no_hostile, progress=told.print
    )
    Console().print(render_table(result))
    write_json(result, _LATEST)
    missed = [figure for figure in result["figures"] if not figure["holds"]]
    for figure in missed:
        told.print(
            f"does not hold: {figure['figure']}: {figure['due']} is due, measured {figure['measured']}"
        )
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=5_000, help="completions in the workload")
    parser.add_argument("--rounds", type=int, default=11, help="rounds; the median counts")
    parser.add_argument("--no-hostile", action="store_true", help="leave the hostile inputs out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
