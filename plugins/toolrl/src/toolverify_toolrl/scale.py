"""The released ranges: each score between a minimum and a maximum, which may change with the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from toolverify import Context
from toolverify.schedule import Varying, value_at


@dataclass(frozen=True)
class Scale:
    """Format and correctness each in a range, and length from 0 to 1 where the profile has that rule.

    Attributes:
        format_least: The format part of a score of 0.
        format_most: The format part of a score of 1.
        correctness_least: The correctness part of a score of 0.
        correctness_most: The correctness part of a score of 1.
    """

    name: ClassVar[str] = "toolrl-scale"
    format_least: Varying = 0.0
    format_most: Varying = 1.0
    correctness_least: Varying = -3.0
    correctness_most: Varying = 3.0

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """The parts in the order in which the released code adds them."""
        step = context.step
        correctness = 0.0
        if scores["judged"] == 1:
            correctness = _between(self.correctness_least, self.correctness_most, scores["correctness"], step)
        parts = {
            "format": _between(self.format_least, self.format_most, scores["format"], step),
            "correctness": correctness,
        }
        return parts | ({"length": scores["length"]} if "length" in scores else {})


def _between(least: Varying, most: Varying, score: float, step: int) -> float:
    bottom, top = value_at(least, step), value_at(most, step)
    return top if score == 1 else bottom + (top - bottom) * score
