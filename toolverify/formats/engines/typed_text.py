"""The value that a text stands for, where the wire has no types: as the tool's schema says, never as the text looks.

A string stays the text, to the letter. Anything else is read as JSON, or as Python writes the same value, where that gives
a value of the schema's type; where it does not, the text stays, and whoever checks the schema will tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from toolverify.formats.engines.json_value import Decoded, decode, deeper_than
from toolverify.formats.engines.python_expressions import read_expression
from toolverify.formats.engines.python_literals import NotLiteral, literal_value, repeats_key
from toolverify.formats.engines.python_tree import Fault
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.schema import ToolSpec

_MOST_STEPS = 64  # through unions and references, which may lead back to where they began
_PYTHON_CHARACTERS = 16_384  # of one reply
_OPENING = ("[", "{")
_PYTHON_WORDS = {"True": True, "False": False, "None": None}
_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
    str: ("string",),
}
#: What a wire with type names calls the types of JSON.
WIRE_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    list: "array",
    dict: "object",
}
_IMPLIED = {
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
}


def schema_of(tools: Mapping[str, ToolSpec], name: str) -> Mapping[str, Any]:
    """What tools say of the arguments of one of them; nothing, where it is unknown."""
    return tools[name].parameters if name in tools else {}


def parameter(schema: Mapping[str, Any], name: str) -> Any:
    """What a schema of arguments says of one of them; None where it says nothing."""
    described = schema.get("properties")
    if isinstance(described, Mapping) and name in described:
        return described[name]
    return schema.get("additionalProperties")


def typed(text: str, schema: Any, limits: Limits, root: Mapping[str, Any] | None = None) -> Any:
    """The value that a text stands for.

    Args:
        text: The value as it was written.
        schema: What it should be; what is not described is a string.
        limits: The profile's limits; what is beyond them stays a text.
        root: The schema that references in `schema` point into.
    """
    return TextTyper(limits).read(text, schema, schema if root is None else root).value


class TextTyper:
    """Types the values of one reply. Mutable, because Python's containers are slow to read, and so read up to a bound."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.python_left = _PYTHON_CHARACTERS

    def read(self, text: str, schema: Any, root: Any) -> Decoded:
        """The value that a text stands for, and whether an object in it has one key twice."""
        parts = list(alternatives(schema, root))
        types = {name for part in parts for name in _types(part)}
        if not types - {"string"} or any([text in _enumerated(part) for part in parts]):
            return Decoded(text)
        found = self._value(text)
        fitting = found.status == "ok" and fits_types(found.value, types - {"string"})
        return found if fitting else Decoded(text)

    def _value(self, text: str) -> Decoded:
        """A text as JSON, or as Python's words and containers have it."""
        if text[:1] in _OPENING and deeper_than(self.limits.depth, text):
            return Decoded(status="limit_exceeded")
        decoded = decode(text, self.limits)
        if decoded.status == "ok":
            return decoded
        plain = text.strip()
        if plain in _PYTHON_WORDS:
            return Decoded(_PYTHON_WORDS[plain])
        if plain[:1] in _OPENING and len(plain) <= self.python_left:
            self.python_left -= len(plain)
            return _container(plain, self.limits)
        return decoded


def types_of(schema: Any, root: Any) -> set[str]:
    """The types of JSON that a schema allows; none, where it says nothing of them."""
    return {name for part in alternatives(schema, root) for name in _types(part)}


def fits_types(value: Any, types: set[str]) -> bool:
    """Whether a value is of one of the types, as JSON Schema means them: 3.0 is an integer, True is none."""
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return True
    return not types.isdisjoint(_TYPES[type(value)])


def alternatives(schema: Any, root: Any) -> Iterator[Mapping[str, Any]]:
    """A schema and those that it is made of: unions and references, followed so far."""
    waiting = [schema]
    for _ in range(_MOST_STEPS):
        part = waiting.pop() if waiting else None
        if isinstance(part, Mapping):
            yield part
            for key in ("anyOf", "oneOf", "allOf"):
                waiting += part[key] if isinstance(part.get(key), list) else []
            waiting += [_referred(part["$ref"], root)] if isinstance(part.get("$ref"), str) else []
        elif not waiting:
            return


def _referred(reference: str, root: Any) -> Any:
    """What a reference within the schema points at."""
    if not reference.startswith("#"):
        return None
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        root = root.get(key) if isinstance(root, Mapping) else None
    return root


def _types(schema: Mapping[str, Any]) -> set[str]:
    """The types that a schema names, or that its other keywords imply."""
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    if isinstance(named, list):
        return {name for name in named if isinstance(name, str)}
    implied = {kind for keyword, kind in _IMPLIED.items() if keyword in schema}
    return implied.union(*[_TYPES.get(type(value), ()) for value in _enumerated(schema)])


def _enumerated(schema: Mapping[str, Any]) -> list[Any]:
    values = schema.get("enum")
    found = list(values) if isinstance(values, list) else []
    return [*found, schema["const"]] if "const" in schema else found


def _container(text: str, limits: Limits) -> Decoded:
    """A list or a dict in Python's syntax."""
    try:
        expression = read_expression(text, limits)
        return Decoded(literal_value(expression, json_words=True), duplicate_keys=repeats_key(expression))
    except (Fault, NotLiteral) as error:
        return Decoded(status="invalid_json", detail=str(error))
