"""The ways tools are written down in public data, all turned into JSON Schema (2020-12).

OpenAI and plain JSON Schema stay as they are. BFCL and ToolACE write `dict`, `tuple`, `any`, `float` and the type
names of Java and JavaScript; xLAM lists parameters without an object around them and writes Python annotations
such as `List[int], optional`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolverify.errors import ToolsError

_MAX_DEPTH = 64

#: Type names, lower-cased, to JSON Schema types; None accepts anything.
_TYPES: dict[str, str | None] = {
    **dict.fromkeys(("string", "str", "char", "character", "text"), "string"),
    **dict.fromkeys(("integer", "int", "long", "short", "byte", "bigint", "biginteger"), "integer"),
    **dict.fromkeys(("number", "float", "double", "decimal", "complex", "bigdecimal"), "number"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("array", "list", "tuple", "set", "arraylist", "queue", "stack", "sequence"), "array"),
    **dict.fromkeys(("object", "dict", "dictionary", "map", "hashmap", "hashtable", "mapping"), "object"),
    **dict.fromkeys(("null", "none", "nonetype"), "null"),
    **dict.fromkeys(("any", "", "callable", "function", "objectarray"), None),
}

#: Keywords that check nothing. Public data often gives them another type, and then they are left out.
ANNOTATIONS: dict[str, type] = {
    "title": str,
    "description": str,
    "examples": list,
    "format": str,
    "$comment": str,
    "deprecated": bool,
}
_CHILD_SCHEMAS = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_CHILD_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_CHILD_MAPS = ("$defs", "definitions", "patternProperties", "dependentSchemas")


def normalise_parameters(tool: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The parameters of a tool as one JSON Schema of an object.

    Raises:
        ToolsError: With the path of what is wrong.
    """
    parameters = tool.get("parameters", tool.get("input_schema"))
    path = f"{path}.parameters"
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, Mapping):
        kind = type(parameters).__name__
        raise ToolsError(f"expected an object, got {kind}", path=path, mend="give a JSON Schema")
    if not _is_schema(parameters):
        parameters = {
            "type": "object",
            "properties": parameters,
            "required": _required_of_list(tool, parameters),
        }
    schema = _normalise(parameters, path, 0)
    schema.setdefault("type", "object")
    schema.setdefault("properties", {})
    if "required" not in schema and isinstance(tool.get("required"), list):
        schema["required"] = [name for name in tool["required"] if isinstance(name, str)]
    return schema


def _required_of_list(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[str]:
    """In a bare list of parameters: those of a list beside it, those flagged, or those not called optional."""
    if isinstance(tool.get("required"), list):
        return [name for name in tool["required"] if isinstance(name, str)]
    schemas = {name: child for name, child in parameters.items() if isinstance(child, Mapping)}
    if any(isinstance(child.get("required"), bool) for child in schemas.values()):
        return _flagged(schemas)
    return [name for name, child in schemas.items() if not _is_optional(child)]


def _is_schema(parameters: Mapping[str, Any]) -> bool:
    """A schema has a type or properties of its own; xLAM's bare list of parameters has neither."""
    if isinstance(parameters.get("type"), str | list):
        return True
    properties = parameters.get("properties")
    if isinstance(properties, Mapping) and not isinstance(properties.get("type"), str):
        return True
    return not parameters or any(key in parameters for key in ("$ref", "anyOf", "allOf", "oneOf"))


def _normalise(schema: Any, path: str, depth: int) -> dict[str, Any]:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, Mapping):
        raise ToolsError(f"expected a schema, got {type(schema).__name__}", path=path, mend="give an object")
    if depth > _MAX_DEPTH:
        raise ToolsError(f"nested deeper than {_MAX_DEPTH} levels", path=path, mend="flatten the schema")
    result = {key: value for key, value in schema.items() if isinstance(value, ANNOTATIONS.get(key, object))}
    if isinstance(
        result.get("$schema"), str
    ):  # all are read as 2020-12, and nobody looks elsewhere what they claim
        del result["$schema"]
    _normalise_type(result, path)
    _normalise_children(result, path, depth)
    _normalise_properties(result, path, depth)
    return result


def _normalise_type(schema: dict[str, Any], path: str) -> None:
    if "type" not in schema:
        return
    kind = schema.pop("type")
    if isinstance(kind, list):
        names = [_type_name(item, f"{path}.type") for item in kind]
        if None not in names and names:
            schema["type"] = names
        return
    for key, value in _annotation(kind, f"{path}.type", 0).items():
        schema.setdefault(key, value)


