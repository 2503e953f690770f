"""The calls that an answer asks for, as a model would write them."""

from __future__ import annotations

from typing import Any

from toolverify.calls import Case, Choice, Compared, Fields, Items, ToolCall


def gold_calls(case: Case) -> tuple[ToolCall, ...]:
    """The first acceptable list of calls of an answer, in plain values.

    Raises:
        LookupError: A value is expected by a pattern, so that none can be told.
    """
    return tuple([ToolCall(call.name, _plain(call.arguments)) for call in case.expected.options[0]])


def _plain(want: Any) -> Any:
    """One value that is expected: of alternatives the first; what may be left out and has none is left out."""
    if isinstance(want, dict):
        return {key: _plain(value) for key, value in want.items() if not _empty(value)}
    if isinstance(want, Choice):
        return _plain(want.values[0]) if want.values else None
    if isinstance(want, Compared):
        return _equal_to(want)
    if isinstance(want, Fields):
        return _plain(want.members)
    if isinstance(want, Items):
        return [_plain(element) for element in want.elements]
    return want


def _equal_to(want: Compared) -> Any:
    """A value that the argument's own comparison finds right: the expected one, or one of a list of them.

    Raises:
        LookupError: There is none to be seen, as where the expected value is a pattern.
    """
    for value in [want.want, *(want.want if isinstance(want.want, list | tuple) else [])]:
        if want.comparison.equal(value, want.want, want.options):
            return value
    raise LookupError


def _empty(want: Any) -> bool:
    return isinstance(want, Choice) and not want.values
