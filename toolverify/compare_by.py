"""Comparisons for single arguments, as a task (`meta.compare`) or a tool's schema (`x-toolverify`) asks for them.

A task names arguments by path: `city`, `get_weather.city` for that tool alone, `stops[].city` for every element of a
list. The outermost comparison holds for all that is inside, and a task's goes before a schema's.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from toolverify.calls import Choice, Compared, Expected, ExpectedCall, Fields, Items
from toolverify.errors import AnswerError, ProfileError, ToolsError, ToolverifyError
from toolverify.options import configure, option_fields
from toolverify.paths import EVERY, join, split
from toolverify.plain_json import check_plain
from toolverify.plugins import registry
from toolverify.schema import GRADING, ToolSpec
from toolverify.suggest import closest

_SHORT = re.compile(r"([\w-]+)\((.*)\)", re.DOTALL)
_DEEPEST = 32  # levels of tables in a task's comparisons
Steps = tuple[str | int, ...]


class Wish(Struct, frozen=True):
    """How the value at some steps within a tool's arguments is to be compared; `tool` is None for any tool."""

    tool: str | None
    steps: Steps
    by: Compared
    path: str


def with_comparisons(expected: Expected, tools: Mapping[str, ToolSpec] | None, compare: Any) -> Expected:
    """The answer with a comparison of its own for every value that has one.

    Raises:
        AnswerError: The task asks for what there is not.
        ToolsError: A schema does.
    """
    names = {call.name for option in expected.options for call in option}
    asked = [] if compare is None else list(_asked_by_task(compare, names | set(tools or ())))
    wishes = [*asked, *_asked_by_schemas(names, tools or {})]
    if not wishes:
        return expected
    options = tuple([tuple([_granted(call, wishes) for call in option]) for option in expected.options])
    for wish in asked:
        _refuse_pointless(wish, expected, tools or {})
    return msgspec.structs.replace(expected, options=options)


def _asked_by_task(compare: Any, tools: set[str]) -> Iterator[Wish]:
    if not isinstance(compare, Mapping):
        kind = type(compare).__name__
        raise AnswerError(
            f"expected an object, got {kind}",
            path="compare",
            mend='map arguments to comparisons: {"city": "casefold"}',
        )
    check_plain(dict(compare), "compare", depth=_DEEPEST)
    for key, spec in compare.items():
        tool = next((name for name in tools if key == name and _is_table(spec)), None)
        if tool is None:
            tool = next((name for name in tools if key.startswith(f"{name}.")), None)
            rest = key if tool is None else key[len(tool) + 1 :]
        else:
            rest = ""
        yield from _flattened(tool, _steps(rest, key), spec, join("compare", [key]))


def _is_table(spec: Any) -> bool:
    """A table of further arguments, and no comparison with options."""
    return isinstance(spec, Mapping) and "use" not in spec


def _steps(text: str, key: str) -> Steps:
    try:
        return split(text)
    except ValueError as error:
        raise AnswerError(str(error), path=join("compare", [key]), mend="write a.b[].c") from error


def _flattened(tool: str | None, steps: Steps, spec: Any, path: str) -> Iterator[Wish]:
    if _is_table(spec):
        for key, inner in spec.items():
            yield from _flattened(tool, (*steps, *_steps(key, key)), inner, join(path, [key]))
    else:
        yield Wish(tool, steps, read_comparison(spec, path, AnswerError), path)


def _asked_by_schemas(names: set[str], tools: Mapping[str, ToolSpec]) -> Iterator[Wish]:
    for name in names & tools.keys():
        if GRADING.encode() in tools[name].schema_json:
            yield from _asked_by(name, tools[name].parameters, (), f"tools.{name}.parameters")


def _asked_by(tool: str, schema: Mapping[str, Any], steps: Steps, path: str) -> Iterator[Wish]:
    if GRADING in schema and steps:
        place, spec = join(path, [GRADING]), schema[GRADING]
        inner = spec.get("compare", spec) if _is_table(spec) else spec
        yield Wish(tool, steps, read_comparison(inner, place, ToolsError), place)
    for name, child in schema.get("properties", {}).items():
        yield from _asked_by(tool, child, (*steps, name), join(path, ["properties", name]))
    if isinstance(schema.get("items"), Mapping):
        yield from _asked_by(tool, schema["items"], (*steps, EVERY), join(path, ["items"]))


def read_comparison(spec: Any, path: str, error: type[ToolverifyError]) -> Compared:
    """A comparison by name, with options: `"casefold"`, `"number(0.1)"`, `{"use": "number", "tol": 0.1}`.

    Raises:
        ToolverifyError: Of the kind given, with path and mend.
    """
    name, positional, options = _parsed(spec, path, error)
    try:
        value = registry().get("comparison", name).value
        return _configured(value, positional, options)
    except ProfileError as wrong:
        raise error(
            wrong.problem, path=join(path, [wrong.path] if wrong.path else []), mend=wrong.mend
        ) from wrong


