"""Possible answers as BFCL's data has them, kept as they are: the check reads them as the reference does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify.answers import from_json_text
from toolverify.calls import Choice, Expected, ExpectedCall, Fields, Items
from toolverify.errors import AnswerError, ToolsError
from toolverify.schema import ToolSpec

_SHAPE = 'write {"name": {"argument": [value, …]}}'


@dataclass(frozen=True)
class BfclAnswer:
    """`[{"fn": {"arg": [alternative, …]}}, …]` as in BFCL's possible answers; `[]` where no call is expected.

    A call in the common form, `{"name", "arguments"}`, has one alternative for each argument.
    Where any call will do, as in the category of relevance, the answer is not looked at, and may be `[]`.
    """

    name: ClassVar[str] = "bfcl"

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read the gold calls; their alternatives may be anything, as some are in the data."""
        answer = from_json_text(answer)
        if not isinstance(answer, list | tuple):
            kind = type(answer).__name__
            raise AnswerError(f"expected a list, got {kind}", path="answer", mend="write [] for no call")
        golds = tuple([_gold(call, f"answer[{index}]") for index, call in enumerate(answer)])
        if golds and tools is None:
            raise ToolsError("calls are checked by their tools", path="tools", mend="give the row's tools")
        return Expected((tuple([_expected(gold) for gold in golds]),), extra=golds)


def _gold(call: Any, path: str) -> dict[str, Any]:
    if (
        isinstance(call, Mapping)
        and set(call) == {"name", "arguments"}
        and isinstance(call["arguments"], Mapping)
    ):
        call = {call["name"]: {name: [_sole(value)] for name, value in call["arguments"].items()}}
    if not isinstance(call, Mapping) or len(call) != 1:
        raise AnswerError("expected an object with one name", path=path, mend=_SHAPE)
    name, arguments = next(iter(call.items()))
    if not isinstance(name, str) or not name:
        raise AnswerError("a call needs a name", path=path, mend="use a non-empty string")
    if not isinstance(arguments, Mapping):
        kind = type(arguments).__name__
        raise AnswerError(f"expected an object, got {kind}", path=f"{path}.{name}", mend=_SHAPE)
    return {name: dict(arguments)}


def _sole(value: Any) -> Any:
    """A value as the only alternative: in an object, also in a list of them, each member lists its own alternatives."""
    if isinstance(value, Mapping):
        return {key: [member] for key, member in value.items()}
    return (
        [_sole(element) if isinstance(element, Mapping) else element for element in value]
        if isinstance(value, list)
        else value
    )


def _expected(gold: dict[str, Any]) -> ExpectedCall:
    name, arguments = next(iter(gold.items()))
    return ExpectedCall(name, {key: _choice(values) for key, values in arguments.items()}, plain=False)


def _choice(values: Any) -> Choice:
    """The alternatives of an argument, for those who look at the answer in the common form."""
    if not isinstance(values, list | tuple):
        return Choice((values,))
    given = tuple([_pattern(value) for value in values if value != ""])  # "" says that it may be left out
    return Choice(given, optional=len(given) < len(values))


def _pattern(value: Any) -> Any:
    """An alternative; in an object each member lists its own."""
    if isinstance(value, Mapping):
        return Fields({key: _choice(members) for key, members in value.items()})
    if isinstance(value, list | tuple) and any(isinstance(element, Mapping) for element in value):
        return Items(tuple([_pattern(element) for element in value]))
    return value