def _type_name(name: Any, path: str) -> str | None:
    key = name.strip().lower() if isinstance(name, str) else None
    if key is None or key not in _TYPES:
        known = "string, integer, number, boolean, array, object, null"
        raise ToolsError(f"unknown type {name!r}", path=path, mend=f"use one of {known}")
    return _TYPES[key]


def _annotation(text: Any, path: str, depth: int) -> dict[str, Any]:
    """A type name or a Python annotation such as `List[Union[int, float]]`, as a schema."""
    if not isinstance(text, str):
        raise ToolsError(f"a type is a string, got {type(text).__name__}", path=path, mend="name a type")
    if depth > _MAX_DEPTH:
        raise ToolsError("the type is nested too deep", path=path, mend="use a simpler type")
    text = _without_optional(text)
    outer, bracket, rest = text.partition("[")
    outer = outer.strip().rpartition(".")[2]
    if not bracket:
        name = _type_name(outer, path)
        return {} if name is None else {"type": name}
    arguments = _split_top_level(rest.rstrip().removesuffix("]"))
    return _generic(outer.lower(), arguments, path, depth)


def _generic(outer: str, arguments: list[str], path: str, depth: int) -> dict[str, Any]:
    def inner(text: str) -> dict[str, Any]:
        return _annotation(text, path, depth + 1)

    if outer == "union":
        return {"anyOf": [inner(argument) for argument in arguments]}
    if outer == "optional":
        return {"anyOf": [*(inner(argument) for argument in arguments), {"type": "null"}]}
    name = _type_name(outer, path)
    if name == "array" and len(arguments) == 1 and outer != "tuple":
        return {"type": "array", "items": inner(arguments[0])}
    return {} if name is None else {"type": name}


def _without_optional(text: str) -> str:
    """xLAM writes `int, optional`; the mark is read by `_is_optional`."""
    parts = _split_top_level(text)
    kept = [part for part in parts if not part.lower().startswith(("optional", "default")) or "[" in part]
    return kept[0] if kept else ""


def _split_top_level(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return parts


def _is_optional(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return isinstance(kind, str) and any(part.lower() == "optional" for part in _split_top_level(kind)[1:])


def _normalise_children(schema: dict[str, Any], path: str, depth: int) -> None:
    if isinstance(schema.get("items"), list):  # a tuple in the way of older drafts
        schema["prefixItems"] = schema.pop("items")
    for key in _CHILD_SCHEMAS:
        child = schema.get(key)
        if isinstance(child, Mapping):
            schema[key] = _normalise(child, f"{path}.{key}", depth + 1)
        elif child is None:
            schema.pop(key, None)
    for key in _CHILD_LISTS:
        if isinstance(schema.get(key), list):
            schema[key] = [
                _normalise(child, f"{path}.{key}[{i}]", depth + 1) for i, child in enumerate(schema[key])
            ]
    for key in _CHILD_MAPS:
        if isinstance(schema.get(key), Mapping):
            children = schema[key].items()
            schema[key] = {
                name: _normalise(child, f"{path}.{key}.{name}", depth + 1) for name, child in children
            }


def _normalise_properties(schema: dict[str, Any], path: str, depth: int) -> None:
    properties = schema.pop("properties", None)
    required = schema.pop("required", None)
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else None
    if properties is None:
        if names is not None:
            schema["required"] = names
        return
    if not isinstance(properties, Mapping):
        kind = type(properties).__name__
        raise ToolsError(
            f"expected an object, got {kind}", path=f"{path}.properties", mend="map names to schemas"
        )
    marked = _flagged(properties) if names is None else names
    schema["properties"] = {
        name: _normalise(_without_flag(child), f"{path}.properties.{name}", depth + 1)
        for name, child in properties.items()
    }
    if marked:
        schema["required"] = list(dict.fromkeys(marked))


def _flagged(properties: Mapping[str, Any]) -> list[str]:
    """Some dialects write `required: true` on the parameter."""
    return [
        name
        for name, child in properties.items()
        if isinstance(child, Mapping) and child.get("required") is True
    ]


def _without_flag(schema: Any) -> Any:
    """`required: true` on a parameter is a flag of the dialect, not JSON Schema."""
    if isinstance(schema, Mapping) and isinstance(schema.get("required"), bool):
        return {key: value for key, value in schema.items() if key != "required"}
    return schema
