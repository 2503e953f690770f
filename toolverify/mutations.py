"""Every small way to get calls wrong, one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from toolverify.calls import ToolCall

Calls = list[dict[str, Any]]


class Mutation(NamedTuple):
    """A wrong reply: what was done, and where it may have written a default out or left it out."""

    what: str
    calls: Calls
    dropped: tuple[str, Any] | None = None


def plain(calls: Iterable[ToolCall | dict[str, Any]]) -> Calls:
    """Calls as an answer, or as ready-made calls, states them."""
    return [
        {"name": call.name, "arguments": call.arguments} if isinstance(call, ToolCall) else dict(call)
        for call in calls
    ]


def every_mutation(calls: Sequence[dict[str, Any]]) -> Iterator[Mutation]:
    """Every leaf, key and call of right calls changed, one at a time: what a reward must not let through.

    A comparison or a schema may find one of them as good as the right calls: then it is no mutation to it.
    """
    for index, call in enumerate(calls):
        name, arguments = call["name"], call["arguments"]
        rest = [*calls[:index], *calls[index + 1 :]]
        yield Mutation("call dropped", rest)
        yield Mutation("call twice", [*calls, call])
        for other in (f"{name}_", name[:-1], name.swapcase()):
            if other not in {"", name}:
                yield Mutation("call renamed", [*rest, {"name": other, "arguments": arguments}])
        for what, changed, dropped in _changed_object(arguments):
            made = [*calls[:index], {"name": name, "arguments": changed}, *calls[index + 1 :]]
            yield Mutation(what, made, dropped)


_Change = tuple[str, Any, tuple[str, Any] | None]


def _changes(value: Any) -> Iterator[_Change]:
    if isinstance(value, dict):
        yield from _changed_object(value)
    elif isinstance(value, list):
        yield from _changed_list(value)
    else:
        yield from ((what, changed, None) for what, changed in _changed_leaf(value))
    if value is not None:
        yield "null for a value", None, None


def _changed_object(members: dict[str, Any]) -> Iterator[_Change]:
    yield "member added", {**members, "never_declared": 0}, None
    for key, value in members.items():
        rest = {other: kept for other, kept in members.items() if other != key}
        yield "member dropped", rest, (key, value)
        yield "member renamed", {**rest, f"{key}_": value}, (key, value)
        for what, changed, dropped in _changes(value):
            yield what, {**members, key: changed}, dropped


def _changed_list(items: list[Any]) -> Iterator[_Change]:
    yield "element added", [*items, None], None
    if items[::-1] != items:
        yield "elements turned round", items[::-1], None
    for index, item in enumerate(items):
        before, after = items[:index], items[index + 1 :]
        yield "element dropped", [*before, *after], None
        for what, changed, dropped in _changes(item):
            yield what, [*before, changed, *after], dropped


def _changed_leaf(value: Any) -> Iterator[tuple[str, Any]]:
    if value is None:
        yield "a value for null", "a value"
    elif isinstance(value, bool):
        yield "boolean flipped", not value
    elif isinstance(value, str):
        yield "text longer", f"{value}x"
        yield "space behind the text", f"{value} "
        for other in (value[1:], value.swapcase()):
            if other != value:
                yield "text changed", other
    else:
        yield "number plus one", value + 1 if value + 1 != value else value * 2


def retyped(value: Any) -> Any:
    """The value as another type would write it; itself where there is no such way."""
    if isinstance(value, dict):
        return {key: retyped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [retyped(item) for item in value]
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[1-9]\d{0,8}", value) else value
    return value if value is None else json.dumps(value)
