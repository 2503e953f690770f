"""The short way to a reward: what a profile's parts offer so that most completions need no verdict.

A completion in the canonical frame, whose calls are compared by key, settles the reward of a profile all of whose rules
say what that means for them. What is not settled goes the long way, so that both ways give one number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from msgspec import Struct

from toolverify.calls import Case, Coerced, Context, Match, Reply, ToolCall, View
from toolverify.judge import CallJudge
from toolverify.parts import Parts
from toolverify.protocols import QuickFormat, Rule
from toolverify.schema import ToolSpec

Calls = list[tuple[str, dict[str, Any]]]
_MOST_COERCED = 4  # calls: the long way bounds the work on a reply, so that many calls take it
_NO_CONTEXT = Context()
_NO_MATCH = Match((), exact=False)


class Settled(Struct, frozen=True):
    """The rewards that are settled without a context, and the functions that tell which applies.

    Attributes:
        quick: The calls of a text in the canonical frame.
        judge: Tells the key of a call.
        equal: The reward when the calls are the expected ones; None where that does not settle it.
        unequal: The reward when they are not; None where that does not settle it.
        coerce: Types calls, where the profile does; None where it does not.
        frame: The gate rules that look at the reply alone, where one that fails settles the reward.
        broken: The reward when one of them fails.
    """

    quick: Callable[[str, Case], Calls | None]
    judge: CallJudge
    equal: float | None
    unequal: float | None
    coerce: Callable[[ToolCall, ToolSpec], Coerced] | None = None
    frame: tuple[Rule, ...] = ()
    broken: float = 0.0

    def breaks_the_frame(self, reply: Reply, case: Case) -> bool:
        """Whether a reply fails already by its form, so that its calls need not be looked at."""
        view = View(reply, (), case, _NO_MATCH, _NO_CONTEXT, self.judge)
        return any([rule(view).score < 1 for rule in self.frame])

    def outcome(self, calls: Calls, case: Case) -> float | None:
        """The reward of calls in any order, where it is settled."""
        keys, sole = case.keys[0], case.sole_key
        if keys is None or len(case.keys) > 1:
            return None
        if len(calls) != len(case.expected.options[0]):
            return self.unequal
        if sole is not None:
            name, arguments = calls[0]
            if name != sole[0]:
                return self.unequal
            same = self.judge.value_key is not None and self.judge.value_key(arguments) == sole[1]
        else:
            same = _counted(self.judge, calls) == keys
        return (self.equal if case.sure else None) if same else self._read_otherwise(calls, case)

    def _read_otherwise(self, calls: Calls, case: Case) -> float | None:
        """The reward of calls that differ as they stand: coercion and defaults may make them equal."""
        if self.coerce is None or case.specs is None:
            typed: list[dict[str, Any] | None] = [None] * len(calls)
        elif len(calls) > _MOST_COERCED:
            return None
        else:
            typed = [self._typed(ToolCall(*call), case.specs) for call in calls]
        if not case.defaults and not any([change is not None for change in typed]):
            return self.unequal
        read = [
            (name, arguments if change is None else change)
            for (name, arguments), change in zip(calls, typed, strict=True)
        ]
        if _counted(self.judge.for_case(case), read) != case.keys[0]:
            return self.unequal
        return self.equal if case.sure else None

    def _typed(self, call: ToolCall, tools: Mapping[str, ToolSpec]) -> dict[str, Any] | None:
        """What coercion makes of a call's arguments; None where it changes nothing."""
        tool = tools.get(call.name)
        coerced = self.coerce(call, tool) if self.coerce is not None and tool is not None else None
        return coerced.call.arguments if coerced is not None and coerced.changes else None


def _counted(judge: CallJudge, calls: Calls) -> dict[Hashable, int]:
    counts: dict[Hashable, int] = {}
    for name, arguments in calls:
        key = judge.key(ToolCall(name, arguments))
        counts[key] = counts.get(key, 0) + 1
    return counts


def settle(parts: Parts) -> Settled | None:
    """The short way, where the profile's parts offer one."""
    direct = parts.matcher.name == "unordered" and parts.judge.value_key is not None
    coerce = parts.coercion.coerce if parts.coerces else None
    if coerce is not None and not getattr(parts.coercion, "keeps_equal", False):
        return None
    if direct and isinstance(parts.format, QuickFormat):
        equal, unequal = _reward_if_equal(parts), _reward_if_unequal(parts)
        frame, broken = _frame(parts)
        if equal is not None or unequal is not None:
            return Settled(parts.format.quick, parts.judge, equal, unequal, coerce, frame, broken)
    return None


_VOUCHING = ("sure_when_equal", "sure_for", "fails_when_unequal", "judges_reply")


def _vouched(parts: Parts) -> bool:
    """Whether every rule takes part in the short way; one that does not may raise, and must be asked."""
    return all([any([hasattr(slot.rule, name) for name in _VOUCHING]) for slot in parts.slots])


def _frame(parts: Parts) -> tuple[tuple[Rule, ...], float]:
    """The gates that need nothing but the reply, and the reward where one fails and nothing but the gates counts."""
    if not getattr(parts.combiner, "only_gates", False) or not _vouched(parts):
        return (), 0.0
    slots = [slot for slot in parts.slots if slot.gate and getattr(slot.rule, "judges_reply", False)]
    scores = dict.fromkeys([slot.name for slot in parts.slots], 1.0)
    broken = [sum(parts.combiner({**scores, slot.name: 0.0}, _NO_CONTEXT).values()) for slot in slots]
    return (tuple([slot.rule for slot in slots]), broken[0]) if len(set(broken)) == 1 else ((), 0.0)


def _reward_if_equal(parts: Parts) -> float | None:
    """A rule that asks the case asks about the answer's own values, so equal values must be the same ones."""
    rules = [slot.rule for slot in parts.slots]
    same = getattr(parts.comparison, "same_value", False)
    if not same and any([hasattr(rule, "sure_for") for rule in rules]):
        return None
    if not all(getattr(rule, "sure_when_equal", False) or hasattr(rule, "sure_for") for rule in rules):
        return None
    return sum(parts.combiner({slot.name: 1.0 for slot in parts.slots}, _NO_CONTEXT).values())


def _reward_if_unequal(parts: Parts) -> float | None:
    """One failing gate settles a reward that depends on nothing but the gates."""
    failing = [
        slot.name for slot in parts.slots if slot.gate and getattr(slot.rule, "fails_when_unequal", False)
    ]
    if not failing or not getattr(parts.combiner, "only_gates", False) or not _vouched(parts):
        return None
    scores = {slot.name: float(slot.name not in failing) for slot in parts.slots}
    return sum(parts.combiner(scores, _NO_CONTEXT).values())
