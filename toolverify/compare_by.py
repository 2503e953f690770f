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
from toolverify.schema import ToolSpec
from toolverify.schema_places import GRADING, ROOT, Place, inside, node
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


def with_comparisons(
    expected: Expected,
    tools: Mapping[str, ToolSpec] | None,
    compare: Any,
    defaults: Mapping[str, Mapping[str, Any]],
) -> Expected:
    """The answer with a comparison of its own for every value that has one; a default that is left out is such a value.

    Raises:
        AnswerError: The task asks for what there is not.
        ToolsError: A schema does.
    """
    names = {call.name for option in expected.options for call in option}
    asked = [] if compare is None else list(_asked_by_task(compare, names | set(tools or ())))
    wishes = [*asked, *_asked_by_schemas(expected, tools or {})]
    if not wishes:
        return expected
    options = tuple(
        [
            tuple([_granted(call, wishes, defaults.get(call.name, {})) for call in option])
            for option in expected.options
        ]
    )
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
        if not isinstance(key, str) or not key:
            raise AnswerError(
                f"expected an argument, got {key!r}", path="compare", mend="name arguments by path"
            )
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
        if not spec:
            raise AnswerError(
                "an empty table compares nothing", path=path, mend="name arguments in it, or leave it out"
            )
        for key, inner in spec.items():
            yield from _flattened(tool, (*steps, *_steps(key, key)), inner, join(path, [key]))
    else:
        yield Wish(tool, steps, read_comparison(spec, path, AnswerError), path)


def _asked_by_schemas(expected: Expected, tools: Mapping[str, ToolSpec]) -> Iterator[Wish]:
    """What the schemas ask for the values of the answer, and for arguments that may be left out."""
    graded = {name: tool for name, tool in tools.items() if GRADING.encode() in tool.schema_json}
    for tool in graded.values():
        _check_gradings(tool)
    for call in [call for option in expected.options for call in option if call.name in graded]:
        tool = graded[call.name]
        root = node(tool.schema_json, ROOT)
        for name in dict.fromkeys([*call.arguments, *root.members]):
            places = root.inside(name)
            found = root.grading or _grading(tool, places)
            if found:
                yield _wish_of_schema(tool, (name,), found[0])
            else:
                yield from _asked_inside(tool, call.arguments.get(name), places, (name,))


def _grading(tool: ToolSpec, places: tuple[Place, ...]) -> tuple[Any, ...]:
    return tuple([spec for place in places for spec in node(tool.schema_json, place).grading])


def _asked_inside(tool: ToolSpec, want: Any, places: tuple[Place, ...], steps: Steps) -> Iterator[Wish]:
    """What is asked for the members and elements of an expected value; the outermost holds for all inside."""
    nodes = [node(tool.schema_json, place) for place in places]
    for step, part in _parts_of(want):
        inner = inside(nodes, step)
        asked = _grading(tool, inner)
        if asked:
            yield _wish_of_schema(tool, (*steps, step), asked[0])
        elif inner:
            yield from _asked_inside(tool, part, inner, (*steps, step))


def _parts_of(want: Any) -> list[tuple[str | int, Any]]:
    """The members and elements of an expected value, through its alternatives."""
    if isinstance(want, Choice):
        return [found for value in want.values for found in _parts_of(value)]
    members = want.members if isinstance(want, Fields) else want if isinstance(want, Mapping) else None
    if members is not None:
        return list(members.items())
    elements = want.elements if isinstance(want, Items) else want
    return list(enumerate(elements)) if isinstance(elements, list | tuple) else []


def _wish_of_schema(tool: ToolSpec, steps: Steps, spec: Any) -> Wish:
    path = join(f"tools.{tool.name}.parameters", [*steps, GRADING])
    return Wish(tool.name, steps, _read_grading(spec, path), path)


def _read_grading(spec: Any, path: str) -> Compared:
    return read_comparison(spec.get("compare", spec) if _is_table(spec) else spec, path, ToolsError)


def _check_gradings(tool: ToolSpec) -> None:
    """Every grading of a schema is one that there is, wherever it stands and whether or not it is asked for.

    Raises:
        ToolsError: It is not.
    """
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(tool.parameters, ())]
    while waiting:
        item, steps = waiting.pop()
        if isinstance(item, Mapping):
            if GRADING in item:
                _read_grading(item[GRADING], join(f"tools.{tool.name}.parameters", [*steps, GRADING]))
            waiting += [(part, (*steps, key)) for key, part in item.items() if key not in _NOT_SCHEMAS]
        elif isinstance(item, list):
            waiting += [(part, (*steps, index)) for index, part in enumerate(item)]


_NOT_SCHEMAS = {GRADING, "enum", "const", "default", "examples", "required"}


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


def _granted(call: ExpectedCall, wishes: list[Wish], defaults: Mapping[str, Any]) -> ExpectedCall:
    arguments = dict(call.arguments)
    for wish in wishes:
        if wish.tool in {None, call.name} and wish.steps:
            _grant(arguments, wish, defaults)
    if all(arguments[name] is call.arguments.get(name) for name in arguments):
        return call
    return ExpectedCall(call.name, arguments, plain=False)


def _grant(arguments: dict[str, Any], wish: Wish, defaults: Mapping[str, Any]) -> None:
    name, *rest = wish.steps
    if not isinstance(name, str):
        return
    if name not in arguments and name in defaults:
        arguments[name] = Choice((defaults[name],), optional=True)
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
    """A task that names what neither the answer nor a tool has is mistaken, and says so.

    Raises:
        AnswerError: With the path and what may have been meant.
    """
    if not wish.steps or not isinstance(wish.steps[0], str):
        raise AnswerError("no argument is named", path=wish.path, mend="begin with an argument's name")
    if getattr(wish.by.comparison, "may_be_left_out", False) and len(wish.steps) == 1:
        return
    calls = [call for option in expected.options for call in option if wish.tool in {None, call.name}]
    described = [tool for tool in tools.values() if wish.tool in {None, tool.name}]
    known = {name for call in calls for name in call.arguments}
    known |= {name for tool in described for name in node(tool.schema_json, ROOT).members}
    if (known or calls) and wish.steps[0] not in known:
        problem = f"no expected call has an argument {wish.steps[0]!r}"
        raise AnswerError(problem, path=wish.path, mend=closest(wish.steps[0], known))
    reached = any([_reaches(call.arguments, wish.steps) for call in calls])
    if calls and not reached and not any([_describes(tool, wish.steps) for tool in described]):
        mend = "name a member that the answer or the tool's schema has; [] is every element of a list"
        raise AnswerError("the path leads nowhere in the answer", path=wish.path, mend=mend)


def _reaches(want: Any, steps: Steps) -> bool:
    """Whether something stands at some steps inside an expected value; an empty list may hold anything."""
    if not steps:
        return True
    if isinstance(want, Compared):
        return True
    parts = _parts_of(want)
    if steps[0] == EVERY:
        empty = isinstance(want, list | tuple) and not want
        return empty or any([_reaches(part, steps[1:]) for step, part in parts if isinstance(step, int)])
    return any([_reaches(part, steps[1:]) for step, part in parts if step == steps[0]])


def _describes(tool: ToolSpec, steps: Steps) -> bool:
    """Whether a tool's schema speaks of some steps inside its arguments."""
    places: tuple[Place, ...] = (ROOT,)
    for step in steps:
        nodes = [node(tool.schema_json, place) for place in places]
        places = inside(nodes, 0 if step == EVERY else step)
    return bool(places)
