"""The Verifier: a profile, ready to score."""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from toolverify.calls import Case, Context, Verdict
from toolverify.compile import compile_case
from toolverify.errors import ProfileError
from toolverify.parts import Parts, assemble
from toolverify.plugins import registry
from toolverify.profile import Profile, load_profile
from toolverify.protocols import KeyedComparison, QuickFormat
from toolverify.reading import ReadyCalls
from toolverify.verify import verify

_NO_CONTEXT = Context()


class Verifier:
    """Scores completions by a profile.

    It is immutable, pickles, and is safe to share between threads.

    Args:
        profile: A profile's name, the path of a TOML file, or a Profile.
        format: The wire format to read, where it is not the profile's own.

    Raises:
        ProfileError: The profile is unknown or malformed.
    """

    def __init__(self, profile: str | os.PathLike[str] | Profile, *, format: str | None = None) -> None:  # noqa: A002
        loaded = load_profile(profile)
        self.profile = loaded if format is None else loaded.with_format(format)
        self._parts = assemble(self.profile, registry())
        self._settled = _settled_rewards(self._parts)

    @property
    def hash(self) -> str:
        """A short hash of the profile and of the versions of all that brings its parts."""
        return self._parts.digest

    @property
    def rules(self) -> tuple[str, ...]:
        """The keys of every verdict's `scores`."""
        return tuple(slot.name for slot in self._parts.slots)

    @property
    def part_names(self) -> tuple[str, ...]:
        """The keys of every verdict's `parts`."""
        return self._parts.part_names

    def __repr__(self) -> str:
        return f"Verifier({self.profile.name!r}, hash={self.hash!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Parts are looked up again where it is unpickled, and must be the same there."""
        return _rebuild, (self.profile, self.hash)

    def compile(self, *, answer: Any, tools: Any = None) -> Case:
        """Compile an answer and its tools, once for all completions of a prompt.

        Raises:
            AnswerError: The answer is missing or malformed.
            ToolsError: The profile reads tools, and these are malformed.
        """
        return compile_case(self._parts, answer, tools)

    def score(
        self,
        completion: Any = None,
        *,
        calls: Any = None,
        answer: Any = None,
        tools: Any = None,
        case: Case | None = None,
        context: Context | None = None,
    ) -> Verdict:
        """Score one completion, or ready-made calls, against an answer or a compiled case.

        Raises:
            AnswerError: The answer is missing or malformed. Nothing a model wrote raises.
        """
        if case is None:
            case = self.compile(answer=answer, tools=tools)
        else:
            self._check(case)
        given = completion if calls is None else ReadyCalls(calls)
        return verify(self._parts, given, case, context or _NO_CONTEXT)

    def score_batch(
        self, completions: Sequence[Any], cases: Sequence[Case], *, contexts: Sequence[Context] | None = None
    ) -> list[Verdict]:
        """Score each completion against its case."""
        self._check_all(completions, cases, contexts)
        rows = zip(completions, cases, contexts or [_NO_CONTEXT] * len(cases), strict=True)
        return [verify(self._parts, completion, case, context) for completion, case, context in rows]

    def rewards(
        self, completions: Sequence[Any], cases: Sequence[Case], *, contexts: Sequence[Context] | None = None
    ) -> list[float]:
        """The rewards alone: the fast path. NaN where a completion cannot be scored."""
        self._check_all(completions, cases, contexts)
        if contexts is not None or self._settled is None:
            return self._long_rewards(completions, cases, contexts or [_NO_CONTEXT] * len(cases))
        return [self._quick_reward(*row) for row in zip(completions, cases, strict=True)]

    def _quick_reward(self, completion: Any, case: Case) -> float:
        """The short way, where the completion is in the canonical frame and its calls decide the reward."""
        settled = self._settled
        if (
            settled is not None
            and type(completion) is str
            and len(case.keys) == 1
            and case.keys[0] is not None
        ):
            calls = settled.format.quick(completion, case)
            if calls is not None:
                reward = settled.equal if settled.same(calls, case.keys[0]) else settled.unequal
                if reward is not None:
                    return reward
        return _number(verify(self._parts, completion, case, _NO_CONTEXT))

    def _long_rewards(
        self, completions: Iterable[Any], cases: Iterable[Case], contexts: Iterable[Context]
    ) -> list[float]:
        rows = zip(completions, cases, contexts, strict=True)
        return [_number(verify(self._parts, completion, case, context)) for completion, case, context in rows]

    def _check(self, case: Case) -> None:
        if case.profile != self._parts.digest:
            raise ProfileError(
                f"the case was compiled for another profile ({case.profile or 'none'}, not {self.hash})",
                mend="compile it with this verifier",
            )

    def _check_all(
        self, completions: Sequence[Any], cases: Sequence[Case], contexts: Sequence[Context] | None
    ) -> None:
        numbers = [len(completions), len(cases), *([] if contexts is None else [len(contexts)])]
        if len(set(numbers)) > 1:
            raise ValueError(f"as many completions as cases and contexts are due, got {numbers}")
        digest = self._parts.digest
        for case in cases:
            if case.profile != digest:
                self._check(case)


def _rebuild(profile: Profile, digest: str) -> Verifier:
    verifier = Verifier(profile)
    if verifier.hash != digest:
        raise ProfileError(
            f"profile {profile.name!r} has another hash here ({verifier.hash}, not {digest})",
            mend="install the same versions of toolverify and its leaves on every machine",
        )
    return verifier


def _number(verdict: Verdict) -> float:
    return math.nan if verdict.reward is None else verdict.reward


class _Settled:
    """What the short way needs, and the rewards that it settles without a context."""

    def __init__(self, parts: Parts, format_: QuickFormat, comparison: KeyedComparison) -> None:
        self.format = format_
        self.key = comparison.key
        self.equal = _reward_if_equal(parts)
        self.unequal = _reward_if_unequal(parts)

    def same(self, calls: Sequence[tuple[str, dict[str, Any]]], keys: Mapping[Hashable, int]) -> bool:
        """Whether the calls are the expected ones, in any order."""
        key = self.key
        if len(calls) == 1:
            name, arguments = calls[0]
            return len(keys) == 1 and keys.get((name, key(arguments))) == 1
        counts: dict[Hashable, int] = {}
        for name, arguments in calls:
            one = (name, key(arguments))
            counts[one] = counts.get(one, 0) + 1
        return counts == keys


def _settled_rewards(parts: Parts) -> _Settled | None:
    """The short way, where the profile's parts offer one."""
    direct = parts.matcher.name == "unordered" and parts.coercion.name == "none"
    if direct and isinstance(parts.format, QuickFormat) and isinstance(parts.comparison, KeyedComparison):
        settled = _Settled(parts, parts.format, parts.comparison)
        if settled.equal is not None or settled.unequal is not None:
            return settled
    return None


def _reward_if_equal(parts: Parts) -> float | None:
    if not all(getattr(slot.rule, "sure_when_equal", False) for slot in parts.slots):
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
