"""Rule `reasoning`: the reply begins with one closed block of reasoning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from toolverify.calls import Finding, Outcome, Reply, View

_PASS = Outcome(1.0)
_FLAGS = {
    "reasoning_unclosed": "the reasoning does not end",
    "reasoning_not_opened": "the reasoning has no start marker, and the prompt is not said to hold it",
}


@dataclass(frozen=True)
class ReasoningRule:
    """One block of reasoning, closed, before everything else; what it says does not matter."""

    name: ClassVar[str] = "reasoning"
    gate: ClassVar[bool] = True
    judges_reply: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 where the reasoning stands as it should, else 0."""
        if view.reply.parsed:  # calls that came ready-made: rule `format` says so
            return _PASS
        if _is_sound(view.reply):
            return _PASS
        findings = tuple(_findings(view))
        return Outcome(0.0, findings) if findings else _PASS


def _is_sound(reply: Reply) -> bool:
    """Whether reasoning stands first and nowhere else, and nothing is odd: the most common case."""
    kinds = [segment.kind for segment in reply.segments]
    return not reply.flags and kinds[:1] == ["reasoning"] and "reasoning" not in kinds[1:]


def _findings(view: View) -> Iterator[Finding]:
    reply = view.reply
    if reply.reasoning is None:
        yield Finding("reasoning.missing", "error", "reply.reasoning", "no reasoning")
        return
    for flag in reply.flags:
        if flag in _FLAGS:
            yield Finding(flag.replace("_", ".", 1), "error", "reply.reasoning", _FLAGS[flag])
    filled = [segment.kind for segment in reply.segments if segment.kind != "content" or segment.text.strip()]
    if filled and filled[0] != "reasoning":
        yield Finding(
            "reasoning.not_first", "error", "reply.reasoning", f"{filled[0]} stands before the reasoning"
        )
    if filled.count("reasoning") > 1:
        yield Finding("reasoning.repeated", "error", "reply.reasoning", "more than one block of reasoning")
