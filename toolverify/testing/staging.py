"""A stage for rules: a profile's flow with a rule in it that keeps what rules are shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from toolverify.calls import Case, Context, Expected, ExpectedCall, Outcome, ToolCall, View
from toolverify.compile import compile_case
from toolverify.errors import ToolsError, ToolverifyError
from toolverify.parts import Parts, Slot, assemble
from toolverify.plugins import registry
from toolverify.profile import Profile, load_profile
from toolverify.protocols import AnswerReader, Format
from toolverify.schema import read_tools
from toolverify.testing.mutations import plain
from toolverify.testing.replies import exactly, tools_for
from toolverify.verify import verify

ProfileSource = str | os.PathLike[str] | Profile
#: How calls are written as an answer, where a profile's answer reader wants what only its author knows.
AnswerWriter = Callable[[Sequence[ToolCall]], Any]


@dataclass(frozen=True)
class _Keeper:
    """A rule that keeps what it sees."""

    name: ClassVar[str] = "keeper"
    gate: ClassVar[bool] = True
    seen: list[View] = field(default_factory=list)

    def __call__(self, view: View) -> Outcome:
        """Keep it."""
        self.seen.append(view)
        return Outcome(1.0)


@dataclass(frozen=True)
class Stage:
    """The parts of a profile, and how its answers are written."""

    parts: Parts
    write_answer: AnswerWriter | None = None

    def case(self, made: Sequence[ToolCall], tools: Any) -> Case | None:
        """A case that expects these calls; None where the profile refuses them as beyond its limits."""
        answer = answer_for(made, self.parts.answers, self.parts.format, self.write_answer)
        try:
            return None if answer is None else compile_case(self.parts, answer, tools)
        except ToolverifyError:
            return None

    def view(self, completion: Any, case: Case, context: Context) -> View:
        """What a rule of this profile sees.

        Raises:
            AssertionError: The profile's own parts raise before any rule is asked.
        """
        keeper = _Keeper()
        slots = (Slot("keeper", gate=True, rule=keeper, owner="toolverify.testing"),)
        verdict = verify(msgspec.structs.replace(self.parts, slots=slots), completion, case, context)
        if not keeper.seen:
            raise AssertionError(f"the profile cannot show a rule anything: {verdict.findings[0].message}")
        return keeper.seen[-1]


def stage(profile: ProfileSource, write_answer: AnswerWriter | None = None) -> Stage:
    """The stage of a profile."""
    return Stage(assemble(load_profile(profile), registry()), write_answer)


def answer_for(
    made: Sequence[ToolCall], reader: AnswerReader, format_: Format, write: AnswerWriter | None = None
) -> Any:
    """These calls as an answer that the reader reads as these calls; None where there is none."""
    written = [write(made)] if write is not None else _writings(made, format_)
    for answer in written:
        try:
            expected = read_with_tools(reader, answer, made)
        except ToolverifyError:
            continue
        if write is not None or _is(expected, made):
            return answer
    return None


def read_with_tools(reader: AnswerReader, answer: Any, made: Sequence[ToolCall]) -> Expected:
    """What a reader reads without tools, or with tools that accept these calls where it asks for them.

    Raises:
        ToolverifyError: It refuses the answer.
    """
    try:
        return reader.read(answer, None)
    except ToolsError:
        return reader.read(answer, read_tools(tools_for(list(made))))


def _writings(made: Sequence[ToolCall], format_: Format) -> Iterator[Any]:
    """The shapes that answers have in data: calls, a gold completion, calls with alternatives."""
    yield plain(made)
    with suppress(ToolverifyError):
        yield format_.render(list(made), reasoning="")
    yield [{call.name: {key: [value] for key, value in call.arguments.items()}} for call in made]


def _is(expected: Expected, made: Sequence[ToolCall]) -> bool:
    if len(expected.options) != 1:
        return False
    return exactly(list(map(_shown, expected.options[0]))) == exactly(plain(made))


def _shown(call: ExpectedCall) -> Mapping[str, Any]:
    from toolverify.judge import shown

    return {"name": call.name, "arguments": {key: shown(value) for key, value in call.arguments.items()}}
