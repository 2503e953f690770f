"""Rule `length`: a passage is neither too short nor too long."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import ClassVar

from toolverify.calls import Finding, Outcome, View
from toolverify.errors import ProfileError
from toolverify.rules.passage import PATHS, Of, Unit, passage, pieces
from toolverify.schedule import Varying, value_at

_PASS = Outcome(1.0)
_NOT_JUDGED = Outcome(
    1.0, (Finding("length.not_judged", "note", "", "the calls came ready-made: there is no text to measure"),)
)


@dataclass(frozen=True)
class LengthRule:
    """The score rises in a line up to `least`, is 1 up to `most`, and falls in a line to 0 at `limit`.

    Attributes:
        of: What is measured: the `reasoning`, the `content` beside reasoning and calls, or the whole `completion`.
        unit: What is counted: `words` or `characters`.
        least: The shortest length that scores 1.
        most: The longest one; without it nothing is too long.
        limit: The length from which on the score is 0: twice `most` where it is not set.
    """

    name: ClassVar[str] = "length"
    gate: ClassVar[bool] = False
    of: Of = "reasoning"
    unit: Unit = "words"
    least: Varying = 1.0
    most: Varying | None = None
    limit: Varying | None = None

    def __post_init__(self) -> None:
        """Bounds in their order; those that change with the step are taken as they come."""
        if self.most is None and self.limit is not None:
            raise ProfileError("'limit' without 'most'", path="length.limit", mend="set 'most' too")
        named = {"0": 0.0, "least": self.least, "most": self.most, "limit": self.limit}
        plain = [(name, bound) for name, bound in named.items() if isinstance(bound, int | float)]
        for (below, lower), (above, upper) in pairwise(plain):
            if not lower <= upper:
                raise ProfileError(
                    f"{above!r} is {upper}, which is not at least {below!r}",
                    path=f"length.{above}",
                    mend="let least, most and limit rise",
                )

    def __call__(self, view: View) -> Outcome:
        """Score how far the length is from the bounds."""
        if view.reply.parsed:
            return _NOT_JUDGED
        length, step = len(pieces(passage(view.reply, self.of), self.unit)), view.context.step
        least = value_at(self.least, step)
        if length < least:
            message = f"{length} {self.unit} of {self.of}, at least {least:g} are due"
            finding = Finding("length.short", "error", PATHS[self.of], message, least, length)
            return Outcome(length / least, (finding,))
        most = inf if self.most is None else value_at(self.most, step)
        if length <= most:
            return _PASS
        limit = 2 * most if self.limit is None else value_at(self.limit, step)
        score = (limit - length) / (limit - most) if length < limit else 0.0
        message = f"{length} {self.unit} of {self.of}, at most {most:g} may be"
        return Outcome(score, (Finding("length.long", "error", PATHS[self.of], message, most, length),))
