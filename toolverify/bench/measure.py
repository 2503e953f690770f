"""Timing: contenders interleaved in one process, CPU time of the thread, the median of several rounds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import thread_time_ns
from typing import Any

from msgspec import Struct


class Contender(Struct, frozen=True):
    """One way to score, run over all its completions at once.

    Attributes:
        name: What the table calls it.
        run: Scores every completion once.
        completions: How many those are.
        against: The contender whose time is the unit of the ratio.
    """

    name: str
    run: Callable[[], Any]
    completions: int
    against: str


class Timing(Struct, frozen=True):
    """What the rounds gave, in microseconds a completion."""

    contender: str
    completions: int
    median_us: float
    lower_quartile_us: float
    upper_quartile_us: float
    ratio: float


def cpu_ns(run: Callable[[], Any]) -> int:
    """CPU time of one run. What the run returns lives until the clock has stopped."""
    start = thread_time_ns()
    result = run()
    elapsed = thread_time_ns() - start
    del result
    return elapsed


def interleave(contenders: Sequence[Contender], rounds: int) -> dict[str, list[int]]:
    """Nanoseconds of every round, A B C … A B C, so that a change of the machine's pace strikes all alike.

    The first round warms up and does not count. Garbage collection is on, as in a training step, but what the
    workload itself keeps alive is frozen: no contender pays for going through it.
    """
    gc.collect()
    gc.freeze()
    try:
        return _rounds(contenders, rounds)
    finally:
        gc.unfreeze()


def _rounds(contenders: Sequence[Contender], rounds: int) -> dict[str, list[int]]:
    times: dict[str, list[int]] = {contender.name: [] for contender in contenders}
    for round_number in range(rounds + 1):
        for contender in contenders:
            gc.collect()
            elapsed = cpu_ns(contender.run)
            if round_number:
                times[contender.name].append(elapsed)
    return times


def summarise(contenders: Sequence[Contender], times: dict[str, list[int]]) -> list[Timing]:
    """Medians and ratios; a ratio of 3 means three times as fast as the unit."""
    medians = {
        contender.name: median(times[contender.name]) / contender.completions / 1_000
        for contender in contenders
    }
    return [_timing(contender, times[contender.name], medians) for contender in contenders]


def _timing(contender: Contender, times: list[int], medians: dict[str, float]) -> Timing:
    lower, _, upper = quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    scale = contender.completions * 1_000
    own = medians[contender.name]
    return Timing(
        contender=contender.name,
        completions=contender.completions,
        median_us=round(own, 3),
        lower_quartile_us=round(lower / scale, 3),
        upper_quartile_us=round(upper / scale, 3),
        ratio=round(medians[contender.against] / max(own, 1e-9), 3),
    )
