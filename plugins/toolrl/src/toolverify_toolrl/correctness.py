"""The released correctness: greedy pairing, and credit for names, parameter names and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify import Finding, Outcome
from toolverify.calls import ExpectedCall, Match, Pair, ToolCall, View
from toolverify.protocols import Judge
from toolverify.rules import CallsRule
from toolverify_toolrl.reading import START, ToolrlReply, released

_PASS = Outcome(1.0)
_NOTHING_SAID = Outcome(
    0.0,
    (Finding("toolrl.no_gold_calls", "note", "expected", "the gold has no calls: correctness says nothing"),),
)


def jaccard(gold: Sequence[Hashable], given: Sequence[Hashable]) -> float:
    """The released `match`: 1 for equal lists, 0 where one is empty, else what multisets share."""
    if gold == given:
        return 1.0
    if not gold or not given:
        return 0.0
    shared = (Counter(gold) & Counter(given)).total()
    return shared / (len(gold) + len(given) - shared)


@dataclass(frozen=True)
class GreedyMatcher:
    """For each expected call in order, the best of the calls of its name that are left.

    A pair's score is the share of parameter names in common plus the number of equal values. It is not the optimum.
    """

    name: ClassVar[str] = "toolrl-greedy"

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them as the released code does."""
        free = list(range(len(got)))
        pairs = []
        for j, expected in enumerate(want):
            best = max(
                ((_credit(got[i], expected, judge), -i) for i in free if got[i].name == expected.name),
                default=(0.0, 0),
            )
            if best[0] > 0:
                i = -best[1]
                free.remove(i)
                pairs.append(Pair(i, j, equal=judge.equal(got[i], expected), score=best[0]))
            else:
                pairs.append(Pair(None, j))
        exact = len(got) == len(want) and all(pair.equal for pair in pairs)
        return Match((*pairs, *[Pair(i, None) for i in free]), exact)


def _credit(got: ToolCall, want: ExpectedCall, judge: Judge) -> float:
    equal = sum(verdict.outcome == "equal" for verdict in judge.arguments(got, want))
    return jaccard(list(want.arguments), list(got.arguments)) + equal


@dataclass(frozen=True)
class CorrectnessRule:
    """How right the calls are, from 0 for the minimum to 1 for the maximum of the released range."""

    name: ClassVar[str] = "toolrl-correctness"
    gate: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score names, parameter names and values; all else is the minimum."""
        if not _has_calls(view):
            return _PASS
        reply = released(view.reply)
        refusal = _refusal(reply, view)
        if refusal:
            return Outcome(0.0, (Finding("toolrl.unread", "error", "reply", refusal),))
        if list(reply.lines or ()) == [_line(call) for call in view.expected]:
            return _PASS
        return Outcome(_share(reply, view), CallsRule()(view).findings)


@dataclass(frozen=True)
class JudgedRule:
    """The gold has calls. Where it has none, the released correctness is the middle of its range, whatever is done."""

    name: ClassVar[str] = "toolrl-judged"
    gate: ClassVar[bool] = False

    def __call__(self, view: View) -> Outcome:
        """Score 1 where it has."""
        return _PASS if _has_calls(view) else _NOTHING_SAID


def _has_calls(view: View) -> bool:
    return START in (view.case.expected.text or "")


def _line(call: ExpectedCall) -> dict[str, Any]:
    return {"name": call.name, "parameters": call.arguments}


def _refusal(reply: ToolrlReply, view: View) -> str:
    """Why the released code gives the minimum before it compares anything, in words."""
    if reply.lines is None:
        return "no <tool_call> block whose lines are all JSON"
    if not all(isinstance(line, dict) and "name" in line for line in reply.lines):
        return "a line without 'name'"
    names = [line["name"] for line in reply.lines]
    if not all(isinstance(name, Hashable) and not isinstance(name, dict | list) for name in names):
        return "a name that is an object or a list"
    wanted = {call.name for call in view.expected}
    opened = [line.get("parameters") for line in reply.lines if line["name"] in wanted]
    return (
        "" if all(isinstance(parameters, dict) for parameters in opened) else "parameters that are no object"
    )


def _share(reply: ToolrlReply, view: View) -> float:
    names = jaccard([call.name for call in view.expected], [line["name"] for line in reply.lines or ()])
    earned = names + sum(pair.score for pair in view.match.pairs if pair.expected is not None)
    most = 1 + sum(1 + len(call.arguments) for call in view.expected)
    return earned / most
