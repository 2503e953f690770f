"""The released tests of form: which blocks stand where, and how long the thought is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from toolverify import Finding, Outcome
from toolverify.calls import View
from toolverify.schedule import Varying, value_at
from toolverify_toolrl.cutting import THINK, THOUGHT
from toolverify_toolrl.reading import END, START, released

_RESPONSE, _RESPONDED = "<response>", "</response>"


@dataclass(frozen=True)
class LayoutRule:
    """The reply has the blocks that the gold has, in their places, each once."""

    name: ClassVar[str] = "toolrl-format"
    gate: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 or 0."""
        gold = view.case.expected.text or ""
        text = released(view.reply).text
        if view.reply.parsed or _has_layout(text, calls=START in gold, response=_RESPONSE in gold):
            return Outcome(1.0)
        return Outcome(
            0.0, (Finding("toolrl.layout", "error", "reply", "not the blocks of the gold, in their places"),)
        )


def _has_layout(text: str, *, calls: bool, response: bool) -> bool:
    """What the released regular expressions accept, in linear time: every block but the thought occurs once."""
    counted = [*([START, END] if calls else []), *([_RESPONSE, _RESPONDED] if response else [])]
    if not text.startswith(THINK) or any(text.count(marker) != 1 for marker in counted):
        return False
    if response:
        text, _, said = text.partition(f"\n{_RESPONSE}")
        if not said.endswith(_RESPONDED):
            return False
    if calls:
        text, _, body = text.partition(f"\n{START}\n")
        if not body.endswith(f"\n{END}"):
            return False
    return text.endswith(THOUGHT) and len(text) >= len(THINK) + len(THOUGHT)


@dataclass(frozen=True)
class LengthRule:
    """How many words the last thought has, as a share of a target, up to 1.

    Attributes:
        words: The target, which may change with the step.
    """

    name: ClassVar[str] = "toolrl-length"
    gate: ClassVar[bool] = False
    words: Varying = 512.0

    def __call__(self, view: View) -> Outcome:
        """Score the share, rounded as the released code rounds it."""
        text = released(view.reply).text
        target = value_at(self.words, view.context.step)
        if THINK not in text or THOUGHT not in text or target <= 0:
            return Outcome(0.0)
        words = len(text.rpartition(THINK)[2].partition(THOUGHT)[0].split())
        return Outcome(min(round(words / target, 2), 1.0))
