"""`toolverify bench`: how fast the verifier is here, against how people write it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def bench(
    out: Annotated[Path | None, typer.Option(help="Write the figures as JSON too.")] = None,
    size: Annotated[int, typer.Option(help="Completions in the workload.", min=100)] = 5_000,
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.", min=1)] = 11,
    seed: Annotated[int, typer.Option(help="The seed of the workload.")] = 0,
    hostile: Annotated[bool, typer.Option(help="Run the hostile inputs too.")] = True,
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON instead of tables.")] = False,
) -> None:
    """Measure throughput, hostile inputs, memory and import time."""
    from rich.console import Console

    from toolverify.bench import render_table, run_benchmarks, write_json
    from toolverify.rows import to_json

    said = Console(stderr=True)
    result = run_benchmarks(size=size, rounds=rounds, seed=seed, hostile=hostile, progress=said.print)
    if out is not None:
        write_json(result, out)
    if json:
        sys.stdout.write(to_json(result).decode() + "\n")
    else:
        Console().print(render_table(result))
