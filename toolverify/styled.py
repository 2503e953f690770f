"""Lines for a person, at most 80 columns wide: text with styles beside it, never markup inside it.

Whatever comes from a model passes `visible`: control characters, direction marks and lone surrogates are written as
escapes, so that no text can act on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

from msgspec import Struct

WIDTH = 80
_DEEPEST = 16
_LOOKED_AT = 4  # times the room: of a value that takes more, the beginning alone is shown
_LONGEST_TEXT = 2_000  # characters of one text that are looked at; fewer are shown
_SMALLEST_PIECE = 12  # columns: a word that would be cut shorter begins a line of its own
_MORE = "…"


class Span(Struct, frozen=True):
    """A stretch of a line in one style, in words that rich understands."""

    text: str
    style: str = ""


StyledLine = tuple[Span, ...]


def as_text(lines: Iterable[StyledLine]) -> str:
    """The lines without their styles."""
    return "\n".join("".join([span.text for span in line]).rstrip() for line in lines)


def visible(text: str) -> str:
    """The text with everything that is not printed written as an escape: a tab is `\\t`."""
    if text.isprintable():
        return text
    return "".join([char if char.isprintable() else char.encode("unicode_escape").decode() for char in text])


def columns(text: str) -> int:
    """How wide a text is; no character counts less than one, so it never looks wider than it is."""
    if text.isascii():
        return len(text)
    return sum([_char_columns(char) for char in text])


def _char_columns(char: str) -> int:
    return 2 if east_asian_width(char) in "WF" else 1


def shortened(text: str, room: int) -> str:
    """The text, its middle left out where it is wider than the room."""
    if len(text) <= room and columns(text) <= room:
        return text
    half = (room - 1) // 2
    return f"{_head(text, half)}{_MORE}{_head(text[::-1], half)[::-1]}"


def _head(text: str, room: int) -> str:
    """As many characters of the beginning as there is room for."""
    for index, char in enumerate(text):
        room -= _char_columns(char)
        if room < 0:
            return text[:index]
    return text


def phrase(text: str, room: int = 4 * WIDTH) -> str:
    """Somebody's words, made visible and shortened."""
    return shortened(visible(_clipped(text)), room)


def _clipped(text: str) -> str:
    """The beginning and the end of a text: the middle of a megabyte is not looked at."""
    if len(text) <= _LONGEST_TEXT:
        return text
    half = _LONGEST_TEXT // 2
    return f"{text[:half]}{_MORE}{text[-half:]}"


def written(value: Any, room: int = WIDTH) -> str:
    """A value as JSON on one line, shortened; what is no JSON is told by its type. Bounded for values of any size."""
    pieces: list[str] = []
    size = 0
    for piece in _pieces(value, 0):
        if size > _LOOKED_AT * room:  # the end is too far away to be looked for
            return _head(visible("".join(pieces)), room - 1) + _MORE
        pieces.append(piece)
        size += len(piece)
    return shortened(visible("".join(pieces)), room)


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and depth >= _DEEPEST:
        yield _MORE
    elif isinstance(value, dict):
        yield "{"
        for index, (key, member) in enumerate(value.items()):
            yield ", " if index else ""
            yield _leaf(key) if isinstance(key, str) else f"<{_leaf(key)}>"
            yield ": "
            yield from _pieces(member, depth + 1)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for index, element in enumerate(value):
            yield ", " if index else ""
            yield from _pieces(element, depth + 1)
        yield "]"
    else:
        yield _leaf(value)


def _leaf(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(_clipped(value), ensure_ascii=False)
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        try:
            return int.__repr__(value)
        except ValueError:  # the interpreter writes no integer of so many digits
            return f"<an integer of {value.bit_length()} bits>"
    return f"<{type(value).__name__}>"


def wrap(spans: Sequence[Span], hang: int) -> list[StyledLine]:
    """One line, or as many as it takes; those after the first are indented by `hang`."""
    if sum([columns(span.text) for span in spans]) <= WIDTH:
        return [tuple(spans)]
    lines: list[list[Span]] = [[]]
    used = 0
    for span in spans:
        text, first = span.text, True
        while text:
            piece = _piece(text, WIDTH - used, fresh=not first or used <= hang)
            if piece:
                lines[-1].append(Span(piece, span.style))
            used += columns(piece)
            text, first = text[len(piece) :], False
            if text:
                lines.append([Span(" " * hang)])
                used = hang
    return [tuple(line) for line in lines]


def _piece(text: str, room: int, *, fresh: bool) -> str:
    """What of a text fits; cut behind a space or a comma where one is near the end."""
    piece = _head(text, room)
    if len(piece) == len(text):
        return piece
    behind = max(piece.rfind(" "), piece.rfind(",")) + 1
    if behind > len(piece) // 2:
        return piece[:behind]
    return piece if fresh or room >= _SMALLEST_PIECE else ""
