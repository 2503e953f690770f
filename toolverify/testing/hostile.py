"""Texts that a model may write to break a reward: never an exception, always a reason, and time that grows with the text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from toolverify.calls import ToolCall
from toolverify.errors import RenderError
from toolverify.protocols import Format

_CALL = '{"name": "f", "arguments": {"y": 2}}'
_THOUGHT = "<think>t</think>"
_LONGEST_CALL = 60_000  # within the default limit on one call's text
_MARKER = re.compile(r"<[^<>\s]{1,60}>|\[/?[A-Za-z_]{2,60}\]")


def _filled(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """A text of a given size, made of one piece over and over."""
    return lambda size: before + piece * ((size - len(before) - len(after)) // len(piece)) + after


def _block(piece: str, after: str = "") -> Callable[[int], str]:
    return _filled(piece, f"{_THOUGHT}<tool_call>", f"{after}</tool_call>")


def _call_with(argument: Callable[[int], str]) -> Callable[[int], str]:
    """Calls whose arguments are within the limit on one call, as many as the size has room for."""
    return lambda size: hostile_block([argument(min(size, _LONGEST_CALL))] * max(1, size // 62_000))


def hostile_block(arguments: Iterable[str]) -> str:
    """A thought and one block with a call for each text of arguments."""
    made = ", ".join(f'{{"name": "f", "arguments": {text}}}' for text in arguments)
    return f"{_THOUGHT}<tool_call>[{made}]</tool_call>"


#: Texts of about a given size, each made to be slow, to raise, or to be read in two ways.
HOSTILE: dict[str, Callable[[int], str]] = {
    "nothing but a's": _filled("a"),
    "spaces": _filled(" "),
    "think start markers": _filled("<think>"),
    "think end markers": _filled("</think>"),
    "thoughts": _filled("<think></think>"),
    "call start markers": _filled("<tool_call>"),
    "call end markers": _filled("</tool_call>"),
    "empty blocks": _filled("<tool_call></tool_call>", _THOUGHT),
    "empty lists": _filled("<tool_call>[]</tool_call>", _THOUGHT),
    "half markers": _filled("<tool_call", _THOUGHT),
    "angle brackets": _filled("<", _THOUGHT),
    "angle brackets in the thought": _filled("<", "<think>", f"</think><tool_call>[{_CALL}]</tool_call>"),
    "drafts in the thought": _filled(f"<tool_call>[{_CALL}]</tool_call>", "<think>"),
    "start markers in the thought": _filled(
        "<tool_call>", "<think>", f"</think><tool_call>[{_CALL}]</tool_call>"
    ),
    "chat markers": _filled("<|im_start|>assistant", _THOUGHT),
    "opening brackets": _block("["),
    "opening braces": _block('{"a":'),
    "closing brackets": _block("]"),
    "brackets in turn": _block("[]"),
    "nested calls": _block('[{"name": "f", "arguments": '),
    "calls": _block(f"{_CALL}, ", after="]"),
    "list of calls": _filled(f", {_CALL}", f"{_THOUGHT}<tool_call>[{_CALL}", "]</tool_call>"),
    "list of broken calls": _filled(
        ', {"name": "f" oops}', f"{_THOUGHT}<tool_call>[{_CALL}", "]</tool_call>"
    ),
    "list of cut calls": _filled(', {"name": "f', f"{_THOUGHT}<tool_call>[{_CALL}", "]</tool_call>"),
    "list of numbers": _filled(", 1", f"{_THOUGHT}<tool_call>[1", "]</tool_call>"),
    "list of lists": _filled(", [{", f"{_THOUGHT}<tool_call>[1", "]</tool_call>"),
    "commas": _block(","),
    "commas and braces": _block(", {"),
    "quotes": _block('"', after="[]"),
    "backslashes": _block("\\"),
    "backslashes in a string": _filled("\\", f'{_THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'),
    "end markers in a string": _filled(
        "</tool_call>", f'{_THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'
    ),
    "start markers in a string": _filled(
        "<tool_call>", f'{_THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'
    ),
    "strings never closed": _filled('<tool_call>["', _THOUGHT),
    "objects never closed": _filled('<tool_call>[{"name": "f", "arguments": {"x": "', _THOUGHT),
    "digits": _block("9"),
    "digits and points": _block("9."),
    "minus signs": _block("-"),
    "duplicate keys": _filled(', "a": 1', f'{_THOUGHT}<tool_call>[{{"name": "f"', "}]</tool_call>"),
    "escaped quotes as keys": _filled(
        ', "\\u0022": 1', f'{_THOUGHT}<tool_call>[{{"name": "f"', "}]</tool_call>"
    ),
    "lone surrogates": _block("\ud800"),
    "null characters": _block("\x00"),
    "every space there is": _filled("\u00a0\x1c\u2028\u3000\x85", _THOUGHT),
    "one long argument": _call_with(lambda size: '{"y": "' + "a" * size + '"}'),
    "many arguments": _call_with(lambda size: json.dumps({str(i): 1 for i in range(size // 16)})),
    "many wrong elements": _call_with(
        lambda size: '{"y": 2, "x": [' + ", ".join(['"a"'] * (size // 5)) + "]}"
    ),
    "nested arguments": _call_with(lambda _: '{"y": 2, "node": ' + '{"a": ' * 100 + "5" + "}" * 100 + "}"),
}


def hostile_texts(format_: Format, size: int) -> Iterator[tuple[str, str]]:
    """Hostile texts of about a size, with what each is: those of `HOSTILE`, and some of the format's own markers."""
    for what, make in HOSTILE.items():
        yield what, make(size)
    written = _written(format_)
    for marker in markers(format_):
        yield f"{marker} over and over", _filled(marker)(size)
        yield f"{marker} over and over behind a reply", _filled(marker, written)(size)
    if written:
        yield "replies over and over", _filled(written)(size)
        yield "a reply cut in half, over and over", _filled(written[: len(written) // 2 + 1])(size)


def markers(format_: Format) -> tuple[str, ...]:
    """The markers that a format writes, as far as they look like `<this>` or `[THIS]`."""
    return tuple(dict.fromkeys(_MARKER.findall(_written(format_))))


def _written(format_: Format) -> str:
    try:
        return format_.render([ToolCall("f", {"y": 2})], reasoning="t")
    except RenderError:
        return ""
