"""The reward inside a trainer: one sample in, one number and its components out, whatever the row or the model holds.

What every adapter needs and no trainer gives: answers and tools as datasets carry them (JSON texts), compiled once per
prompt; components with the same names on every sample, finite; and nothing that raises in the middle of a step.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from toolverify.calls import Case, Context, Finding, Verdict
from toolverify.errors import AnswerError, ProfileError, ToolverifyError

if TYPE_CHECKING:  # a verifier brings pydantic, which a plugin that only reads labels need not wait for
    from toolverify.profile import Profile
    from toolverify.protocols import Format
    from toolverify.verifier import Verifier

#: What stands beside the rules in every sample's components.
PASSED, ERROR, UNSCORABLE = "acc", "verifier_error", "unscorable"
_THINK = "<think>"
_MOST_CASES = 4_096  # compiled answers that are kept: more than the prompts of one step

OnError = Literal["zero", "raise"]


class Gold(Struct, frozen=True):
    """What a row expects: the answer, the tools it offers, and comparisons of its own."""

    answer: Any
    tools: Any = None
    compare: Any = None


class Scored(Struct, frozen=True):
    """One sample, scored.

    Attributes:
        reward: The reward; None where there is none to give, so that an adapter decides what stands in for it.
        components: `acc`, the score of each rule, `verifier_error` and `unscorable`: always these, always finite.
        parts: The priced parts, whose sum is the reward; 0 where there is no reward.
        findings: The reasons.
    """

    reward: float | None
    components: dict[str, float]
    parts: dict[str, float]
    findings: tuple[Finding, ...] = ()


class RewardModel:
    """A profile as a trainer uses it. It pickles, and is safe to share between threads.

    Args:
        profile: A profile's name, the path of a TOML file, or a Profile.
        format: The wire format the model speaks, where it is not the profile's own.
        on_error: What a row that cannot be read does: `zero` counts it and goes on, `raise` raises.
        reserved: Names that the trainer keeps for itself, so that no rule may have them.

    Raises:
        ProfileError: The profile is unknown or malformed, or a rule has a reserved name.
    """

    def __init__(
        self,
        profile: str | os.PathLike[str] | Profile,
        *,
        format: str | None = None,  # noqa: A002
        on_error: OnError = "zero",
        reserved: Sequence[str] = (),
    ) -> None:
        from toolverify.verifier import Verifier

        if on_error not in {"zero", "raise"}:
            raise ProfileError(f"on_error is {on_error!r}", path="on_error", mend="use 'zero' or 'raise'")
        self.verifier = Verifier(profile, format=format)
        self.on_error: OnError = on_error
        self.reserved = tuple(reserved)
        _refuse_reserved(self.verifier, {PASSED, ERROR, UNSCORABLE, *reserved})
        self._compiled = lru_cache(maxsize=_MOST_CASES)(self._compile)

    def __reduce__(self) -> tuple[object, ...]:
        """The cache of compiled answers stays behind."""
        return _rebuild, (self.verifier, self.on_error, self.reserved)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the components, the same on every sample."""
        return (PASSED, *self.verifier.rules, ERROR, UNSCORABLE)

    def score(self, completion: Any, gold: Gold, context: Context | None = None) -> Scored:
        """Score one completion. With `on_error="zero"` nothing raises, whatever the row or the completion is.

        Raises:
            ToolverifyError: With `on_error="raise"`: the answer or the tools of the row are wrong.
        """
        try:
            verdict = self.verifier.score(completion, case=self.case(gold), context=context)
        except ToolverifyError as error:
            if self.on_error == "raise":
                raise
            return self.failed("row.unreadable", str(error))
        return self._scored(verdict)

    def case(self, gold: Gold) -> Case:
        """The compiled answer of a row; equal rows share one.

        Raises:
            AnswerError: The answer is missing or malformed.
            ToolsError: The tools are malformed.
        """
        try:
            key = json.dumps([gold.answer, gold.tools, gold.compare])  # not msgspec, which writes NaN as null
        except (TypeError, ValueError, RecursionError):  # no JSON at all: compiling tells
            return self.verifier.compile(answer=gold.answer, tools=gold.tools, compare=gold.compare)
        return self._compiled(key)

    def _compile(self, key: str) -> Case:
        answer, tools, compare = json.loads(key)
        return self.verifier.compile(answer=answer, tools=tools, compare=compare)

    def failed(self, code: str, message: str) -> Scored:
        """A sample without a verdict: counted, with every component that any other has."""
        components = {**dict.fromkeys(self.names, 0.0), ERROR: 1.0, UNSCORABLE: 1.0}
        parts = dict.fromkeys(self.verifier.part_names, 0.0)
        return Scored(None, components, parts, (Finding(code, "error", "", message),))

    def _scored(self, verdict: Verdict) -> Scored:
        if verdict.reward is None or not isfinite(verdict.reward):
            told = (
                verdict.findings[-1] if verdict.findings else Finding("rule.raised", "error", "", "no reward")
            )
            return self.failed(told.code, told.message)
        scores = {name: float(score or 0.0) for name, score in verdict.scores.items()}
        components = {PASSED: float(bool(verdict.passed)), **scores, ERROR: 0.0, UNSCORABLE: 0.0}
        parts = {name: float(part or 0.0) for name, part in verdict.parts.items()}
        return Scored(verdict.reward, components, parts, verdict.findings)


