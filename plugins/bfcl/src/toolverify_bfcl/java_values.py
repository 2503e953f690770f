"""Values of Java, read from their source text the way the reference converts them; what it cannot read stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from toolverify_bfcl.scanning import Finder, between, first_between

#: The Python type a value of each Java type becomes. Those without a conversion make the reference raise.
TYPES: dict[str, type] = {
    **dict.fromkeys(("byte", "short", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    "boolean": bool,
    **dict.fromkeys(("char", "String", "any"), str),
    **dict.fromkeys(("Array", "ArrayList", "Queue", "Stack"), list),
    "Set": set,
    **dict.fromkeys(("HashMap", "Hashtable"), dict),
}
_NOT_CONVERTED = frozenset(("Set", "Hashtable", "Queue", "Stack"))
_INTEGER = re.compile(r"-?\d++\n?\Z")
_LONG = re.compile(r"(-?\d++)[lL](\n?)\Z")
_DECIMAL = r"-?\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+"
_DOUBLE = re.compile(rf"{_DECIMAL}\n?\Z")
_FLOAT = re.compile(rf"({_DECIMAL})[fF]\n?\Z")
_AS_LIST = re.compile(r"new\s++ArrayList<\w*+>\(Arrays\.asList\(")
_NEW_LIST = re.compile(r"new\s++ArrayList<\w*+>\(\)")
_DOUBLE_BRACE = re.compile(r"new\s++ArrayList<\w*+>\(\)\s*+\{\{(\s*+)")
_ADD = re.compile(r"add\(")
_NEW_ARRAY = re.compile(r"new\s++\w++\[\]\s*+\{")
_NEW_MAP = re.compile(r"new\s++HashMap<")
_MAP_BODY = re.compile(r">\s*+\(\)\s*+\{\s*+\{?+\s*+")
_MAP_END = re.compile(r">\s*+\(\)")
_PUT = re.compile(r'put\("')
_SPACE = re.compile(r"\s*+")


def java_value(text: str, type_name: str, element_type: str | None = None) -> Any:
    """The value of a text that should be of that Java type.

    Raises:
        NotImplementedError: The reference converts no values of that type.
    """
    if type_name in _NOT_CONVERTED:
        raise NotImplementedError(f"{type_name} is not converted")
    if type_name == "Array":
        return _array(text, element_type)
    convert = _CONVERSIONS.get(type_name)
    return _array_list(text, element_type) if type_name == "ArrayList" else convert(text) if convert else text


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.match(text) else text


def _long(text: str) -> Any:
    found = _LONG.match(text)
    return int(found[1]) if found else text


def _float(text: str) -> Any:
    found = _FLOAT.match(text)
    return float(found[1]) if found else text


def _double(text: str) -> Any:
    return float(text) if _DOUBLE.match(text) else text


def _boolean(text: str) -> Any:
    return text == "true" if text in ("true", "false") else text


def _array_list(text: str, element_type: str | None) -> Any:
    """Elements given to `Arrays.asList`, or added between double braces, or none."""
    listed = first_between(text, _AS_LIST, "))", least=1)
    if listed is not None:
        return [_element(piece.strip(), element_type) for piece in listed.split(",")]
    added = _double_braced(text)
    if added is not None:
        return [_element(piece.strip(), element_type) for piece in between(added, _ADD, ")", least=1)]
    return [] if _NEW_LIST.search(text) else text


def _double_braced(text: str) -> str | None:
    """What stands between double braces, which hold at least one character."""
    finder = Finder(text)
    for found in _DOUBLE_BRACE.finditer(text):
        close = finder.next("}}", found.end() + 1)
        if close < len(text):
            return text[found.end() : close]
        if found[1] and text.startswith("}}", found.end()):
            return found[1]
    return None


def _element(text: str, element_type: str | None) -> Any:
    if element_type in ("char", "String"):
        return text[1:-1]  # the quotes, or whatever stands in their place
    return java_value(text, element_type) if element_type else _untyped(text)


def _array(text: str, element_type: str | None) -> Any:
    body = first_between(text, _NEW_ARRAY, "}")
    if body is None:
        return text
    pieces = [piece.strip() for piece in body.split(",") if piece.strip()]
    return [java_value(piece, element_type) if element_type else _untyped(piece) for piece in pieces]


def _hash_map(text: str) -> Any:
    """What is put between braces; the first map that is made decides."""
    made = _NEW_MAP.search(text)
    body = _MAP_BODY.search(text, made.end()) if made else None
    close = text.find("}", body.end()) if body else -1
    if body and close >= 0:
        return _entries(text[body.end() : close].rstrip())
    return {} if _makes_empty_map(text) else text


def _makes_empty_map(text: str) -> bool:
    finder = Finder(text)
    ends = [found.start() for found in _MAP_END.finditer(text)]
    place = 0
    for made in _NEW_MAP.finditer(text):
        while place < len(ends) and ends[place] < made.end():
            place += 1
        if place < len(ends) and finder.on_one_line(made.end(), ends[place]):
            return True
    return False


def _entries(text: str) -> dict[str, Any]:
    """The keys and values of every `put`."""
    keys, values = Finder(text), Finder(text)
    entries: dict[str, Any] = {}
    position = 0
    while found := _PUT.search(text, position):
        position = found.end()
        entry = _entry(text, position, keys, values)
        if entry is not None:
            key_end, value_start, end = entry
            entries[text[position:key_end]] = _untyped(text[value_start:end].strip())
            position = end + 1
    return entries


def _entry(text: str, start: int, keys: Finder, values: Finder) -> tuple[int, int, int] | None:
    """Where the key of a `put` ends, and where its value begins and ends: all of the key, and of the value, on one line.

    The first quote with a comma ends the key; if its value does not close on its line, only the line's last one can.
    """
    first = keys.closing('",', start)
    if first < 0:
        return None
    line_end = keys.next("\n", start)
    for key_end in (first, keys.last_before('",', line_end)):
        value_start = _past_space(text, key_end + 2)
        end = values.closing(")", value_start) if value_start >= 0 else -1
        if end >= 0:
            return key_end, value_start, end
    return None


def _past_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def _untyped(text: str) -> Any:
    """A value whose type nobody told: a boolean, a string, a number, or just its text."""
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    if _LONG.match(text):
        return int(text[:-1])
    found = _FLOAT.match(text)
    return float(found[1]) if found else number_or_text(text)


def number_or_text(text: str) -> Any:
    """What Python's own `int`, or else `float`, makes of a text, or the text."""
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


_CONVERSIONS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("byte", "short", "integer"), _integer),
    "long": _long,
    "float": _float,
    "double": _double,
    "boolean": _boolean,
    "HashMap": _hash_map,
}
