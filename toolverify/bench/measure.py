"""Timing: contenders interleaved in one process, CPU time of the thread, the median of several rounds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles
from time import thread_time_ns
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")

#: CPython keeps frames in chunks, and a loop whose calls cross the end of one is slow to no fault of its own. So each
#: run stands a few frames deeper than the one before, and a median is not caught there.
STEP = 7


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


def cpu_ns(run: Callable[[], Any], clock: Callable[[], int] = thread_time_ns) -> int:
    """CPU time of one run. What the run returns lives until the clock has stopped."""
    start = clock()
    result = run()
    elapsed = clock() - start
    del result
    return elapsed


def at_depth(frames: int, run: Callable[[], T]) -> T:
    """Call it from so many frames deeper."""
    return run() if frames <= 0 else at_depth(frames - 1, run)


def interleave(contenders: Sequence[Contender], rounds: int) -> dict[str, list[int]]:
    """Nanoseconds of every round, A B C … A B C, so that a change of the machine's pace strikes all alike.

    The first round warms up and does not count. Garbage collection is on, as in a training step, but what the
    workload itself keeps alive is frozen: no contender pays for going through it.
    """
    with own_garbage_only():
        return _rounds(contenders, rounds)


@contextmanager
def own_garbage_only() -> Iterator[None]:
    """Garbage collection looks only at what is made from here on, not at what the benchmark itself keeps."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _rounds(contenders: Sequence[Contender], rounds: int) -> dict[str, list[int]]:
    times: dict[str, list[int]] = {contender.name: [] for contender in contenders}
    for round_number in range(rounds + 1):
        for contender in contenders:
            gc.collect()
            elapsed = at_depth(STEP * round_number, partial(cpu_ns, contender.run))
            if round_number:
                times[contender.name].append(elapsed)
    return times


def summarise(contenders: Sequence[Contender], times: dict[str, list[int]]) -> list[Timing]:
    """Medians over the rounds, of the times and of the ratios; a ratio of 3 means three times as fast as the unit."""
    per_completion = {
        contender.name: [elapsed / contender.completions for elapsed in times[contender.name]]
        for contender in contenders
    }
    return [
        _timing(contender, per_completion[contender.name], per_completion[contender.against])
        for contender in contenders
    ]


def _timing(contender: Contender, own: list[float], unit: list[float]) -> Timing:
    """Ratios are taken round by round: what slows a round down slows both."""
    lower, _, upper = quantiles(own, n=4) if len(own) > 1 else own * 3
    ratios = [other / max(mine, 1e-9) for mine, other in zip(own, unit, strict=True)]
    return Timing(
        contender=contender.name,
        completions=contender.completions,
        median_us=round(median(own) / 1_000, 3),
        lower_quartile_us=round(lower / 1_000, 3),
        upper_quartile_us=round(upper / 1_000, 3),
        ratio=round(median(ratios), 3),
    )
