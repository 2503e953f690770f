"""How fast, how safe and how light the verifier is here, against how people write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolverify.bench.report import render_table, write_json

__all__ = ["render_table", "run_benchmarks", "write_json"]


def run_benchmarks(
    *,
    size: int = 5_000,
    rounds: int = 11,
    seed: int = 0,
    hostile: bool = True,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measure everything; the result is plain JSON.

    Args:
        size: Completions in the workload.
        rounds: Rounds of which the median counts.
        seed: The seed of the workload.
        hostile: Whether to run the hostile inputs too; `hostile` is None in the result where not.
        progress: Called with a line for each stage.

    Raises:
        DisagreementError: The hand-written reward and `tool-n1-v0` differ on a completion.
    """
    from msgspec import to_builtins

    from toolverify.bench import contenders, figures, footprint, measure, workload

    tell = progress or _silent
    tell(f"making {size:,} completions")
    rows = workload.make_workload(size, seed)
    agreement = contenders.check_agreement(rows)
    field = contenders.make_field(rows)
    tell(f"timing {len(field.contenders)} contenders, {rounds} rounds")
    times = measure.interleave(field.contenders, rounds)
    result: dict[str, Any] = {
        "seed": seed,
        "rounds": rounds,
        "environment": footprint.environment(),
        "workload": workload.describe(rows),
        "agreement": agreement,
        "throughput": to_builtins(measure.summarise(field.contenders, times)),
        "left_out": list(field.left_out),
        "hostile": _hostile(tell) if hostile else None,
        "memory": footprint.memory(rows),
        "import": footprint.import_time(),
    }
    result["figures"] = to_builtins(figures.check(result))
    return result


def _hostile(tell: Callable[[str], None]) -> list[dict[str, Any]]:
    from toolverify.bench.hostile import judges, summarise, try_all
    from toolverify.bench.hostile_inputs import hostile_inputs

    tell("running the hostile inputs through every profile")
    return summarise(try_all(hostile_inputs(), judges(), tell))


def _silent(line: str) -> None:
    del line
