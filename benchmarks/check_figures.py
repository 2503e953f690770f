"""Run the benchmarks, write `results/latest.json`, and name every figure that does not hold (exit code 1)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from toolverify.bench import render_table, run_benchmarks, write_json

_LATEST = Path(__file__).parent / "results" / "latest.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, write, judge."""
    options = _parser().parse_args(arguments)
    told = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    result = run_benchmarks(
        size=options.size, rounds=options.rounds, hostile=not options.no_hostile, progress=told.print
    )
    write_json(result, _LATEST)
    if options.markdown:
        print("\n".join(_markdown(result)))
    else:
        Console().print(render_table(result))
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
    parser.add_argument("--markdown", action="store_true", help="print the tables as README.md records them")
    return parser


def _markdown(result: Mapping[str, Any]) -> Iterator[str]:
    """The tables of the README."""
    machine = result["environment"]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    yield f"{machine['cpu']}; {machine['python']}; {libraries}.\n"
    yield "| contender | µs a completion | completions a second | × hand-written |\n|---|---:|---:|---:|"
    for timing in result["throughput"]:
        speed = f"{1e6 / timing['median_us']:,.0f}"
        yield f"| {timing['contender']} | {timing['median_us']:.2f} | {speed} | {timing['ratio']:.2f} |"
    yield "\n| profile | peak MB, workload in chunks | peak MB, one hostile text |\n|---|---:|---:|"
    for peak in result["memory"]:
        yield f"| {peak['profile']} | {peak['workload_mb']:.1f} | {peak['hostile_mb']:.1f} |"
    yield "\n| figure | due | measured | holds |\n|---|---|---|---|"
    for figure in result["figures"]:
        holds = "yes" if figure["holds"] else "**no**"
        yield f"| {figure['figure']} | {figure['due']} | {figure['measured']} | {holds} |"


if __name__ == "__main__":
    sys.exit(main())
