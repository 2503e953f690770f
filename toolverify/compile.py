"""Compiling an answer and its tools into a Case: once per prompt, for every completion of its group."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import msgspec
from msgspec.structs import replace

from toolverify.calls import Case, Expected, ExpectedCall
from toolverify.errors import AnswerError, ToolverifyError
from toolverify.formats.engines.json_value import beyond
from toolverify.fresh_stack import with_room
from toolverify.judge import shown
from toolverify.parts import Parts
from toolverify.plain_json import check_plain
from toolverify.schema import read_tools


def compile_case(parts: Parts, answer: Any, tools: Any) -> Case:
    """Read an answer and its tools.

    Raises:
        AnswerError: The answer is missing, malformed, or nothing could ever equal it.
        ToolsError: The profile reads tools, and these are malformed.
    """
    try:
        return with_room(_compile, parts, answer, tools)
    except RecursionError as error:
        raise AnswerError("nested too deep to be read", path="answer", mend="flatten it") from error


def _compile(parts: Parts, answer: Any, tools: Any) -> Case:
    specs = read_tools(tools) if tools is not None and parts.reads_tools else None
    expected = _keyed(parts, _read_answer(parts, answer, specs))
    longest = max([len(option) for option in expected.options])
    attempts = max(parts.limits.attempts, 2 * longest)
    case = Case(
        expected=expected,
        profile=parts.digest,
        limits=parts.limits
        if attempts == parts.limits.attempts
        else replace(parts.limits, attempts=attempts),
        keys=tuple([_counted(option) for option in expected.options]),
        sole_key=expected.options[0][0].key if [len(option) for option in expected.options] == [1] else None,
        given_tools=tools,
        specs=specs,
    )
    return case if _sure(parts, case) else replace(case, sure=False)


def _sure(parts: Parts, case: Case) -> bool:
    """Ask the rules whose certainty depends on the case, as that of a schema on the answer's own calls."""
    asked = [slot.rule.sure_for for slot in parts.slots if hasattr(slot.rule, "sure_for")]
    return all([sure_for(case) for sure_for in asked])


def _read_answer(parts: Parts, answer: Any, specs: Any) -> Expected:
    try:
        expected = parts.answers.read(answer, specs)
    except (ToolverifyError, RecursionError):
        raise
    except Exception as error:  # a foreign reader may raise anything: it becomes an error of this answer
        reader = f"answer reader {parts.answers.name!r} of {parts.owners['answers']}"
        raise AnswerError(f"{reader} raised {type(error).__name__}: {error}", path="answer") from error
    if not expected.options:
        raise AnswerError("no acceptable list of calls", path="answer", mend="give one, [] for no call")
    return expected


def _check_bounds(parts: Parts, call: ExpectedCall, path: str) -> None:
    """A call beyond the limits could never be made, so the answer is at odds with the profile."""
    limits = parts.limits
    arguments = {key: shown(value) for key, value in call.arguments.items()}
    python = getattr(parts.format, "python_json", False)
    check_plain({"arguments": arguments}, path, depth=limits.depth, python=python)
    text = _shortest({"name": call.name, "arguments": arguments})
    refusal = f"over {limits.call} characters" if len(text) > limits.call else beyond(f"[{text}]", limits)
    if refusal:
        raise AnswerError(
            f"the call is beyond the limits: {refusal}", path=path, mend="raise the profile's limits"
        )


def _shortest(call: dict[str, Any]) -> str:
    """The shortest text a completion can hold of a call."""
    try:
        return msgspec.json.encode(call).decode()
    except UnicodeEncodeError:
        return json.dumps(call, ensure_ascii=False, separators=(",", ":"))


def _keyed(parts: Parts, expected: Expected) -> Expected:
    """The answer with a key for each call that can have one, checked against the limits."""
    options = []
    for index, option in enumerate(expected.options):
        path = f"answer.any_of[{index}]" if len(expected.options) > 1 else "answer"
        options.append(
            tuple([_keyed_call(parts, call, f"{path}[{place}]") for place, call in enumerate(option)])
        )
    return replace(expected, options=tuple(options))


def _keyed_call(parts: Parts, call: ExpectedCall, path: str) -> ExpectedCall:
    _check_bounds(parts, call, path)
    if not call.plain or parts.judge.value_key is None:
        return call
    key = parts.judge.key(call)
    if key is None:
        raise AnswerError("nothing equals NaN", path=path, mend="use a number that JSON has")
    return replace(call, key=key)


def _counted(option: tuple[ExpectedCall, ...]) -> dict[Hashable, int] | None:
    """How often each call is expected, by its key; None where one has none."""
    counts: dict[Hashable, int] = {}
    for call in option:
        if call.key is None:
            return None
        counts[call.key] = counts.get(call.key, 0) + 1
    return counts
