"""Why a call or a list of calls fails, in the reference's terms and in words."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from toolverify import Finding
from toolverify.paths import join


class Problem(Struct, frozen=True):
    """The one reason that decides.

    Attributes:
        source_code: The reference's error type.
        message: One sentence.
        steps: Where in the arguments of the call it is.
        expected: What would have been right.
        got: What was given.
        call: Which call it is about, None where it is about all.
        code: The finding's code, where it does not follow from the error type.
    """

    source_code: str
    message: str
    steps: tuple[str | int, ...] = ()
    expected: Any = None
    got: Any = None
    call: int | None = None
    code: str = ""


def as_finding(problem: Problem) -> Finding:
    """The finding that tells of a problem."""
    path = "calls" if problem.call is None else f"calls[{problem.call}]"
    return Finding(
        code=problem.code or code_of(problem.source_code),
        level="error",
        path=join(path, problem.steps),
        message=problem.message,
        expected=plain(problem.expected),
        got=plain(problem.got),
        source_code=problem.source_code,
    )


def code_of(source_code: str) -> str:
    """The finding's code for an error type: `value_error:list/tuple` is `bfcl.value_error.list_tuple`."""
    group, _, kind = source_code.partition(":")
    group = group.removesuffix("_no_order").removesuffix("_function_checker")
    return f"bfcl.{group}.{kind.replace('/', '_')}"


def plain(value: Any) -> Any:
    """A value as JSON has it: what a call may hold in Python and JSON has not is shown as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | set):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key if isinstance(key, str) else repr(key): plain(member) for key, member in value.items()}
    return repr(value)
