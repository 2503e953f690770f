"""Answers as found in data, read into what is expected. A wrong answer raises; it never scores 0 silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from toolverify.calls import Choice, Expected, ExpectedCall, Fields, Items
from toolverify.errors import AnswerError
from toolverify.hookspecs import hookimpl
from toolverify.protocols import AnswerReader
from toolverify.schema import ToolSpec

_EMPTY_MEND = "write [] where no call is expected"


@dataclass(frozen=True)
class CallsAnswer:
    """`[{"name", "arguments" | "parameters"}, …]`, or `{"any_of": [answer, …]}`, or the JSON text of either."""

    name: ClassVar[str] = "calls"

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read the calls that are expected."""
        del tools
        answer = from_json_text(answer)
        if isinstance(answer, Mapping) and "any_of" in answer:
            return Expected(tuple(_any_of(answer)))
        return Expected((_calls(answer, "answer"),))


def from_json_text(answer: Any, path: str = "answer") -> Any:
    """The answer itself, where it came as JSON text.

    Raises:
        AnswerError: There is none, or the text is not JSON.
    """
    if isinstance(answer, str):
        try:
            answer = msgspec.json.decode(answer)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            raise AnswerError(
                f"the text is not JSON: {error}", path=path, mend="give a list of calls"
            ) from error
    if answer is None:
        raise AnswerError("the answer is missing (null)", path=path, mend=_EMPTY_MEND)
    return answer


def _any_of(answer: Mapping[str, Any]) -> list[tuple[ExpectedCall, ...]]:
    options = answer["any_of"]
    if len(answer) > 1:
        other = next(key for key in answer if key != "any_of")
        raise AnswerError(f"unknown key {other!r} beside 'any_of'", path="answer", mend="remove it")
    if not isinstance(options, list | tuple) or not options:
        raise AnswerError("expected a list of answers", path="answer.any_of", mend="list at least one answer")
    return [_calls(option, f"answer.any_of[{index}]") for index, option in enumerate(options)]


def _calls(answer: Any, path: str) -> tuple[ExpectedCall, ...]:
    if isinstance(answer, Mapping) and "name" in answer:
        raise AnswerError("expected a list of calls, got one call", path=path, mend="wrap it in a list")
    if not isinstance(answer, list | tuple):
        raise AnswerError(f"expected a list of calls, got {_kind(answer)}", path=path, mend=_EMPTY_MEND)
    return tuple([_call(call, f"{path}[{index}]") for index, call in enumerate(answer)])


def _call(call: Any, path: str) -> ExpectedCall:
    if not isinstance(call, Mapping):
        raise AnswerError(
            f"expected a call, got {_kind(call)}", path=path, mend='write {"name": …, "arguments": {…}}'
        )
    name = call.get("name")
    if not isinstance(name, str) or not name:
        raise AnswerError("a call needs a name", path=f"{path}.name", mend="add a non-empty string")
    keys = [key for key in ("arguments", "parameters") if key in call]
    if len(keys) != 1:
        problem = "a call needs 'arguments'" if not keys else "both 'arguments' and 'parameters'"
        raise AnswerError(problem, path=path, mend="give an object under 'arguments', {} for none")
    arguments = call[keys[0]]
    if not isinstance(arguments, Mapping):
        mend = "decode the JSON text" if isinstance(arguments, str) else "give an object, {} for no arguments"
        raise AnswerError(f"expected an object, got {_kind(arguments)}", path=f"{path}.{keys[0]}", mend=mend)
    return ExpectedCall(name, dict(arguments))


@dataclass(frozen=True)
class PossibleAnswer:
    """BFCL's `[{"fn": {"arg": [alternative, …]}}, …]`; an alternative `""` means that it may be left out."""

    name: ClassVar[str] = "possible"

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read the calls with their alternatives."""
        del tools
        answer = from_json_text(answer)
        if not isinstance(answer, list | tuple):
            raise AnswerError(f"expected a list, got {_kind(answer)}", path="answer", mend=_EMPTY_MEND)
        calls = [_possible_call(call, f"answer[{index}]") for index, call in enumerate(answer)]
        return Expected((tuple(calls),))


def _possible_call(call: Any, path: str) -> ExpectedCall:
    if not isinstance(call, Mapping) or len(call) != 1:
        raise AnswerError(
            "expected an object with one name", path=path, mend='write {"name": {"arg": [value, …]}}'
        )
    name, arguments = next(iter(call.items()))
    if not isinstance(name, str) or not name:
        raise AnswerError("a call needs a name", path=path, mend="use a non-empty string")
    if not isinstance(arguments, Mapping):
        raise AnswerError(
            f"expected an object, got {_kind(arguments)}", path=f"{path}.{name}", mend="map arguments"
        )
    read = {key: _choice(values, f"{path}.{name}.{key}") for key, values in arguments.items()}
    return ExpectedCall(name, read, plain=False)


def _choice(values: Any, path: str) -> Choice:
    if not isinstance(values, list | tuple):
        raise AnswerError(
            f"expected a list of alternatives, got {_kind(values)}", path=path, mend="wrap it in a list"
        )
    if not values:
        raise AnswerError(
            "no alternative, so nothing could pass", path=path, mend="list the values that are right"
        )
    given = [value for value in values if value != "" or not isinstance(value, str)]
    return Choice(tuple([_pattern(value, path) for value in given]), optional=len(given) < len(values))


def _pattern(value: Any, path: str) -> Any:
    """In an object, each member lists its own alternatives; a member that does not is a plain value."""
    if isinstance(value, Mapping):
        members = {
            key: _choice(inner, f"{path}.{key}")
            if isinstance(inner, list | tuple) and inner
            else Choice((inner,))
            for key, inner in value.items()
        }
        return Fields(members)
    if isinstance(value, list | tuple) and any(isinstance(element, Mapping) for element in value):
        return Items(tuple([_pattern(element, path) for element in value]))
    return value


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


@hookimpl
def toolverify_answers() -> Sequence[AnswerReader]:
    """The answer readers of the core."""
    return [CallsAnswer(), PossibleAnswer()]
