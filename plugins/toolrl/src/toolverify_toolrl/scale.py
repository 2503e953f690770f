"""The released ranges: each score between a minimum and a maximum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from toolverify import Context


@dataclass(frozen=True)
class Scale:
    """Format from 0 up, correctness from -n to n, and length where the profile has that rule.

    Attributes:
        format_most: The maximum of the format part.
        correctness_most: The maximum of the correctness part; its negative is the minimum.
    """

    name: ClassVar[str] = "toolrl-scale"
    format_most: float = 1.0
    correctness_most: float = 3.0

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """The parts in the order in which the released code adds them."""
        del context
        most = self.correctness_most
        correctness = 2 * most * scores["correctness"] - most if scores["judged"] == 1 else 0.0
        parts = {"format": scores["format"] * self.format_most, "correctness": correctness}
        return parts | ({"length": scores["length"]} if "length" in scores else {})
