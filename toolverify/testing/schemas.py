"""Strategies for tools: their schemas, arguments that fit a schema, and tasks of tools with right calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from toolverify.calls import ToolCall

Schema = dict[str, Any]
_KEYS = ("city", "days", "unit", "when", "tags", "filter", "x-y", "größe")
_LARGEST = 2**53


class Task(NamedTuple):
    """Tools, and calls that fit their schemas."""

    tools: list[dict[str, Any]]
    calls: list[ToolCall]


@cache
def schemas() -> SearchStrategy[Schema]:
    """Schemas of a tool's parameters: typed, optional, enumerated, nested members, arrays and unions."""
    return _objects(_members())


def _members() -> SearchStrategy[Schema]:
    return st.recursive(
        _scalars(),
        lambda inner: st.one_of(
            st.builds(lambda items: {"type": "array", "items": items}, inner),
            st.builds(lambda members: {"anyOf": members}, st.lists(inner, min_size=1, max_size=3)),
            _objects(inner),
        ),
        max_leaves=4,
    )


def _scalars() -> SearchStrategy[Schema]:
    types = ["string", "integer", "number", "boolean", "null"]
    return st.one_of(
        st.builds(lambda name: {"type": name}, st.sampled_from(types)),
        st.builds(lambda low: {"type": "integer", "minimum": low, "maximum": low + 9}, st.integers(-9, 9)),
        st.builds(
            lambda names: {"type": names},
            st.lists(st.sampled_from(types), min_size=1, max_size=3, unique=True),
        ),
        st.builds(
            lambda values: {"enum": values},
            st.lists(st.sampled_from(["a", "b", 1, 2.5, None]), min_size=1, unique=True),
        ),
    )


def _objects(members: SearchStrategy[Schema]) -> SearchStrategy[Schema]:
    def build(properties: Schema, chosen: list[bool], closed: bool) -> Schema:
        required = [key for key, wanted in zip(properties, chosen, strict=False) if wanted]
        schema: Schema = {"type": "object", "properties": properties, "required": required}
        return {**schema, "additionalProperties": False} if closed else schema

    properties = st.dictionaries(st.sampled_from(_KEYS), members, max_size=4)
    return st.builds(build, properties, st.lists(st.booleans(), min_size=4, max_size=4), st.booleans())


@cache
def tools() -> SearchStrategy[list[dict[str, Any]]]:
    """Up to three tools with names of their own, bare or as OpenAI wraps them."""

    def build(schemas_: list[Schema], wrapped: bool) -> list[dict[str, Any]]:
        bare = [
            {"name": f"tool_{index}", "description": "", "parameters": schema}
            for index, schema in enumerate(schemas_)
        ]
        return [{"type": "function", "function": tool} for tool in bare] if wrapped else bare

    return st.builds(build, st.lists(schemas(), min_size=1, max_size=3), st.booleans())


@cache
def tasks() -> SearchStrategy[Task]:
    """Tools, and up to three calls that fit them."""
    return _tasks()


@st.composite
def _tasks(draw: DrawFn) -> Task:
    offered = draw(tools())
    made = []
    for tool in draw(st.lists(st.sampled_from(offered), max_size=3)):
        function = tool.get("function", tool)
        made.append(ToolCall(function["name"], draw(arguments_for(function["parameters"]))))
    return Task(offered, made)


def arguments_for(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Values that fit a schema, of the kinds that `schemas` makes: types, enumerations, bounds of integers, unions.

    Raises:
        ValueError: The schema has a keyword that would be passed over.
    """
    unknown = sorted(set(schema) - _KNOWN)
    if unknown:
        raise ValueError(f"arguments_for knows no {', '.join(unknown)}; it knows {', '.join(sorted(_KNOWN))}")
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    if "anyOf" in schema:
        return st.one_of([arguments_for(member) for member in schema["anyOf"]])
    return st.one_of([_TYPES[name](schema) for name in _types(schema)])


def _types(schema: Mapping[str, Any]) -> Sequence[str]:
    given = schema.get("type", "object" if "properties" in schema else "string")
    return [given] if isinstance(given, str) else given


def _integers(schema: Mapping[str, Any]) -> SearchStrategy[int]:
    return st.integers(schema.get("minimum", -_LARGEST), schema.get("maximum", _LARGEST))


def _numbers(schema: Mapping[str, Any]) -> SearchStrategy[float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def _arrays(schema: Mapping[str, Any]) -> SearchStrategy[list[Any]]:
    return st.lists(arguments_for(schema.get("items", {"type": "string"})), max_size=3)


def _members_of(schema: Mapping[str, Any]) -> SearchStrategy[dict[str, Any]]:
    members = {key: arguments_for(member) for key, member in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {key: member for key, member in members.items() if key in required},
        optional={key: member for key, member in members.items() if key not in required},
    )


_TYPES: dict[str, Callable[[Mapping[str, Any]], SearchStrategy[Any]]] = {
    "string": lambda _: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "integer": _integers,
    "number": _numbers,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
    "array": _arrays,
    "object": _members_of,
}
_KNOWN = {
    *("type", "enum", "const", "anyOf", "items", "properties", "required", "additionalProperties"),
    *("minimum", "maximum", "title", "description", "default", "examples"),
}
