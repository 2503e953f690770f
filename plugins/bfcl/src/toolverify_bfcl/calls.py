"""Whether one call is right, as the reference's check of a single function says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolverify.calls import ToolCall
from toolverify_bfcl.kinds import PYTHON, Language
from toolverify_bfcl.problems import Problem
from toolverify_bfcl.values import check_among, check_type, check_value


class Manner(Struct, frozen=True):
    """How calls are judged: in which language, and whether names have `_` where the tools have dots."""

    language: Language = PYTHON
    underscores: bool = False


def check_call(tool: Any, call: ToolCall, gold: Mapping[str, Any], manner: Manner) -> Problem | None:
    """What is wrong with a call, judged by a tool as the data has it and by the possible answers of one gold call."""
    answers = list(gold.values())[0]  # noqa: RUF015  # an empty gold raises what it raises in the reference
    name, schema = tool["name"], tool["parameters"]
    declared, required = schema["properties"], schema["required"]
    due = name.replace(".", "_") if manner.underscores else name
    if call.name != due:
        message = f"the call is to {call.name!r}, not {due!r}"
        return Problem("simple_function_checker:wrong_func_name", message, ("name",), due, call.name)
    for parameter in required:
        if parameter not in call.arguments:
            return _without(parameter, answers, "missing_required", "a required argument is missing")
    for parameter, value in call.arguments.items():
        problem = _check_argument(parameter, value, declared, answers, manner.language)
        if problem:
            return problem
    for parameter, alternatives in answers.items():
        if parameter not in call.arguments and "" not in alternatives:
            return _without(
                parameter, answers, "missing_optional", "an argument is missing that the answer has"
            )
    return None


def _without(parameter: str, answers: Mapping[str, Any], kind: str, message: str) -> Problem:
    known = {"any_of": answers[parameter]} if parameter in answers else None
    return Problem(f"simple_function_checker:{kind}", message, ("arguments", parameter), known)


def _check_argument(
    parameter: str, value: Any, declared: Any, answers: Mapping[str, Any], language: Language
) -> Problem | None:
    if parameter not in declared or parameter not in answers:
        message = "an argument that " + (
            "the answer does not have" if parameter in declared else "is unknown"
        )
        steps = ("arguments", parameter)
        return Problem("simple_function_checker:unexpected_param", message, steps, got=value)
    problem = _judge(value, declared[parameter], answers[parameter], language)
    return replace(problem, steps=("arguments", parameter, *problem.steps)) if problem else None


def _judge(value: Any, details: Any, answers: Any, language: Language) -> Problem | None:
    """The type first, then the value."""
    type_name = details["type"]
    kind = language.types[type_name]
    if language.convert is not None and type(value) is not str:
        return Problem(language.text_error, f"{language.name} values come as texts", (), "a text", got=value)
    element = details["items"]["type"] if type_name in language.nested else None
    element_kind = None if element is None else language.types[element]
    value = _as_declared(value, type_name, element, language)
    typed = check_type(value, answers, kind, element_kind)
    if typed.fault:
        return Problem(
            typed.fault,
            f"the type {type_name} is due, not {type(value).__name__}",
            (),
            {"any_of": answers},
            value,
        )
    return check_among(value, answers) if typed.variable else check_value(value, answers, kind, element_kind)


def _as_declared(value: Any, type_name: str, element: str | None, language: Language) -> Any:
    """A value as the reference looks at it: converted from its text, or nearly as it is."""
    if language.convert is not None:
        return language.convert(value, type_name, element)
    if type_name == "tuple" and type(value) is tuple:
        return list(value)
    return float(value) if type_name == "float" and type(value) is int else value
