"""Compiling an answer and its tools into a Case: once per prompt, for every completion of its group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

import msgspec

from toolverify.calls import Case, Expected, ExpectedCall
from toolverify.errors import AnswerError, ToolverifyError
from toolverify.formats.engines.json_value import beyond
from toolverify.judge import shown
from toolverify.limits import Limits
from toolverify.parts import Parts
from toolverify.protocols import KeyedComparison
from toolverify.schema import read_tools_json, tools_to_json


def compile_case(parts: Parts, answer: Any, tools: Any) -> Case:
    """Read an answer and its tools.

    Raises:
        AnswerError: The answer is missing, malformed, or nothing could ever equal it.
        ToolsError: The profile reads tools, and these are malformed.
    """
    tools_json = None if tools is None or not _wants_tools(parts, tools) else tools_to_json(tools)
    specs = read_tools_json(tools_json) if tools_json is not None and parts.reads_tools else None
    expected = _read_answer(parts, answer, specs)
    for index, option in enumerate(expected.options):
        for place, call in enumerate(option):
            where = f"answer.any_of[{index}][{place}]" if len(expected.options) > 1 else f"answer[{place}]"
            _check_bounds(call, where, parts.limits)
    longest = max(len(option) for option in expected.options)
    attempts = max(parts.limits.attempts, 2 * longest)
    return Case(
        expected=expected,
        profile=parts.digest,
        limits=msgspec.structs.replace(parts.limits, attempts=attempts),
        keys=tuple(_keys(parts, option) for option in expected.options),
        tools_json=tools_json,
    )


def _wants_tools(parts: Parts, tools: Any) -> bool:
    """A profile that does not read tools does not mind what they look like."""
    return parts.reads_tools or isinstance(tools, list | tuple | str)


def _read_answer(parts: Parts, answer: Any, specs: Any) -> Expected:
    try:
        expected = parts.answers.read(answer, specs)
    except ToolverifyError:
        raise
    except Exception as error:  # a foreign reader may raise anything: it becomes an error of this answer
        reader = f"answer reader {parts.answers.name!r} of {parts.owners['answers']}"
        raise AnswerError(f"{reader} raised {type(error).__name__}: {error}", path="answer") from error
    if not expected.options:
        raise AnswerError("no acceptable list of calls", path="answer", mend="give one, [] for no call")
    return expected


def _check_bounds(call: ExpectedCall, path: str, limits: Limits) -> None:
    """A call beyond the limits could never be made, so the answer is at odds with the profile."""
    try:
        text = msgspec.json.encode({key: shown(value) for key, value in call.arguments.items()}).decode()
    except RecursionError as error:
        raise AnswerError(f"nested deeper than {limits.depth} levels", path=path) from error
    except (TypeError, ValueError) as error:
        raise AnswerError(f"not JSON: {error}", path=path, mend="use plain JSON values") from error
    refusal = beyond(text, limits)
    if len(text) > limits.call:
        refusal = f"over {limits.call} characters"
    if refusal:
        raise AnswerError(
            f"the call is beyond the limits: {refusal}", path=path, mend="raise the profile's limits"
        )


def _keys(parts: Parts, option: tuple[ExpectedCall, ...]) -> dict[Hashable, int] | None:
    """How often each call is expected, by its key; None where there is none to be had."""
    if not isinstance(parts.comparison, KeyedComparison) or not all(call.plain for call in option):
        return None
    keys = [parts.judge.key(call) for call in option]
    if None in keys:
        place = keys.index(None)
        raise AnswerError("nothing equals NaN", path=f"answer[{place}]", mend="use a number that JSON has")
    return dict(Counter(keys))
