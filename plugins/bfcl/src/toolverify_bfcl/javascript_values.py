"""Values of JavaScript, read from their source text the way the reference converts them; what it cannot stays text."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

from toolverify_bfcl.java_values import number_or_text
from toolverify_bfcl.scanning import Finder, between

#: The Python type a value of each JavaScript type becomes.
TYPES: dict[str, type] = {
    **dict.fromkeys(("String", "any"), str),
    **dict.fromkeys(("integer", "Bigint"), int),
    "float": float,
    "Boolean": bool,
    "dict": dict,
    "array": list,
}
_INTEGER = re.compile(r"-?\d++\n?\Z")
_BIGINT = re.compile(r"-?\d++n\n?\Z")
_FLOAT = re.compile(r"-?\d++(?:\.\d++)?+\n?\Z")
_ROWS = re.compile(r"\[\s*+\[|(new\s++Array\()\s*+\[")
_NEW_ARRAY = re.compile(r"new\s++Array\(")
_NEXT_ROW = re.compile(r",\s*+\[")
_CLOSING = re.compile(r"\]")
_LINE_END = re.compile(r"\n")
_BRACKET = re.compile(r"\[")
_SPACE = re.compile(r"\s*+")


def javascript_value(text: str, type_name: str, element_type: str | None = None) -> Any:
    """The value of a text that should be of that JavaScript type."""
    if type_name == "String":
        return text[1:-1] if _quoted(text) else text
    if type_name == "integer":
        return int(text) if _INTEGER.match(text) else text
    if type_name == "float":
        return float(text) if _FLOAT.match(text) else text
    if type_name == "Bigint":
        return int(text[:-1]) if _BIGINT.match(text) else text
    if type_name == "Boolean":
        return text == "true" if text in ("true", "false") else text
    if type_name == "array":
        return _array(text.strip(), element_type)
    return _object(text.strip()) if type_name == "dict" else text


def _quoted(text: str) -> bool:
    return (text.startswith('"') and text.endswith('"')) or (text.startswith("'") and text.endswith("'"))


def _array(text: str, element_type: str | None) -> Any:
    """An array of arrays, or of values; what raises while it is converted stays text."""
    end = _rows_end(text)
    if end >= 0:
        return _rows(text[:end])
    body = _array_body(text)
    if body is None:
        return text
    pieces = [piece.strip() for piece in body.split(",")] if body else []
    if not element_type:
        return [_untyped(piece) for piece in pieces]
    try:
        return [javascript_value(piece, element_type, _inner(piece)) for piece in pieces]
    except ValueError:  # a number of more digits than int() converts
        return text


def _inner(piece: str) -> str | None:
    return "String" if piece.startswith(("'", '"')) else None


def _array_body(text: str) -> str | None:
    """What stands between the brackets that a text begins with, on one line."""
    made = _NEW_ARRAY.match(text)
    start, closing = (made.end(), ")") if made else (1, "]")
    if not made and not text.startswith("["):
        return None
    end = Finder(text).closing(closing, start)
    return text[start:end].strip() if end >= 0 else None


class _Rows:
    """Where the rows of an array of arrays may end.

    A row ends at the first bracket that leads on to the end of the whole, so brackets are tried from the last one on:
    behind each, either the whole ends or another row begins.
    """

    def __init__(self, text: str, closing: str) -> None:
        self.text = text
        self.places = [found.start() for found in _CLOSING.finditer(text)]
        self.lines = [found.start() for found in _LINE_END.finditer(text)]
        count = len(self.places)
        self.ends = [-1] * (count + 1)  # where the whole ends, if a row ends at this bracket
        self.nearest = [count] * (count + 1)  # the next bracket from here on that leads to an end
        for index in range(count - 1, -1, -1):
            self.ends[index] = self._end_behind(self.places[index] + 1, closing)
            self.nearest[index] = index if self.ends[index] >= 0 else self.nearest[index + 1]

    def _end_behind(self, position: int, closing: str) -> int:
        position = _past_space(self.text, position)
        if self.text.startswith(closing, position):
            return position + 1
        following = _NEXT_ROW.match(self.text, position)
        return self.end_from(following.end()) if following else -1

    def end_from(self, start: int) -> int:
        """Where the whole ends, if a row begins here and ends on its own line; or -1."""
        index = self.nearest[bisect_left(self.places, start)]
        if index == len(self.places):
            return -1
        line = bisect_left(self.lines, start)
        whole = line == len(self.lines) or self.lines[line] > self.places[index]
        return self.ends[index] if whole else -1


def _rows_end(text: str) -> int:
    """Where an array of arrays ends that a text begins with, or -1."""
    opened = _ROWS.match(text)
    return _Rows(text, ")" if opened[1] else "]").end_from(opened.end()) if opened else -1


def _past_space(text: str, start: int) -> int:
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]  # it matches the empty text too


def _rows(text: str) -> list[list[Any]]:
    rows = [row.strip() for row in between(text, _BRACKET, "]")]
    if rows and rows[0].startswith("["):
        rows[0] = rows[0][1:]
    return [[_untyped(piece.strip()) for piece in row.split(",")] for row in rows]


def _object(text: str) -> Any:
    """An object of one level, up to its first closing brace; anything else stays text."""
    if text == "{}":
        return {}
    end = Finder(text).closing("}", 1) if text.startswith("{") else -1
    return text if end < 0 else {_key(key): _member(value) for key, value in _members(text[1:end])}


def _key(text: str) -> str:
    return text.strip().strip("'\"")


def _member(text: str) -> Any:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return _array(text, None)
    return _untyped(text.strip("'\""))


def _members(text: str) -> list[tuple[str, str]]:
    """Keys and values: a value ends at the first comma behind which a colon stands before the next comma."""
    members: list[tuple[str, str]] = []
    position = 0
    while True:
        while text.startswith(":", position):
            position += 1
        colon = text.find(":", position)
        if colon < 0:
            return members
        start = _past_space(text, colon + 1)
        end, following = _value_end(text, start)
        members.append((text[position:colon], text[start:end]))
        position = following


def _value_end(text: str, start: int) -> tuple[int, int]:
    """Where a value ends, and where the next key begins."""
    comma = text.find(",", start)
    while comma >= 0:
        next_comma = text.find(",", comma + 1)
        last_colon = text.rfind(":", comma + 2, next_comma if next_comma >= 0 else len(text))
        if last_colon >= 0:
            spaced = _past_space(text, comma + 1)
            return comma, min(spaced, last_colon - 1)
        comma = next_comma
    return len(text), len(text)


def _untyped(text: str) -> Any:
    """A value whose type nobody told: a boolean, a string, a number, or just its text."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if _quoted(text) else number_or_text(text)
