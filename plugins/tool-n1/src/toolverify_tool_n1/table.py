"""The released values, as a table over four situations, each with and without reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from toolverify import Context


@dataclass(frozen=True)
class RewardTable:
    """What each situation is worth.

    Attributes:
        right: The right calls without reasoning.
        right_think: The right calls with reasoning.
        wrong: Wrong calls without reasoning.
        wrong_think: Wrong calls with reasoning.
        unread_think: No readable block, with reasoning. Without, it is worth nothing.
        names: Added to a wrong reply whose names are right.
    """

    name: ClassVar[str] = "tool-n1-table"
    right: float = 0.0
    right_think: float = 1.0
    wrong: float = 0.0
    wrong_think: float = 0.0
    unread_think: float = 0.0
    names: float = 0.0

    @property
    def only_gates(self) -> bool:
        """Whether nothing but being right pays, and that independently of what is no gate."""
        return not any((self.wrong, self.wrong_think, self.unread_think, self.names))

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part, `tool-n1`."""
        del context
        return {"tool-n1": self._worth(scores)}

    def _worth(self, scores: Mapping[str, float]) -> float:
        think = scores["think"] == 1
        if scores["survives"] < 1:
            return 0.0
        if scores["read"] < 1:
            return self.unread_think if think else 0.0
        if scores["items"] == 1 and scores["calls"] == 1:
            return self.right_think if think else self.right
        wrong = self.wrong_think if think else self.wrong
        return wrong + self.names if scores["items"] == 1 and scores["calls"] > 0 else wrong
