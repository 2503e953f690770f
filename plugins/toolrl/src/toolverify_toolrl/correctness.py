"""The released correctness: greedy pairing, and credit for names, parameter names and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from toolverify import Finding, Outcome
from toolverify.calls import ExpectedCall, Match, Pair, ToolCall, View
from toolverify.protocols import Judge
from toolverify.rules import CallsRule
from toolverify_toolrl.reading import START, released

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


def same(gold: Sequence[Hashable], given: Sequence[Hashable]) -> float:
    """The released `match` of the refined reward: 1 for equal lists, else 0."""
    return float(gold == given)


@dataclass(frozen=True)
class GreedyMatcher:
    """For each expected call in order, the best of the calls of its name that are left.

    A pair's score is the credit for its parameter names plus the number of equal values. It is not the optimum.

    Attributes:
        refined: Whether parameter names earn credit only where they are the same, in the same order.
    """

    name: ClassVar[str] = "toolrl-greedy"
    refined: bool = False

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them as the released code does."""
        free: dict[str, list[int]] = {}
        for i, call in enumerate(got):
            free.setdefault(call.name, []).append(i)
        pairs = []
        for j, expected in enumerate(want):
            mine = free.get(expected.name, [])
            score, place = self._best([got[i].arguments for i in mine], expected.arguments, judge)
            if score > 0:
                i = mine.pop(place)
                pairs.append(Pair(i, j, equal=judge.equal(got[i], expected), score=score))
            else:
                pairs.append(Pair(None, j))
        exact = len(got) == len(want) and all([pair.equal for pair in pairs])
        left = sorted([i for mine in free.values() for i in mine])
        return Match((*pairs, *[Pair(i, None) for i in left]), exact)

    def _best(self, given: Sequence[dict[str, Any]], want: dict[str, Any], judge: Judge) -> tuple[float, int]:
        """The highest credit, and the first place that has it; values are compared where they could raise it."""
        best, place = 0.0, -1
        for index, arguments in enumerate(given):
            shared = [key for key in want if key in arguments]
            names = self._names(want, arguments, len(shared))
            if names + len(shared) <= best:
                continue
            credit = names + sum([judge.value(arguments[key], want[key]) for key in shared])
            if credit > best:
                best, place = credit, index
                if best == 1 + len(want):
                    break
        return best, place

    def _names(self, want: dict[str, Any], given: dict[str, Any], shared: int) -> float:
        """`jaccard`, or `same`, of two lists of names without repeats."""
        if self.refined:
            return float(list(want) == list(given))
        every = len(want) + len(given) - shared
        return shared / every if every else 1.0


@dataclass(frozen=True)
class CorrectnessRule:
    """How right the calls are, from 0 for the minimum to 1 for the maximum of the released range.

    Attributes:
        credit: What earns something beside lines equal to the gold's. `graded`: names, parameter names and values;
            `refined`: the same, but names only where all are the same in the same order (the matcher's `refined` says
            so of parameter names); `intermediate`: names, and calls that are right as a whole; `coarse`: nothing.
    """

    name: ClassVar[str] = "toolrl-correctness"
    gate: ClassVar[bool] = True
    credit: Literal["graded", "refined", "intermediate", "coarse"] = "graded"

    def __call__(self, view: View) -> Outcome:
        """Score lines that are the gold's 1, lines that the released code cannot read 0, and all else by credit."""
        if not _has_calls(view):
            return _PASS
        reply = released(view.reply)
        if reply.lines is None:
            return _unread("no <tool_call> block whose lines are all JSON")
        if list(reply.lines) == _gold(view):
            return _PASS
        score, refusal = 0.0, ""
        if self.credit != "coarse":
            refusal = self._refusal(reply.lines, view)
            score = 0.0 if refusal else self._share(reply.lines, view)
        if refusal:
            return _unread(refusal)
        return _PASS if score == 1 else Outcome(score, _reasons(view))

    def _refusal(self, lines: Sequence[Any], view: View) -> str:
        """Why the released code gives the minimum before it compares anything, in words."""
        if not all([isinstance(line, dict) and "name" in line for line in lines]):
            return "a line without 'name'"
        names = [line["name"] for line in lines]
        if self.credit != "refined" and any([isinstance(name, dict | list) for name in names]):
            return "a name that is an object or a list"
        if self.credit == "intermediate":
            return ""
        wanted = {call.name for call in view.expected}
        opened = [
            line.get("parameters")
            for line in lines
            if isinstance(line["name"], str) and line["name"] in wanted
        ]
        sound = all([isinstance(parameters, dict) for parameters in opened])
        return "" if sound else "parameters that are no object"

    def _share(self, lines: Sequence[Any], view: View) -> float:
        names = (same if self.credit == "refined" else jaccard)(
            [call.name for call in view.expected], [line["name"] for line in lines]
        )
        if self.credit == "intermediate":
            return (names + _right(lines, _gold(view))) / (1 + len(view.expected))
        earned = names + sum(pair.score for pair in view.match.pairs if pair.expected is not None)
        return earned / (1 + sum(1 + len(call.arguments) for call in view.expected))


def _right(lines: Sequence[Any], gold: Sequence[Any]) -> int:
    """How many lines of the gold were written, each at most as often as it was."""
    by_name: dict[str, list[Any]] = {}
    for line in lines:
        if isinstance(line["name"], str):
            by_name.setdefault(line["name"], []).append(line)
    right = 0
    for wanted in gold:
        left = by_name.get(wanted["name"], [])
        if wanted in left:
            left.remove(wanted)
            right += 1
    return right


def _reasons(view: View) -> tuple[Finding, ...]:
    """What is wrong with the calls; where nothing is, how their lines differ from the gold's."""
    found = CallsRule()(view).findings
    if any([finding.level == "error" for finding in found]):
        return found
    return (
        *found,
        Finding("toolrl.lines", "error", "calls", "right calls, but not the gold's lines in their order"),
    )


def _unread(why: str) -> Outcome:
    return Outcome(0.0, (Finding("toolrl.unread", "error", "reply", why),))


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


def _gold(view: View) -> list[Any]:
    """The lines of the gold as they stand, other keys included."""
    return list(view.case.expected.extra or ())
