"""Compiling an answer and its tools into a Case: once per prompt, for every completion of its group."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from toolverify.calls import Case, Choice, Expected, ExpectedCall, ToolCall
from toolverify.compare_by import with_comparisons
from toolverify.errors import AnswerError, ToolverifyError
from toolverify.formats.engines.json_value import beyond
from toolverify.fresh_stack import with_room
from toolverify.judge import CallJudge, shown
from toolverify.limits import Limits
from toolverify.parts import Parts
from toolverify.plain_json import check_plain
from toolverify.schema import ToolSpec, fits_argument, grades, read_tools


def compile_case(parts: Parts, answer: Any, tools: Any, compare: Any = None) -> Case:
    """Read an answer and its tools, and how single arguments are to be compared.

    Raises:
        AnswerError: The answer is missing, malformed, or nothing could ever equal it.
        ToolsError: The profile reads tools, and these are malformed.
    """
    try:
        return with_room(_compile, parts, answer, tools, compare)
    except RecursionError as error:
        raise AnswerError("nested too deep to be read", path="answer", mend="flatten it") from error


def _compile(parts: Parts, answer: Any, tools: Any, compare: Any) -> Case:
    specs = read_tools(tools) if tools is not None and _reads(parts, tools) else None
    expected = _read_answer(parts, answer, specs)
    if parts.coerces and specs:
        expected = _coerced(parts, expected, specs)
    defaults = _defaults(expected, specs) if parts.fills_in and specs else {}
    if parts.relaxes:
        expected = with_comparisons(expected, specs, compare, defaults)
    expected = _keyed(parts, parts.judge.with_defaults(defaults), expected)
    case = Case(
        expected=expected,
        profile=parts.digest,
        limits=_limits(parts, expected),
        keys=tuple([_counted(option) for option in expected.options]),
        sole_key=expected.options[0][0].key if [len(option) for option in expected.options] == [1] else None,
        given_tools=tools,
        specs=specs,
        defaults=defaults,
    )
    return case if _sure(parts, case) else replace(case, sure=False)


def _reads(parts: Parts, tools: Any) -> bool:
    typed = getattr(parts.format, "typed_by_tools", False)  # then reading a completion needs them
    return parts.reads_tools or typed or (parts.relaxes and grades(tools))


def _limits(parts: Parts, expected: Expected) -> Limits:
    """The profile's limits, widened so that an answer with many calls can be met."""
    attempts = max(parts.limits.attempts, 2 * max([len(option) for option in expected.options]))
    return parts.limits if attempts == parts.limits.attempts else replace(parts.limits, attempts=attempts)


def _coerced(parts: Parts, expected: Expected, specs: Mapping[str, ToolSpec]) -> Expected:
    """The answer as its own calls would be read: data writes "3" for 3 as models do."""
    options = [[_coerced_call(parts, call, specs) for call in option] for option in expected.options]
    return replace(expected, options=tuple([tuple(option) for option in options]))


def _coerced_call(parts: Parts, call: ExpectedCall, specs: Mapping[str, ToolSpec]) -> ExpectedCall:
    tool = specs.get(call.name)
    if tool is None:
        return call
    if call.plain:
        typed = parts.coercion.coerce(ToolCall(call.name, call.arguments), tool).call
        return call if typed.arguments is call.arguments else replace(call, arguments=typed.arguments)
    arguments = {name: _coerced_value(parts, name, want, tool) for name, want in call.arguments.items()}
    return replace(call, arguments=arguments)


def _coerced_value(parts: Parts, name: str, want: Any, tool: ToolSpec) -> Any:
    """An expected value, or each alternative that is one; patterns with a structure stay as they are."""
    if isinstance(want, Choice):
        return Choice(
            tuple([_coerced_value(parts, name, value, tool) for value in want.values]), want.optional
        )
    if isinstance(want, Struct):
        return want
    return parts.coercion.coerce(ToolCall(tool.name, {name: want}), tool).call.arguments.get(name, want)


def _defaults(expected: Expected, specs: Mapping[str, ToolSpec]) -> dict[str, dict[str, Any]]:
    """What the expected tools' arguments are when they are left out, as far as their schemas say."""
    names = {call.name for option in expected.options for call in option if call.name in specs}
    found = {name: _documented(specs[name]) for name in sorted(names)}
    return {name: defaults for name, defaults in found.items() if defaults}


def _documented(tool: ToolSpec) -> dict[str, Any]:
    """The defaults that the tool itself would accept, of arguments that may be left out."""
    required = tool.parameters.get("required", ())
    given = {
        name: schema["default"]
        for name, schema in tool.parameters["properties"].items()
        if "default" in schema and name not in required
    }
    return {name: value for name, value in given.items() if fits_argument(tool, name, value)}


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
    text = _shortest({"name": call.name, "arguments": arguments}, path)
    refusal = f"over {limits.call} characters" if len(text) > limits.call else beyond(f"[{text}]", limits)
    if refusal:
        raise AnswerError(
            f"the call is beyond the limits: {refusal}", path=path, mend="raise the profile's limits"
        )


def _shortest(call: dict[str, Any], path: str) -> str:
    """The shortest text a completion can hold of a call."""
    try:
        return _written(call)
    except (ValueError, OverflowError) as error:  # an integer of more digits than Python writes
        problem = f"a number cannot be written: {error}"
        raise AnswerError(problem, path=path, mend="write it as text") from error


def _written(call: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(call).decode()
    except UnicodeEncodeError:
        return json.dumps(call, ensure_ascii=False, separators=(",", ":"))


def _keyed(parts: Parts, judge: CallJudge, expected: Expected) -> Expected:
    """The answer with a key for each call that can have one, checked against the limits."""
    options = []
    for index, option in enumerate(expected.options):
        path = f"answer.any_of[{index}]" if len(expected.options) > 1 else "answer"
        keyed = [_keyed_call(parts, judge, call, f"{path}[{place}]") for place, call in enumerate(option)]
        options.append(tuple(keyed))
    return replace(expected, options=tuple(options))


def _keyed_call(parts: Parts, judge: CallJudge, call: ExpectedCall, path: str) -> ExpectedCall:
    _check_bounds(parts, call, path)
    if not call.plain or judge.value_key is None:
        return call
    key = judge.key(call)
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
