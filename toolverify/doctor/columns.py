"""What Arrow and careless merging do to columns: nulls filled in, structs where texts are due, ids used twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault, warning
from toolverify.doctor.golds import gold_of
from toolverify.doctor.looking import Look
from toolverify.errors import ToolverifyError
from toolverify.paths import member
from toolverify.schema_places import GRADING
from toolverify.training import Gold

_DEEPEST = 4
_PROMPTS = {"messages", "prompt", "conversations", "completion", "calls"}  # these are not graded
_SHOWN = ("messages", "prompt", "conversations")
_MOST_ITEMS = 64


def look_at_columns(setup: Setup) -> Look:
    """Columns hold what was written into them."""
    if not setup.rows:
        return Look("columns", "no rows", skipped=True)
    faults = [*_twin_ids(setup), *_bent(setup), *_structs(setup), *_shown_grading(setup)]
    told = "ids, nulls and structs" if faults else "no id twice, nothing bent"
    return Look("columns", told, tuple(faults))


def _twin_ids(setup: Setup) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, row in enumerate(setup.rows):
        known = row.get("id")
        if isinstance(known, str | int):
            earlier = first.setdefault(repr(known), index)
            if earlier != index:
                told = f"the id of {setup.place(earlier).partition(',')[0]} again"
                yield warning("rows.duplicate_id", told, where=setup.place(index))


def _bent(setup: Setup) -> Iterator[Fault]:
    golds = [(index, _gold(setup, index)) for index in range(len(setup.rows))]
    calls = {index: _calls(gold.answer) for index, gold in golds if gold is not None}
    everywhere = _keys_of_all_calls([call for made in calls.values() for call in made])
    for index, gold in golds:
        if gold is None:
            continue
        declared = _declared(gold.tools)
        paths = [*_filled_calls(calls[index], declared, everywhere), *_filled_tools(gold.tools)]
        if paths:
            told = f"null at {', '.join(paths[:3])}" + (
                f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            )
            yield fault("rows.null_filled", told, where=setup.place(index))


def _gold(setup: Setup, index: int) -> Gold | None:
    try:
        return gold_of(setup, index)
    except ToolverifyError:
        return None


def _value(text: Any) -> Any:
    """A value, also where it came as JSON text: a text may have been written after Arrow had bent it."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _calls(answer: Any) -> list[tuple[str, str, Mapping[str, Any]]]:
    """The calls of an answer that is a list of them: path, name, arguments."""
    given = _value(answer)
    return [
        (f"answer[{index}].{key}", call["name"], call[key])
        for index, call in enumerate(given if isinstance(given, list) else [])
        for key in ("arguments", "parameters")
        if _is_call(call) and isinstance(call["name"], str) and isinstance(call.get(key), dict)
    ]


def _keys_of_all_calls(calls: list[tuple[str, str, Mapping[str, Any]]]) -> frozenset[str]:
    """The keys that all calls have, where calls of several tools all have the very same ones, as Arrow leaves them."""
    keys = {frozenset(arguments) for _, _, arguments in calls}
    names = {name for _, name, _ in calls}
    return keys.pop() if len(keys) == 1 and len(names) > 1 else frozenset()


def _filled_calls(
    calls: list[tuple[str, str, Mapping[str, Any]]],
    declared: Mapping[str, set[str]],
    everywhere: frozenset[str],
) -> Iterator[str]:
    """Arguments that are null, and that the tool does not know, or that every call of whatever tool has."""
    for path, name, arguments in calls:
        known = declared.get(name)
        for key, value in arguments.items():
            if value is None and (key in everywhere if known is None else key not in known):
                yield member(path, key)


def _tools(tools: Any) -> list[tuple[str, dict[str, Any]]]:
    """Each tool, out of its wrapper, with its path."""
    given = _value(tools)
    found = []
    for index, tool in enumerate(given if isinstance(given, list) else []):
        inner, path = tool, f"tools[{index}]"
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
            inner, path = tool["function"], f"{path}.function"
        if isinstance(inner, dict):
            found.append((path, inner))
    return found


def _properties(tool: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Where a tool declares its parameters: in a JSON Schema, or as xLAM has it, right there."""
    parameters = tool.get("parameters")
    if not isinstance(parameters, dict):
        return "parameters", {}
    inner = parameters.get("properties")
    return ("parameters.properties", inner) if isinstance(inner, dict) else ("parameters", parameters)


def _declared(tools: Any) -> dict[str, set[str]]:
    """The parameters of each tool; one that is null is none."""
    return {
        str(tool.get("name")): {key for key, value in _properties(tool)[1].items() if value is not None}
        for _, tool in _tools(tools)
    }


def _filled_tools(tools: Any) -> Iterator[str]:
    for path, tool in _tools(tools):
        where, properties = _properties(tool)
        yield from (member(f"{path}.{where}", key) for key, value in properties.items() if value is None)


def _shown_grading(setup: Setup) -> Iterator[Fault]:
    """Prompts that hold what the tools say about their grading."""
    for index, row in enumerate(setup.rows):
        shown = [key for key in _SHOWN if GRADING in _text(row.get(key))]
        if shown:
            yield fault("rows.grading_shown", f"{GRADING} stands in {shown[0]}", where=setup.place(index))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        return ""


def _structs(setup: Setup) -> Iterator[Fault]:
    """Calls as structs, in a file that is Arrow's own or that a trainer reads through Arrow."""
    parquet = setup.data is not None and setup.data.suffix.lower() == ".parquet"
    if not parquet and setup.backend is None:
        return
    for index, row in enumerate(setup.rows):
        paths = [
            path for key, value in row.items() if key not in _PROMPTS for path in _call_lists(value, key, 0)
        ]
        if paths:
            yield warning(
                "rows.structs", f"calls as structs at {', '.join(paths[:3])}", where=setup.place(index)
            )


def _call_lists(value: Any, path: str, depth: int) -> Iterator[str]:
    """Where lists of calls stand as they are, and not as JSON texts."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _call_lists(inner, member(path, key), depth + 1)
    elif isinstance(value, list | tuple):
        if value and all(_is_call(each) for each in value):
            yield path
            return
        for index, inner in enumerate(value[:_MOST_ITEMS]):
            yield from _call_lists(inner, f"{path}[{index}]", depth + 1)


def _is_call(value: Any) -> bool:
    keys = ("arguments", "parameters")
    return (
        isinstance(value, dict) and "name" in value and any(isinstance(value.get(key), dict) for key in keys)
    )
