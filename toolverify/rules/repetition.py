"""Rule `repetition`: a passage does not say the same thing again and again."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from toolverify.calls import Finding, Outcome, View
from toolverify.errors import ProfileError
from toolverify.rules.passage import PATHS, Of, Unit, passage, pieces
from toolverify.schedule import Varying, value_at

_PASS = Outcome(1.0)
_NOT_JUDGED = Outcome(
    1.0,
    (Finding("repetition.not_judged", "note", "", "the calls came ready-made: there is no text to read"),),
)
#: Runs that are looked at: the first ones of a passage that has more, so that a megabyte is read at once.
MOST_RUNS = 32_768
_LONGEST_RUN = 100


@dataclass(frozen=True)
class RepetitionRule:
    """Few of the runs of `size` words stood there before: 1 up to the share `most`, and in a line to 0 at all.

    Attributes:
        of: What is read: the `reasoning`, the `content` beside reasoning and calls, or the whole `completion`.
        unit: What a run is made of: `words`, or `characters` where words are not parted by spaces.
        size: How many of them make a run.
        most: The share of repeated runs that costs nothing.
    """

    name: ClassVar[str] = "repetition"
    gate: ClassVar[bool] = False
    of: Of = "reasoning"
    unit: Unit = "words"
    size: int = 3
    most: Varying = 0.2

    def __post_init__(self) -> None:
        """A run has a length, and a share is one of a whole."""
        if not 1 <= self.size <= _LONGEST_RUN:
            raise ProfileError(
                f"'size' is {self.size}",
                path="repetition.size",
                mend=f"use a number from 1 to {_LONGEST_RUN}",
            )
        if isinstance(self.most, int | float) and not 0 <= self.most < 1:
            raise ProfileError(f"'most' is {self.most}", path="repetition.most", mend="use a share below 1")

    def __call__(self, view: View) -> Outcome:
        """Score the share of repeated runs."""
        if view.reply.parsed:
            return _NOT_JUDGED
        share = repeated_share(passage(view.reply, self.of), self.unit, self.size)
        most = value_at(self.most, view.context.step)
        if share <= most:
            return _PASS
        message = (
            f"{share:.0%} of the runs of {self.size} {self.unit} stood there before, at most {most:.0%} may"
        )
        finding = Finding("repetition.repeated", "error", PATHS[self.of], message, most, round(share, 4))
        return Outcome(min((1 - share) / (1 - most), 1.0), (finding,))


def repeated_share(text: str, unit: Unit, size: int) -> float:
    """The share of runs that equal an earlier one; 0 of a text that is too short for two runs."""
    read = pieces(text, unit, MOST_RUNS + size - 1)
    total = len(read) - size + 1
    return 1 - len(set(_runs(read, size))) / total if total > 1 else 0.0


def _runs(read: Sequence[str], size: int) -> Iterator[tuple[Hashable, Hashable]]:
    """A value for each run, equal for equal runs: the numbers of the two halves that cover it, however long it is."""
    numbers: Sequence[Hashable] = read
    span = 1
    while 2 * span < size:
        seen: dict[tuple[Hashable, Hashable], int] = {}
        halves = zip(numbers, numbers[span:], strict=False)
        numbers = [seen.setdefault(both, len(seen)) for both in halves]
        span *= 2
    return zip(numbers, numbers[size - span :], strict=False)
