"""Tool specifications: read in any of their dialects, and arguments checked against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from toolverify.errors import ToolsError
from toolverify.paths import join
from toolverify.schema_dialects import normalise_parameters
from toolverify.schema_places import GRADING, ROOT, Node, Place, fits_at, inside, node
from toolverify.schema_validators import at, fitting, is_schema, recursive_places, telling

_MOST_VIOLATIONS = 20
_LONG = 1_024  # bytes of arguments up to which jsonschema is asked: it is slow, and sometimes quadratic


class ToolSpec(Struct, frozen=True):
    """One tool: its parameters as JSON Schema, and the specification as it was given beside them."""

    name: str
    description: str
    parameters: dict[str, Any]
    original: dict[str, Any]
    schema_json: bytes


class Violation(Struct, frozen=True):
    """One place where arguments break their schema; `steps` lead there from the arguments."""

    steps: tuple[str | int, ...]
    message: str
    keyword: str
    expected: Any
    got: Any


def tools_to_json(tools: Any) -> bytes:
    """Tools as given, in one canonical form that serves as a cache key.

    Raises:
        ToolsError: They are not a list of objects, or the JSON text of one.
    """
    if isinstance(tools, str):
        tools = _decode(tools)
    if not isinstance(tools, list | tuple):
        kind = type(tools).__name__
        raise ToolsError(f"expected a list of tools, got {kind}", path="tools", mend="wrap it in a list")
    try:
        return msgspec.json.encode(tools)
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolsError(f"not JSON: {error}", path="tools", mend="use plain JSON values") from error


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise ToolsError(f"not JSON: {error}", path="tools", mend="give a list, or its JSON text") from error


@lru_cache(maxsize=1024)
def read_tools_json(text: bytes) -> Mapping[str, ToolSpec]:
    """Tools by name; the first of two with one name counts."""
    tools: dict[str, ToolSpec] = {}
    for index, spec in enumerate(msgspec.json.decode(text)):
        tool = read_tool(spec, path=f"tools[{index}]")
        tools.setdefault(tool.name, tool)
    return tools


def read_tools(tools: Any) -> Mapping[str, ToolSpec]:
    """Read a list of tool specifications in any dialect: OpenAI, bare JSON Schema, BFCL, xLAM.

    Raises:
        ToolsError: With the path of what is wrong and how to mend it.
    """
    return read_tools_json(tools_to_json(tools))


def read_tool(spec: Any, *, path: str = "tool") -> ToolSpec:
    """Read one tool specification.

    Raises:
        ToolsError: With the path of what is wrong and how to mend it.
    """
    if not isinstance(spec, Mapping):
        raise ToolsError(f"expected an object, got {type(spec).__name__}", path=path)
    inner, path_in = _unwrap(spec, path)
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise ToolsError("a tool needs a name", path=f"{path_in}.name", mend="add a non-empty string")
    parameters = normalise_parameters(inner, path_in)
    schema_json = msgspec.json.encode(parameters)
    _check_schema(schema_json, f"{path_in}.parameters")
    description = inner.get("description")
    return ToolSpec(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=parameters,
        original=dict(spec),
        schema_json=schema_json,
    )


def without_grading(tools: Any) -> Any:
    """Tools as a prompt may show them: whatever `x-toolverify` says about grading is left out, at every depth."""
    return _ungraded(_decode(tools) if isinstance(tools, str) else tools)


def _ungraded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ungraded(part) for key, part in value.items() if key != GRADING}
    return [_ungraded(part) for part in value] if isinstance(value, list | tuple) else value


def grades(tools: Any) -> bool:
    """Whether tools say anywhere how they are graded; tools that cannot be read say nothing."""
    if isinstance(tools, str):
        return GRADING in tools
    try:
        return GRADING.encode() in msgspec.json.encode(tools)
    except (TypeError, ValueError, RecursionError):
        return False


def _unwrap(spec: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], str]:
    """OpenAI wraps the function in an object of its own; the other dialects do not."""
    function = spec.get("function")
    if isinstance(function, Mapping):
        return function, f"{path}.function"
    return spec, path


def _check_schema(schema_json: bytes, path: str) -> None:
    """Build the validator once, so that a schema it cannot work with is refused before anything is scored.

    Patterns run in linear time, whatever the text; that leaves out look-around and back-references.
    """
    try:
        fitting(schema_json)
    except ValueError as error:
        place = getattr(error, "instance_path", ())
        raise ToolsError(
            f"the schema cannot be used: {_first_line(str(error))}",
            path=join(path, place),
            mend="use JSON Schema 2020-12, references within the schema, patterns without look-around",
        ) from error
    if not is_schema()(msgspec.json.decode(schema_json)):
        raise _schema_error(msgspec.json.decode(schema_json), path)


def _schema_error(schema: dict[str, Any], path: str) -> ToolsError:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return ToolsError(error.message, path=join(path, error.absolute_path), mend="mend the schema")
    return ToolsError("not a JSON Schema", path=path, mend="mend the schema")


def fits(tool: ToolSpec, arguments: dict[str, Any]) -> bool:
    """Whether arguments satisfy the tool's schema."""
    try:
        return fitting(tool.schema_json)(arguments)
    except ValueError:  # NaN, or a number beyond what the validator holds: no schema means that
        return False


