"""The Verifier: a profile, ready to score."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

from toolverify.calls import Case, Context, Verdict, View
from toolverify.compile import compile_case
from toolverify.errors import ProfileError
from toolverify.examine import examine
from toolverify.parts import assemble
from toolverify.plugins import registry
from toolverify.profile import Profile, load_profile
from toolverify.protocols import Format
from toolverify.reading import ReadyCalls
from toolverify.settled import Settled, settle
from toolverify.verify import verify, verify_unless

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
        self._settled = settle(self._parts)

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

    @property
    def format(self) -> Format:
        """The wire format, with the profile's options."""
        return self._parts.format

    @property
    def distributions(self) -> tuple[str, ...]:
        """What brings the profile's parts, as `toolverify 0.1.0`: each distribution once."""
        return tuple(sorted(set(self._parts.owners.values())))

    def __repr__(self) -> str:
        return f"Verifier({self.profile.name!r}, hash={self.hash!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Parts are looked up again where it is unpickled, and must be the same there."""
        return _rebuild, (self.profile, self.hash)

    def compile(self, *, answer: Any, tools: Any = None, compare: Any = None) -> Case:
        """Compile an answer and its tools, once for all completions of a prompt.

        Args:
            answer: What is expected, as the profile's answer reader wants it.
            tools: The tools that are offered.
            compare: Comparisons for single arguments, by path: `{"city": "casefold"}`.

        Raises:
            AnswerError: The answer is missing or malformed.
            ToolsError: The profile reads tools, and these are malformed.
        """
        return compile_case(self._parts, answer, tools, compare)

    def score(
        self,
        completion: Any = None,
        *,
        calls: Any = None,
        answer: Any = None,
        tools: Any = None,
        compare: Any = None,
        case: Case | None = None,
        context: Context | None = None,
    ) -> Verdict:
        """Score one completion, or ready-made calls, against an answer or a compiled case.

        Raises:
            AnswerError: The answer is missing or malformed. Nothing a model wrote raises.
        """
        if completion is not None and calls is not None:
            raise TypeError("give a completion or calls, not both")
        if context is not None and not isinstance(context, Context):
            raise TypeError(f"a Context is due, got {type(context).__name__}: use toolverify.Context(…)")
        if case is None:
            case = self.compile(answer=answer, tools=tools, compare=compare)
        elif answer is not None or tools is not None or compare is not None:
            raise TypeError("give a case or an answer with tools, not both")
        else:
            self._check(case)
        given = completion if calls is None else ReadyCalls(calls)
        return verify(self._parts, given, case, context or _NO_CONTEXT)

    def view(
        self, completion: Any = None, *, calls: Any = None, case: Case, context: Context | None = None
    ) -> View:
        """What the rules see of a completion, or of ready-made calls: to look at, and to try a rule on.

        A part that raises, raises here; in `score` it makes the verdict unscorable.
        """
        self._check(case)
        given = completion if calls is None else ReadyCalls(calls)
        return examine(self._parts, given, case, context or _NO_CONTEXT)

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
        return self._short_rewards(self._settled, completions, cases)

    def _short_rewards(
        self, settled: Settled, completions: Sequence[Any], cases: Sequence[Case]
    ) -> list[float]:
        """The short way, where a completion is in the canonical frame and its calls decide the reward."""
        quick, outcome_of = settled.quick, settled.outcome
        outcome: float | None
        rewards = []
        for completion, case in zip(completions, cases, strict=True):
            outcome = None
            try:
                calls = quick(completion, case) if type(completion) is str else None
                if calls is not None:
                    outcome = outcome_of(calls, case)
            except RecursionError:  # the caller stands near the end of its stack
                outcome = None
            rewards.append(self._unsettled(settled, completion, case) if outcome is None else outcome)
        return rewards

    def _unsettled(self, settled: Settled, completion: Any, case: Case) -> float:
        """The reward of a completion that its calls do not settle: perhaps its form does."""
        stops = settled.breaks_the_frame if settled.frame else None
        verdict = verify_unless(self._parts, completion, case, _NO_CONTEXT, stops)
        return settled.broken if verdict is None else _number(verdict)

    def _long_rewards(
        self, completions: Iterable[Any], cases: Iterable[Case], contexts: Iterable[Context]
    ) -> list[float]:
        rows = zip(completions, cases, contexts, strict=True)
        return [_number(verify(self._parts, completion, case, context)) for completion, case, context in rows]

    def _check(self, case: Case) -> None:
        if not isinstance(case, Case):
            raise TypeError(
                f"a compiled case is due, got {type(case).__name__}: use verifier.compile(answer=…)"
            )
        if case.profile != self._parts.digest:
            raise ProfileError(
                f"the case was compiled for another profile ({case.profile or 'none'}, not {self.hash})",
                mend="compile it with this verifier",
            )

    def _check_all(
        self, completions: Sequence[Any], cases: Sequence[Case], contexts: Sequence[Context] | None
    ) -> None:
        if not isinstance(cases, Sequence):
            raise TypeError("as many cases as completions are due: [case] * len(completions)")
        numbers = [len(completions), len(cases), *([] if contexts is None else [len(contexts)])]
        if len(set(numbers)) > 1:
            raise ValueError(f"as many completions as cases and contexts are due, got {numbers}")
        digest = self._parts.digest
        for case in cases:
            if type(case) is not Case or case.profile != digest:
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
