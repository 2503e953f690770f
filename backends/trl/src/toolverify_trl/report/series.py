"""Figures over the steps of training: several stages of one kind stand one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import isfinite

from msgspec import Struct

from toolverify_trl.report.record import RunRecord, Step
from toolverify_trl.report.standings import Standing, standing_before, standings

_SMOOTHED = 40  # the half of a window is this part of a curve, or at least so many steps:
_LEAST_HALF = 3


class Points(Struct, frozen=True):
    """Values over steps."""

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()


class Timeline(Struct, frozen=True):
    """The steps of all stages of one kind.

    Attributes:
        use: The kind: `sft` or `grpo`.
        offsets: How many steps stand before each stage.
        length: How many steps there are in all.
    """

    use: str
    offsets: Mapping[str, int]
    length: int


def shown_use(record: RunRecord) -> str:
    """The kind of stage whose curve tells most: GRPO, as soon as there is something of it."""
    logged = {step.use for step in record.steps}
    return "grpo" if "grpo" in logged or "sft" not in logged else "sft"


def timeline(record: RunRecord, use: str) -> Timeline:
    """Where the stages of a kind stand, as far as they have come."""
    offsets, length = {}, 0
    for stage in record.stages_of(use):
        offsets[stage] = length
        reached = [step.step for step in record.steps if step.stage == stage]
        judged = [made.step for made in record.evaluations if made.stage == stage]
        length += max([*reached, *judged, 0])
    return Timeline(use, offsets, length)


def logged(record: RunRecord, line: Timeline, measure: str) -> Points:
    """What the log says of one measure."""
    return _points(
        [
            (line.offsets[step.stage] + step.step, getattr(step, measure))
            for step in record.steps
            if step.stage in line.offsets
        ]
    )


def _points(pairs: Sequence[tuple[float, float | None]]) -> Points:
    known = [(x, y) for x, y in pairs if y is not None and isfinite(y)]
    return Points(tuple([x for x, _ in known]), tuple([y for _, y in known]))


def placed_standings(record: RunRecord, line: Timeline) -> list[tuple[float, Standing]]:
    """The moments at which the model was judged; the one before the stages stands at their beginning."""
    before = standing_before(record)
    placed = []
    for standing in standings(record):
        if standing.stage in line.offsets:
            placed.append((float(line.offsets[standing.stage] + standing.step), standing))
        elif standing == before:
            placed.append((0.0, standing))
    return placed


def window(size: int) -> int:
    """How many values a running mean is taken over: an odd number, so that it has a middle."""
    return 2 * max(0, min(max(_LEAST_HALF, size // _SMOOTHED), (size - 1) // 2)) + 1


def running_mean(values: Sequence[float]) -> list[float]:
    """The mean of each value and those around it; near the ends, of as many as there are."""
    half = window(len(values)) // 2
    sums = [0.0, *accumulate(values)]
    places = [(max(0, index - half), min(len(values), index + half + 1)) for index in range(len(values))]
    return [(sums[end] - sums[start]) / (end - start) for start, end in places]


def ends(steps: Sequence[Step], measure: str) -> tuple[float, float] | None:
    """The means of a measure over the first and the last tenth of the steps; None where it is not measured."""
    return _ends([getattr(step, measure) for step in steps])


def _ends(measured: Sequence[float | None]) -> tuple[float, float] | None:
    values = [value for value in measured if value is not None and isfinite(value)]
    if not values:
        return None
    tenth = max(1, len(values) // 10)
    return sum(values[:tenth]) / tenth, sum(values[-tenth:]) / tenth


def ends_of_components(steps: Sequence[Step]) -> dict[str, tuple[float, float]]:
    """The same for the score of every rule."""
    names = dict.fromkeys([name for step in steps for name in step.components])
    found = {name: _ends([step.components.get(name) for step in steps]) for name in names}
    return {name: both for name, both in found.items() if both is not None}