def fits_argument(tool: ToolSpec, name: str, value: Any) -> bool:
    """Whether a value satisfies the schema of one argument that the tool describes."""
    return fits_at(tool.schema_json, ("properties", name), value)


def violations(tool: ToolSpec, arguments: dict[str, Any]) -> list[Violation]:
    """The first places where arguments break the tool's schema, in jsonschema's words.

    jsonschema may take time that grows with the square of the arguments, and much more with patterns and with schemas that
    refer to themselves. So of long arguments and with patterns the first place is told in the words of the fast
    validator, and where a schema refers to itself in words of our own.
    """
    if fits(tool, arguments):
        return []
    if recursive_places(tool.schema_json):
        return [_deepest(tool, arguments)]
    if len(msgspec.json.encode(arguments)) > _LONG or b'"pattern' in tool.schema_json:
        return [_first_violation(tool, arguments)]
    from jsonschema import Draft202012Validator
    from referencing import Registry

    words = Draft202012Validator(tool.parameters, registry=Registry())
    errors = islice(words.iter_errors(arguments), _MOST_VIOLATIONS)
    found = [
        Violation(
            steps=tuple(error.absolute_path),
            message=_first_line(error.message),
            keyword=str(error.validator),
            expected=error.validator_value,
            got=error.instance,
        )
        for error in errors
    ]
    return found or [Violation((), "does not fit the schema", "schema", tool.parameters, arguments)]


def _deepest(tool: ToolSpec, arguments: dict[str, Any]) -> Violation:
    """The first value that fits none of the ways its schema allows, as deep as one can say so."""
    value: Any = arguments
    nodes = [node(tool.schema_json, ROOT)]
    steps: tuple[str | int, ...] = ()
    while (found := _misfit(tool, value, nodes)) is not None:
        step, places = found
        value, steps = value[step], (*steps, step)
        nodes = [node(tool.schema_json, place) for place in places]
    return Violation(steps, f"{_brief(value)} does not fit its schema", "schema", None, value)


def _misfit(tool: ToolSpec, value: Any, nodes: Sequence[Node]) -> tuple[Any, tuple[Place, ...]] | None:
    """The first member or element that is described and fits no description."""
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
    for step, part in parts:
        described = inside(nodes, step)
        if described and not any([fits_at(tool.schema_json, place, part) for place in described]):
            return step, described
    return None


def _brief(value: Any) -> str:
    return _first_line(msgspec.json.encode(value).decode() if not isinstance(value, str) else repr(value), 80)


def _first_violation(tool: ToolSpec, arguments: dict[str, Any]) -> Violation:
    """What the fast validator stumbles over first, in its own words."""
    import jsonschema_rs

    try:
        telling(tool.schema_json).validate(arguments)
    except jsonschema_rs.ValidationError as error:
        place = tuple([str(step) for step in error.schema_path])
        message = f"does not satisfy {place[-1] if place else 'schema'!r}: {_first_line(error.message)}"
        wanted = at(tool.parameters, place)
        return Violation(
            tuple(error.instance_path), message, place[-1] if place else "schema", wanted, error.instance
        )
    except ValueError as error:  # a number that the validator cannot hold
        return Violation((), _first_line(str(error)), "schema", None, None)
    return Violation((), "does not fit the schema", "schema", None, None)


def _first_line(message: str, width: int = 300) -> str:
    line = message.splitlines()[0] if message else ""
    return line if len(line) <= width else f"{line[:width]}…"
