"""The figures to hold, and whether a measurement holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolverify.bench.contenders import SAME_AS_BASELINE

_RATIOS = {
    f"{SAME_AS_BASELINE} rewards": 3.0,
    f"{SAME_AS_BASELINE} score_batch": 1.0,
    f"{SAME_AS_BASELINE} score, one by one": 1.0,
    "typed rewards": 1.0,
}
_IMPORT_MS = 150.0


class Figure(Struct, frozen=True):
    """One figure: what is due, what was measured, whether it holds. What was not measured does not hold."""

    figure: str
    due: str
    measured: str
    holds: bool


def check(result: Mapping[str, Any]) -> list[Figure]:
    """Every figure that the result has something to say about."""
    return [*_speed(result), *_hostile(result), *_import(result)]


def _speed(result: Mapping[str, Any]) -> Iterator[Figure]:
    ratios = {timing["contender"]: timing["ratio"] for timing in result["throughput"]}
    for name, due in _RATIOS.items():
        ratio = ratios.get(name)
        measured = "not measured" if ratio is None else f"{ratio:.2f}"
        holds = ratio is not None and ratio >= due
        yield Figure(f"{name}: times the hand-written reward", f"at least {due:g}", measured, holds)


def _hostile(result: Mapping[str, Any]) -> Iterator[Figure]:
    """Time and promises apart; an input is one figure only where it breaks one."""
    inputs = result["hostile"]
    if inputs is None:
        return
    for limit in sorted({one["limit_ms"] for one in inputs}):
        concerned = [one for one in inputs if one["limit_ms"] == limit]
        worst = max(concerned, key=lambda one: one["worst_ms"])
        measured = f"{worst['worst_ms']:.0f} ms: {worst['input']}"
        holds = worst["worst_ms"] < limit
        yield Figure(f"slowest of {len(concerned)} hostile inputs", f"under {limit:.0f} ms", measured, holds)
    broken = [one["input"] for one in inputs if one["broken"]]
    yield Figure(
        "hostile inputs that raise, are read in two ways, or fail without a finding",
        "none",
        ", ".join(broken) or "none",
        not broken,
    )


def _import(result: Mapping[str, Any]) -> Iterator[Figure]:
    imported = result["import"]
    wall = imported["wall_ms"]
    yield Figure("import toolverify", f"under {_IMPORT_MS:.0f} ms", f"{wall:.0f} ms", wall < _IMPORT_MS)
    heavy = ", ".join(imported["heavy"]) or "none"
    yield Figure("heavy libraries imported with it", "none", heavy, not imported["heavy"])
