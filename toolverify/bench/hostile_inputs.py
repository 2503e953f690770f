"""Completions made to be slow, to raise, or to be read in two ways: up to 1 MB each, made one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from toolverify.calls import Context

#: No completion is longer than this, in characters.
FULL = 1_000_000
_FRAME = 64
_TEXT_LIMIT_MS = 50.0
_CALLS_LIMIT_MS = 200.0

ANSWER = '[{"name":"f","arguments":{"a":1}}]'
TOOLS: list[dict[str, Any]] = [
    {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {},
                "texts": {"type": "array", "items": {"type": "string"}},
                "distinct": {"type": "array", "uniqueItems": True},
                "nested": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}},
                "count": {"type": "integer", "maximum": 10},
            },
            "additionalProperties": False,
        },
    }
]


class Hostile(Struct, frozen=True):
    """One input and how long it may take, in every profile."""

    name: str
    completion: Any
    answer: Any = ANSWER
    context: Context | None = None
    limit_ms: float = _TEXT_LIMIT_MS

    @property
    def size(self) -> int:
        """Characters of the completion, or of its JSON text where it is a message."""
        text = self.completion if isinstance(self.completion, str) else json.dumps(self.completion)
        return len(text)


def framed(body: str, thought: str = "x") -> str:
    """The body where the calls are due."""
    return f"<think>{thought}</think>\n<tool_call>{body}</tool_call>"


def filled(unit: str, size: int = FULL - _FRAME) -> str:
    """The unit as often as there is room."""
    return unit * (size // len(unit))


def listed(item: str, number: int = FULL) -> str:
    """A list of equal items, as long as there is room or as many as asked for."""
    room = (FULL - _FRAME) // (len(item) + 1)
    return f"[{','.join([item] * min(number, room))}]"


def call_text(arguments: str, name: str = "f") -> str:
    """One call whose arguments are given as text."""
    return f'{{"name":"{name}","arguments":{arguments}}}'


def argument(value: str, key: str = "a") -> str:
    """A reply of one call with one argument, whose value is given as text."""
    return framed(f"[{call_text(member(key, value))}]")


def member(key: str, value: str) -> str:
    """An object with one member, whose value is given as text."""
    return f'{{"{key}":{value}}}'


def elements(item: str, size: int) -> str:
    """A list of equal items, of about this many characters."""
    return f"[{filled(f'{item},', size - len(item))}{item}]"


def hostile_inputs() -> Iterator[Hostile]:
    """Every input, one at a time."""
    from toolverify.bench import hostile_calls, hostile_json

    yield from _markers()
    yield from _reasoning()
    yield from _characters()
    yield from hostile_json.inputs()
    yield from hostile_calls.inputs()


def _markers() -> Iterator[Hostile]:
    yield Hostile("100 KB and no end marker", "<think>x</think>\n<tool_call>" + "a" * 100_000)
    yield Hostile("10,000 start markers", "<tool_call>" * 10_000)
    yield Hostile("10,000 start markers behind a thought", "<think>x</think>" + "<tool_call>" * 10_000)
    yield Hostile("10,000 start markers, then one end", "<tool_call>" * 10_000 + "</tool_call>")
    yield Hostile("1 MB of start markers", filled("<tool_call>"))
    yield Hostile("1 MB of end markers", filled("</tool_call>"))
    yield Hostile("10,000 empty blocks", "<tool_call></tool_call>" * 10_000)
    yield Hostile("10,000 full blocks", framed(call_text("{}")) + framed(call_text("{}")) * 9_999)
    yield Hostile("1 MB of blocks with an object", filled(f"<tool_call>{call_text('{}')}</tool_call>"))
    yield Hostile("1 MB of blocks with a list", filled("<tool_call>[]</tool_call>"))
    yield Hostile("1 MB of start markers with an open string", filled('<tool_call>["'))
    yield Hostile("1 MB of start markers with an open key", filled('<tool_call>{"'))
    yield Hostile("1 MB of start markers with an open value", filled('<tool_call>{"a":"\\"'))
    yield Hostile(
        "1 MB of blocks whose string holds an end marker", filled('<tool_call>["</tool_call>"]</tool_call>')
    )
    yield Hostile("1 MB of half end markers", framed(filled("</tool_cal")))
    yield Hostile("1 MB of assistant markers", filled("<|im_start|>assistant"))
    yield Hostile("1 MB of half assistant markers", filled("<|im_start|>assistan"))
    yield Hostile(
        "256 faults behind 0.9 MB of line ends",
        "<think>" + "\n" * 900_000 + "</think><tool_call>[" + "{x}," * 256 + "]</tool_call>",
    )
    yield Hostile(
        "256 broken blocks behind 0.9 MB of line ends",
        "<think>" + "\n" * 900_000 + "</think>" + "<tool_call>{x}</tool_call>" * 256,
    )
    yield Hostile(
        "255 blocks behind 0.9 MB of thought",
        "<think>" + "a" * 900_000 + "</think>" + f"<tool_call>{call_text('{}')}</tool_call>" * 255,
    )
    yield Hostile(
        "255 blocks between 0.9 MB of white space",
        "<think>x</think>" + (" " * 3_500 + f"<tool_call>{call_text('{}')}</tool_call>") * 255,
    )


def _reasoning() -> Iterator[Hostile]:
    open_prompt = Context(reasoning_open=True)
    yield Hostile("10,000 thoughts opened", "<think>" * 10_000)
    yield Hostile("10,000 thoughts closed", "</think>" * 10_000)
    yield Hostile("10,000 thoughts opened, then closed", "<think>" * 10_000 + "</think>" * 10_000)
    yield Hostile("10,000 empty thoughts", "<think></think>" * 10_000)
    yield Hostile("1 MB of thoughts opened", filled("<think>"))
    yield Hostile("1 MB of empty thoughts", filled("<think></think>"))
    yield Hostile("1 MB of empty thoughts with text between", filled("<think></think>a"))
    yield Hostile("1 MB of thoughts with a draft each", filled("<think><tool_call></think>"))
    yield Hostile(
        "1 MB of thoughts with a whole draft each", filled("<think><tool_call>[]</tool_call></think>")
    )
    yield Hostile("an open thought with 1 MB of drafts", "<think>" + filled("<tool_call>[]</tool_call>"))
    yield Hostile("an open thought with 1 MB of half drafts", "<think>" + filled("<tool_call>["))
    yield Hostile(
        "thought opened by the prompt, 1 MB of drafts", filled("<tool_call>[]"), context=open_prompt
    )
    yield Hostile("thought opened by the prompt, 1 MB of ends", filled("</think>"), context=open_prompt)
    yield Hostile("thought opened by the prompt, empty text", "", context=open_prompt)
    yield Hostile("1 MB of '<' in a thought", framed("[]", thought=filled("<", FULL - 100)))
    yield Hostile("1 MB of '</' in a thought", framed("[]", thought=filled("</", FULL - 100)))
    yield Hostile(
        "cut off in the call",
        '<think>x</think><tool_call>[{"name":"f',
        context=Context(finish_reason="length"),
    )


def _characters() -> Iterator[Hostile]:
    for name, unit in {
        "'<'": "<",
        "quotes": '"',
        "backslashes": "\\",
        "escaped quotes": '\\"',
        "'['": "[",
        "'{'": "{",
        "']'": "]",
        "'[],'": "[],",
        "'{},'": "{},",
        "'{\"a\":'": '{"a":',
        "'[1,'": "[1,",
        "commas": ",",
        "', '": ", ",
        "',{'": ",{",
        "spaces": " ",
        "line ends": "\n",
        "digits": "7",
        "'-'": "-",
        "'1e'": "1e",
        "NUL": "\0",
        "lone surrogates": "\ud800",
    }.items():
        yield Hostile(f"1 MB of {name}", filled(unit))
        yield Hostile(f"1 MB of {name} in a block", framed(filled(unit)))
        yield Hostile(f"1 MB of {name} in a list", framed(f"[{filled(unit)}]"))
        yield Hostile(
            f"1 MB of {name} behind a call", framed(f"[{call_text('{}')},{filled(unit, FULL - 128)}]")
        )
    yield Hostile("1 MB of emoji", framed(filled("😀", 249_000)))
    yield Hostile("empty", "")
    yield Hostile("white space", " \n\t ")
