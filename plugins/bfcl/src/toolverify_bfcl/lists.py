"""Whether a list of calls is right: which call is compared with which gold call, and what the comparison says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolverify.calls import Pair, ToolCall
from toolverify_bfcl.calls import Manner, check_call
from toolverify_bfcl.problems import Problem

#: What the reference raises on data or values it was not made for.
REFERENCE_RAISES = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    NotImplementedError,
)


class Judged(Struct, frozen=True):
    """What became of a list of calls: the reason against it, if any, and which calls were compared."""

    problem: Problem | None
    pairs: tuple[Pair, ...]


def judge(
    tools: Any, calls: Sequence[ToolCall], golds: Sequence[Any], category: str, manner: Manner
) -> Judged:
    """Judge calls by the answer of a category of BFCL; what raises in the reference is a problem of its own."""
    try:
        if "parallel" in category:
            return _parallel(tools, calls, golds, manner)
        if "multiple" in category:
            return _multiple(tools, calls, golds, manner)
        return _simple(tools, calls, golds, manner)
    except REFERENCE_RAISES as error:
        return Judged(_raised(error), _apart(len(calls), len(golds)))


def _raised(error: Exception) -> Problem:
    name = type(error).__name__
    message = f"the reference raises {name} here: {str(error)[:200]}"
    return Problem(name, message, code="bfcl.reference_raises")


def _apart(calls: int, golds: int, *, start: int = 0) -> tuple[Pair, ...]:
    """Nothing was compared from a place on."""
    alone = [Pair(index, None) for index in range(start, calls)]
    return (*alone, *[Pair(None, index) for index in range(start, golds)])


def _miscounted(checker: str, calls: int, golds: int) -> Judged:
    message = f"{calls} calls instead of {golds}"
    problem = Problem(
        f"{checker}_function_checker{_NO_ORDER.get(checker, '')}:wrong_count", message, (), golds, calls
    )
    return Judged(problem, _apart(calls, golds))


_NO_ORDER = {"parallel": "_no_order"}


def _compared(problem: Problem | None, calls: int, golds: int) -> Judged:
    """The first call was compared with the first gold call, and no other."""
    right = problem is None
    first = Pair(0, 0, equal=right, score=float(right))
    known = None if problem is None else replace(problem, call=0)
    return Judged(known, (first, *_apart(calls, golds, start=1)))


def _simple(tools: Any, calls: Sequence[ToolCall], golds: Sequence[Any], manner: Manner) -> Judged:
    """One call, judged by the first tool and the first gold call."""
    if len(calls) != 1:
        return _miscounted("simple", len(calls), 1)
    return _compared(check_call(tools[0], calls[0], golds[0], manner), 1, len(golds))


def _multiple(tools: Any, calls: Sequence[ToolCall], golds: Sequence[Any], manner: Manner) -> Judged:
    """As many calls as gold calls, of which the first is judged by the tool that the gold call names."""
    if len(calls) != len(golds):
        return _miscounted("multiple", len(calls), len(golds))
    problem = check_call(_tool_of(tools, golds[0]), calls[0], golds[0], manner)
    return _compared(problem, len(calls), len(golds))


def _tool_of(tools: Any, gold: Any) -> Any:
    """The first tool of the name that a gold call has; of anything but a list of tools, itself."""
    name = list(gold)[0]  # noqa: RUF015  # an empty gold raises what it raises in the reference
    if type(tools) is not list:
        return tools
    return next((tool for tool in tools if tool["name"] == name), None)


def _parallel(tools: Any, calls: Sequence[ToolCall], golds: Sequence[Any], manner: Manner) -> Judged:
    """Each gold call in order takes the first call that is left and right; nothing is ever given back."""
    if len(calls) != len(golds):
        return _miscounted("parallel", len(calls), len(golds))
    left = list(range(len(calls)))
    pairs: list[Pair] = []
    for place, gold in enumerate(golds):
        tool = _tool_of(tools, gold)
        problems = []
        for index in left:
            problem = check_call(tool, calls[index], gold, manner)
            if problem is None:
                break
            problems.append((index, problem))
        else:
            return _unmatched(place, problems, pairs, len(golds), left)
        left.remove(index)
        pairs.append(Pair(index, place, equal=True, score=1.0))
    return Judged(None, tuple(pairs))


def _unmatched(
    place: int, problems: list[tuple[int, Problem]], pairs: list[Pair], golds: int, left: list[int]
) -> Judged:
    """No call fits a gold call. The nearest one is shown beside it: one of its name, where there is one."""
    wrong_name = "simple_function_checker:wrong_func_name"
    nearest, why = min(problems, key=lambda item: item[1].source_code == wrong_name)
    message = f"no call that is left fits gold call {place}; the nearest: {why.message} ({why.source_code})"
    problem = replace(
        why, source_code="parallel_function_checker_no_order:cannot_find_match", message=message, call=nearest
    )
    rest = [Pair(index, None) for index in left if index != nearest]
    missing = [Pair(None, index) for index in range(place + 1, golds)]
    return Judged(problem, (*pairs, Pair(nearest, place), *rest, *missing))
