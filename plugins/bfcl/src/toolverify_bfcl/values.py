"""Whether one value is right: first its type, then the value itself, as the reference judges them.

Possible answers are taken as they stand in the data. Where they are not what is expected of them, Python raises here
what it raises in the reference, and the caller says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolverify_bfcl.problems import Problem

_DROPPED = str.maketrans(dict.fromkeys(" ,./-_*^", ""))


class Typed(Struct, frozen=True):
    """What the test of a type says.

    Attributes:
        fault: The reference's error type; empty where the type will do.
        variable: The value is compared as it stands: the answers' own type is not the declared one.
    """

    fault: str = ""
    variable: bool = False


def standardised(text: str) -> str:
    """A text without blanks and some punctuation, in lower case, with one kind of quotes."""
    return text.translate(_DROPPED).lower().replace("'", '"')


def _loosely(value: Any) -> Any:
    return standardised(value) if type(value) is str else value


def _each(answers: Any) -> list[Any]:
    """The answers by index, as the reference goes through them."""
    return [answers[index] for index in range(len(answers))]


def check_type(value: Any, answers: Any, kind: type, element_kind: type | None) -> Typed:
    """Whether a value has the declared type, or that of the first answer that is not empty."""
    given = next((type(answer) for answer in answers if answer != ""), None)
    variable = given is not None and given is not kind
    if type(value) is kind and (
        element_kind is None or any(_elements_fit(value, answer, element_kind) for answer in answers)
    ):
        return Typed(variable=variable)
    nested = type(value) is kind
    if given is not None and type(value) is given:
        return Typed(fault="type_error:nested" if nested else "", variable=True)
    return Typed(fault="type_error:simple")


def _elements_fit(value: Any, answer: Any, kind: type) -> bool:
    """An answer that is no list says nothing about elements."""
    return type(answer) is not list or all(
        not check_type(element, answer, kind, None).fault for element in value
    )


def check_value(value: Any, answers: Any, kind: type, element_kind: type | None) -> Problem | None:
    """Whether a value of the declared type is one of the answers."""
    if kind is dict:
        return check_dict(value, answers)
    if kind is list and element_kind is dict:
        return check_dicts(value, answers)
    if kind is str:
        right = standardised(value) in [standardised(text) for text in _each(answers) if type(text) is str]
        return None if right else _another("value_error:string", value, answers)
    if kind is list:
        right = [_loosely(element) for element in value] in [
            [_loosely(element) for element in _each(answer)] for answer in _each(answers)
        ]
        return None if right else _another("value_error:list/tuple", value, answers)
    return check_among(value, answers)


def check_among(value: Any, answers: Any) -> Problem | None:
    """Whether a value is one of the answers as it stands."""
    return None if value in answers else _another("value_error:others", value, answers)


def _another(source_code: str, value: Any, answers: Any) -> Problem:
    return Problem(source_code, "none of the possible answers", (), {"any_of": answers}, value)


def check_dict(value: Mapping[Any, Any], answers: Any) -> Problem | None:
    """Whether a dict fits one of the answers, whose members list their own answers; the last refusal is told."""
    problem: Problem | None = Problem("dict_checker:unclear", "no possible answer is a dict", got=value)
    for answer in _each(answers):
        if answer == "":
            continue
        problem = _members(value, answer)
        if problem is None:
            return None
    return problem


def _members(value: Mapping[Any, Any], answer: Any) -> Problem | None:
    """Every given member is right, and every missing one may be left out, which is what is told where both fail."""
    problem = next((wrong for key, member in value.items() if (wrong := _member(key, member, answer))), None)
    for key, answers in answer.items():
        if key not in value and "" not in answers:
            return Problem("value_error:dict_key", "a member is missing", (key,), {"any_of": answers})
    return problem


def _member(key: Any, member: Any, answer: Any) -> Problem | None:
    step = key if isinstance(key, str) else repr(key)
    if key not in answer:
        return Problem("value_error:dict_key", "a member that is not expected", (step,), got=member)
    if _loosely(member) in [_loosely(one) for one in _each(answer[key])]:
        return None
    known = {"any_of": answer[key]}
    return Problem("value_error:dict_value", "none of the possible answers", (step,), known, member)


def check_dicts(value: Sequence[Any], answers: Any) -> Problem | None:
    """Whether a list of dicts fits one of the answers, dict by dict; the last refusal is told."""
    problem: Problem | None = Problem("list_dict_checker:unclear", "there is no possible answer", got=value)
    for answer in _each(answers):
        if len(value) != len(answer):
            problem = Problem("value_error:list_dict_count", "another number of dicts", (), answer, value)
            continue
        problem = _dict_by_dict(value, answer)
        if problem is None:
            return None
    return problem


def _dict_by_dict(value: Sequence[Any], answer: Any) -> Problem | None:
    for index, member in enumerate(value):
        problem = check_dict(member, [answer[index]])
        if problem:
            steps = (index, *problem.steps)
            return Problem(problem.source_code, problem.message, steps, problem.expected, problem.got)
    return None