def _parsed(spec: Any, path: str, error: type[ToolverifyError]) -> tuple[str, list[Any], dict[str, Any]]:
    if isinstance(spec, Mapping) and isinstance(spec.get("use"), str):
        return spec["use"], [], {key: value for key, value in spec.items() if key != "use"}
    if not isinstance(spec, str):
        mend = 'write a name, or {"use": name, …options}'
        raise error(f"expected a comparison, got {type(spec).__name__}", path=path, mend=mend)
    short = _SHORT.fullmatch(spec)
    if short is None:
        return spec, [], {}
    try:
        return short[1], json.loads(f"[{short[2]}]"), {}
    except ValueError as wrong:
        raise error(f"the options of {spec!r} are not JSON", path=path, mend="as in number(0.1)") from wrong


def _configured(value: Any, positional: list[Any], options: dict[str, Any]) -> Compared:
    """A comparison that is a dataclass has its fields set; any other gets the options with every question."""
    if not dataclasses.is_dataclass(value):
        if positional:
            raise ProfileError("this comparison takes its options by name", mend='write {"use": name, …}')
        return Compared(None, value, options)
    fields = option_fields(value)
    if len(positional) > len(fields):
        raise ProfileError(f"more than {len(fields)} options", mend=closest("", fields))
    given = {**dict(zip(fields, positional, strict=False)), **options}
    return Compared(None, configure(value, given))


def _granted(call: ExpectedCall, wishes: list[Wish]) -> ExpectedCall:
    arguments = dict(call.arguments)
    for wish in wishes:
        if wish.tool in {None, call.name} and wish.steps:
            _grant(arguments, wish)
    if all(arguments[name] is call.arguments.get(name) for name in arguments):
        return call
    return ExpectedCall(call.name, arguments, plain=False)


def _grant(arguments: dict[str, Any], wish: Wish) -> None:
    name, *rest = wish.steps
    if not isinstance(name, str):
        return
    free = getattr(wish.by.comparison, "may_be_left_out", False) and not rest
    if name in arguments:
        wrapped = _within(arguments[name], rest, wish)
        arguments[name] = _optional(wrapped) if free else wrapped
    elif free:
        arguments[name] = Choice((wish.by,), optional=True)


def _optional(want: Any) -> Choice:
    return Choice(want.values, optional=True) if isinstance(want, Choice) else Choice((want,), optional=True)


def _within(want: Any, steps: list[str | int], wish: Wish) -> Any:
    """An expected value with the comparison at some steps inside it; what is not there is left as it is."""
    if isinstance(want, Choice):
        return Choice(tuple([_within(value, steps, wish) for value in want.values]), want.optional)
    if not steps:
        return _wrapped(want, wish)
    step, *rest = steps
    if isinstance(want, Mapping):
        want = Fields({name: Choice((part,)) for name, part in want.items()}) if step in want else want
    if isinstance(want, Fields) and isinstance(step, str) and step in want.members:
        return Fields({**want.members, step: _within(want.members[step], rest, wish)})
    if isinstance(step, int) and isinstance(want, list | tuple | Items):
        elements = want.elements if isinstance(want, Items) else want
        meant = [step in {EVERY, index} for index in range(len(elements))]
        return Items(
            tuple(
                [_within(part, rest, wish) if it else part for part, it in zip(elements, meant, strict=True)]
            )
        )
    return want


def _wrapped(want: Any, wish: Wish) -> Any:
    if isinstance(want, Compared):
        return want
    if isinstance(want, Fields):
        return Fields({name: _within(part, [], wish) for name, part in want.members.items()})
    if isinstance(want, Items):
        return Items(tuple([_within(part, [], wish) for part in want.elements]))
    check = getattr(wish.by.comparison, "check", None)
    if check is not None:
        try:
            check(want)
        except ProfileError as error:
            raise AnswerError(error.problem, path=wish.path, mend=error.mend) from error
    return msgspec.structs.replace(wish.by, want=want)


def _refuse_pointless(wish: Wish, expected: Expected, tools: Mapping[str, ToolSpec]) -> None:
    """A task that names an argument which neither the answer nor a tool has is mistaken, and says so.

    Raises:
        AnswerError: With the path and what may have been meant.
    """
    if not wish.steps or getattr(wish.by.comparison, "may_be_left_out", False):
        return
    calls = [call for option in expected.options for call in option if wish.tool in {None, call.name}]
    known = {name for call in calls for name in call.arguments}
    known |= {
        name
        for tool in tools.values()
        if wish.tool in {None, tool.name}
        for name in tool.parameters.get("properties", {})
    }
    if known and wish.steps[0] not in known:
        raise AnswerError(
            f"no expected call has an argument {wish.steps[0]!r}",
            path=wish.path,
            mend=closest(str(wish.steps[0]), known),
        )
