"""The conformance of coercions: nothing is lost, everything is told, and twice is once."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import Change, Coerced, ToolCall
from toolverify.compare import json_equal
from toolverify.paths import split
from toolverify.protocols import Coercion
from toolverify.schema import ToolSpec, fits, read_tool
from toolverify.testing.mutations import mutations, plain, retyped
from toolverify.testing.schemas import tasks
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Subject, explore, same
from toolverify.testing.values import arguments

_PARAMETERS = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "size": {"type": "number"},
        "on": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "inner": {"type": "object", "properties": {"deep": {"type": ["integer", "null"]}}},
    },
}
_TOOL = read_tool({"name": "f", "parameters": _PARAMETERS})
_ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        5,
        -0.0,
        5.0,
        5.5,
        1e300,
        float("nan"),
        float("inf"),
        10**400,
        "",
        "5",
        "5.0",
        " 5 ",
    ),
    *("5e0", "9" * 5_000, "true", "True", "null", "[]", "[1, ", "{}", '{"deep": "5"}', "[" * 3_000, "\ud800"),
    *([], ["5"], [None], {}, {"deep": "5"}, {"deep": [[["5"]]]}, "NaN", "1_000", "٣"),
]


def check_coercion(coercion: Coercion | str, *, examples: int = 100) -> None:
    """Check a coercion: an instance, or the name of an installed one.

    It never raises on arguments, tells every change, leaves values alone that fit their schema, changes no names of
    calls, and changes nothing more when it is applied to its own result.

    Raises:
        AssertionError: It does not, on a call that is shown.
    """
    tried = subject("coercion", coercion)
    before = state(tried.part)
    for key in (*_PARAMETERS["properties"], "surplus"):
        for value in _ODD:
            _coerces(tried, ToolCall("f", {key: value}), _TOOL)
    explore(lambda drawn: _coerces(tried, *drawn), _nearly_typed(), examples=examples)
    explore(lambda made: _coerces(tried, ToolCall("f", made), _TOOL), arguments(), examples=examples)
    unchanged(tried, before)
    other = twin(tried)
    for value in _ODD:
        call = ToolCall("f", {"count": value, "tags": value})
        results = [part.coerce(call, _TOOL) for part in (tried.part, other)]
        tried.require(same(*results), "after pickling it coerces otherwise", call)


def _nearly_typed() -> SearchStrategy[tuple[ToolCall, ToolSpec]]:
    """Calls whose arguments fit their tool, are written as another type, or have one thing wrong; and the tool."""

    def calls_of(task: Any) -> SearchStrategy[tuple[ToolCall, ToolSpec]]:
        tool, right = task.tools[0], plain(task.calls[:1])
        name = tool.get("function", tool)["name"]
        other = [{**call, "arguments": retyped(call["arguments"])} for call in right]
        made = st.one_of(
            st.just(right), st.just(other), mutations(right).map(lambda mutation: mutation.calls)
        )
        return made.map(
            lambda drawn: (ToolCall(name, drawn[0]["arguments"] if drawn else {}), read_tool(tool))
        )

    return tasks().flatmap(calls_of)


def _coerces(tried: Subject, call: ToolCall, tool: ToolSpec) -> None:
    coerced = tried.ask("coerce", tried.part.coerce, call, tool, on=call)
    tried.require(isinstance(coerced, Coerced), f"coerce gives {type(coerced).__name__}, not Coerced", call)
    after = coerced.call
    tried.require(after.name == call.name, f"the name became {after.name!r}", call)
    silent = not coerced.changes and not same(after, call)
    tried.require(not silent, f"a change to {after.arguments!r} that is not told", call)
    for change in coerced.changes:
        told = isinstance(change, Change) and bool(change.path) and bool(change.reason)
        tried.require(told, f"{change!r} does not tell path and reason", call)
        gone = change.after is None and split(change.path)[-1] not in after.arguments
        tried.require(gone or not same(change.before, change.after), f"{change!r} changes nothing", call)
    if fits(tool, call.arguments):
        kept = same(after, call) or json_equal(after.arguments, call.arguments)
        tried.require(kept, f"arguments that fit their schema became {after.arguments!r}", call)
    again = tried.part.coerce(after, tool)
    tried.require(same(again.call, after), f"applied twice it gives {again.call.arguments!r}", call)
