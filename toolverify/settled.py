"""The short way to a reward: what a profile's parts offer so that most completions need no verdict.

A completion in the canonical frame, whose calls are compared by key, settles the reward of a profile all of whose rules
say what that means for them. What is not settled goes the long way, so that both ways give one number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import Struct

from toolverify.calls import Case, Context
from toolverify.parts import Parts
from toolverify.protocols import KeyedComparison, QuickFormat

Calls = list[tuple[str, dict[str, Any]]]
_NO_CONTEXT = Context()


class Settled(Struct, frozen=True):
    """The rewards that are settled without a context, and the functions that tell which applies.

    Attributes:
        quick: The calls of a text in the canonical frame.
        key: The key of a call's arguments.
        equal: The reward when the calls are the expected ones; None where that does not settle it.
        unequal: The reward when they are not; None where that does not settle it.
    """

    quick: Callable[[str, Case], Calls | None]
    key: Callable[[Any], Hashable | None]
    equal: float | None
    unequal: float | None

    def outcome(self, calls: Calls, case: Case) -> float | None:
        """The reward of calls in any order, where it is settled."""
        keys = case.keys[0]
        if keys is None or len(case.keys) > 1:
            return None
        if self._counted(calls) != keys:
            return self.unequal
        return self.equal if case.sure else None

    def _counted(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> dict[Hashable, int]:
        counts: dict[Hashable, int] = {}
        for name, arguments in calls:
            one = (name, self.key(arguments))
            counts[one] = counts.get(one, 0) + 1
        return counts


def settle(parts: Parts) -> Settled | None:
    """The short way, where the profile's parts offer one."""
    direct = parts.matcher.name == "unordered" and not parts.coerces
    if direct and isinstance(parts.format, QuickFormat) and isinstance(parts.comparison, KeyedComparison):
        equal, unequal = _reward_if_equal(parts), _reward_if_unequal(parts)
        if equal is not None or unequal is not None:
            return Settled(parts.format.quick, parts.comparison.key, equal, unequal)
    return None


def _reward_if_equal(parts: Parts) -> float | None:
    rules = [slot.rule for slot in parts.slots]
    if not all(getattr(rule, "sure_when_equal", False) or hasattr(rule, "sure_for") for rule in rules):
        return None
    return sum(parts.combiner({slot.name: 1.0 for slot in parts.slots}, _NO_CONTEXT).values())


def _reward_if_unequal(parts: Parts) -> float | None:
    """One failing gate settles a reward that depends on nothing but the gates."""
    failing = [
        slot.name for slot in parts.slots if slot.gate and getattr(slot.rule, "fails_when_unequal", False)
    ]
    if not failing or not getattr(parts.combiner, "only_gates", False):
        return None
    scores = {slot.name: float(slot.name not in failing) for slot in parts.slots}
    return sum(parts.combiner(scores, _NO_CONTEXT).values())
