"""Numbers that change with the training step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from toolverify.errors import ProfileError

#: Further than any training goes, and exact as a float.
_MOST_STEPS = 2**53
_MOST_VALUE = 1e100
FORMS = 'write a number, { from = 2.0, to = 1.0, steps = 150 } or { points = [[0, 1.0], [30, 0.5]], shape = "step" }'


class ScheduleError(ProfileError, ValueError):
    """A schedule that says nothing, or two things; msgspec carries a ValueError to whoever converts."""


class Schedule(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A number for each step: a line between two values, or a list of points. In TOML `from_` is `from`.

    Attributes:
        from_: The value at `start`.
        to: The value `steps` later.
        steps: How long the line is.
        start: Where the line begins.
        points: Steps with their values, instead of a line.
        shape: Whether the value goes in a line from point to point, or stays until the next one.
        hold: Where the value stays as it is: before the first and behind the last point (`both`), behind the last
            alone (`end`), or nowhere (`none`): there the line goes on.
    """

    from_: float | None = None
    to: float | None = None
    steps: int | None = None
    start: int = 0
    points: tuple[tuple[int, float], ...] | None = None
    shape: Literal["linear", "step"] = "linear"
    hold: Literal["both", "end", "none"] = "both"

    def __post_init__(self) -> None:
        """One way of writing it, in order, and in numbers."""
        self._refuse_a_mixture()
        _refuse_bad_knots(self.knots)
        if self.hold != "both" and (self.shape == "step" or len(self.knots) < 2):
            raise ScheduleError(f"'hold' is {self.hold!r} without a line", mend="leave 'hold' out")

    def _refuse_a_mixture(self) -> None:
        line = {"from": self.from_, "to": self.to, "steps": self.steps}
        missing = [key for key, value in line.items() if value is None]
        if self.points is not None:
            if len(missing) < len(line) or self.start:
                raise ScheduleError("a line and 'points' in one schedule", mend=FORMS)
            return
        if missing:
            raise ScheduleError(f"{', '.join(map(repr, missing))} missing", mend=FORMS)
        if self.shape != "linear":
            raise ScheduleError("'shape' without 'points'", mend=FORMS)
        if (self.steps or 0) < 1:
            raise ScheduleError(f"'steps' is {self.steps}", mend="use 1 or more")

    @property
    def knots(self) -> tuple[tuple[int, float], ...]:
        """The points, whichever way they were written."""
        if self.points is not None:
            return self.points
        return (self.start, self.from_ or 0.0), (self.start + (self.steps or 0), self.to or 0.0)

    def at(self, step: int) -> float:
        """The value at a step."""
        knots = self.knots
        step = max(-_MOST_STEPS, min(step, _MOST_STEPS))
        passed = bisect_right(knots, step, key=_step_of)
        if self.shape == "step" or len(knots) == 1:
            return knots[max(passed - 1, 0)][1]
        if passed == 0 and self.hold == "both":
            return knots[0][1]
        if passed == len(knots) and self.hold != "none":
            return knots[-1][1]
        place = min(max(passed, 1), len(knots) - 1)
        (begin, first), (end, last) = knots[place - 1], knots[place]
        return first + (last - first) * (step - begin) / (end - begin)


def _refuse_bad_knots(knots: Sequence[tuple[int, float]]) -> None:
    if not knots:
        raise ScheduleError("'points' is empty", mend="give one point at least: [[0, 1.0]]")
    for step, value in knots:
        if not (abs(value) <= _MOST_VALUE and abs(step) <= _MOST_STEPS):
            raise ScheduleError(f"{value} at step {step}", mend="use finite numbers")
    for (before, _), (step, _) in pairwise(knots):
        if step <= before:
            raise ScheduleError(
                f"step {step} stands behind step {before}", mend="let the steps of 'points' rise"
            )


def _step_of(knot: tuple[int, float]) -> int:
    return knot[0]


#: A number, or a schedule of numbers: the type of an option that may change with the step.
Varying = float | Schedule


def value_at(number: Varying, step: int) -> float:
    """The number that holds at a step."""
    return number.at(step) if isinstance(number, Schedule) else number