def _rebuild(verifier: Verifier, on_error: OnError, reserved: tuple[str, ...]) -> RewardModel:
    model = RewardModel(verifier.profile, on_error=on_error, reserved=reserved)
    if model.verifier.hash != verifier.hash:  # the verifier's own pickling has compared it already
        raise ProfileError("the profile has another hash here", mend="install the same versions everywhere")
    return model


def _refuse_reserved(verifier: Verifier, reserved: set[str]) -> None:
    taken = [name for name in verifier.rules if name in reserved]
    if taken:
        raise ProfileError(
            f"a rule is named {taken[0]!r}, which the trainer's log keeps for itself",
            path=f"profile {verifier.profile.name}: rules",
            mend=f'give it another name: {{ use = "{taken[0]}", name = … }}',
        )


_LABEL_KEYS = {"answer", "tools", "compare"}


def read_label(label: Any) -> Gold:
    """A label as a dataset carries it: a JSON text or value of `{"answer", "tools", "compare"}`, or the answer alone.

    A text that is no JSON is an answer too: a gold completion.
    """
    value = _from_json(label) if isinstance(label, str) else label
    if isinstance(value, Mapping) and "answer" in value and value.keys() <= _LABEL_KEYS | {"meta", "id"}:
        meta = value.get("meta")
        compare = value.get("compare", meta.get("compare") if isinstance(meta, Mapping) else None)
        return Gold(value["answer"], value.get("tools"), compare)
    return Gold(label)


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def write_label(answer: Any, *, tools: Any = None, compare: Any = None) -> str:
    """A label as one JSON text, which no dataset library can bend.

    Raises:
        AnswerError: The answer, the tools or the comparisons are no JSON.
    """
    label = {"answer": answer, "tools": tools, "compare": compare}
    try:
        return json.dumps(
            {key: value for key, value in label.items() if value is not None or key == "answer"}
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerError(f"not JSON: {error}", path="answer", mend="use plain JSON values") from error


def cut_ending(text: str, endings: Sequence[str]) -> str:
    """A completion without the end-of-turn and padding tokens behind it; call markers are never touched."""
    marks = tuple(mark for mark in endings if mark)
    backwards = _backwards(marks).match(text[::-1]) if marks else None
    return text if backwards is None else text[: len(text) - backwards.end()]


@lru_cache(maxsize=64)
def _backwards(marks: tuple[str, ...]) -> re.Pattern[str]:
    """Endings and the white space between them, from the end on: one pass, though a model writes one a hundred thousand times."""
    spelled = "|".join(re.escape(mark[::-1]) for mark in marks)
    return re.compile(rf"(?>\s*+(?:{spelled}))+")


def think_marker(format_: Format) -> str:
    """The marker that opens the reasoning, as far as the format tells."""
    marker = getattr(format_, "think_start", _THINK)
    return marker if isinstance(marker, str) and marker else _THINK


def opens_reasoning(prompt: str, marker: str = _THINK) -> bool:
    """Whether a prompt ends inside the reasoning: its last word is the marker that opens it."""
    return prompt.rstrip().endswith(marker)
