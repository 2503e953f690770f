"""Hostile calls: very many, nearly right ones, colliding hashes, wrong shapes, wrong schemas, messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from toolverify.bench.hostile_inputs import (
    FULL,
    Hostile,
    argument,
    call_text,
    elements,
    filled,
    framed,
    listed,
    member,
)

Calls = list[dict[str, Any]]

#: Integers that are multiples of it share one hash in 64-bit CPython.
_HASH_MODULUS = 2**61 - 1
_MANY = 2_000
_MANY_MS = 200.0
#: What may stand between the call markers: right and wrong, one a line.
_SHAPES = r"""
5
1.5
true
false
null
"5"
""
"x"
"[]"
"\"[]\""
{}
[]
[[]]
[null]
[5]
["f"]
[{"name":"f"}]
[{"name":["f"],"arguments":{"a":1}}]
[{"name":{"x":1},"arguments":{"a":1}}]
[{"name":"","arguments":{"a":1}}]
[{"name":null,"arguments":{"a":1}}]
[{"name":"f","arguments":"{\"a\":1}"}]
[{"name":"f","arguments":null}]
[{"name":"f","arguments":[1]}]
[{"name":"f","arguments":{"a":true}}]
[{"name":"f","arguments":{"a":1},"id":"1"}]
[{"name":"f","arguments":{"a":1}}]]
[{"name":"f","arguments":{"a":1}},]
[{"name":"f","parameters":{"a":1}}]
[{"function":{"name":"f","arguments":{"a":1}}}]
{"name":"f","arguments":{"a":1}}
{"name":"f","arguments":{"a":1}}{"name":"f","arguments":{"a":1}}
"""
_FAULTS = {
    "no comma inside": '{"name":"f" "arguments":{}}',
    "single quotes": "{'name':'f','arguments':{}}",
    "no closing bracket": '{"name":"f","arguments":{',
    "an open string": '{"name":"f","arguments":{"a":"}}',
    "a doubled bracket": '{"name":"f","arguments":{}}}',
    "a bare word": '{"name":"f","arguments":{"a":x}}',
    "Python's True": '{"name":"f","arguments":{"a":True}}',
    "a comment": '{"name":"f","arguments":{}/**/}',
}


def inputs() -> Iterator[Hostile]:
    """Every input of this kind."""
    yield from _many()
    yield from _alternatives()
    yield from _blocks()
    yield from _large()
    yield from _collisions()
    yield from _shapes()
    yield from _faults()
    yield from _schemas()
    yield from _messages()


def _calls(values: Iterator[Any] | range) -> Calls:
    return [{"name": "f", "arguments": {"a": value}} for value in values]


def _pair(name: str, calls: Calls, answer: Any) -> Hostile:
    return Hostile(name, framed(json.dumps(calls)), answer, limit_ms=_MANY_MS)


def _many() -> Iterator[Hostile]:
    values = _calls(range(_MANY))
    kinds = {
        "distinct calls": values,
        "equal calls": [values[0]] * _MANY,
        "tools": [{"name": f"f{index}", "arguments": {}} for index in range(_MANY)],
    }
    for kind, calls in kinds.items():
        yield _pair(f"2,000 {kind} against 1", calls, calls[:1])
        yield _pair(f"2,000 {kind} against 20", calls, calls[:20])
        yield _pair(f"2,000 {kind} against 2,000", calls, calls)
        yield _pair(f"2,000 {kind} against 2,000, reversed", calls[::-1], calls)
    yield _pair("2,000 calls against 2,000, one wrong", [*values[:-1], *_calls(range(-1, 0))], values)
    yield _pair("2,000 calls against 2,000 others", _calls(range(-_MANY, 0)), values)


def _alternatives() -> Iterator[Hostile]:
    values = _calls(range(_MANY))
    short = [values[start : start + 20] for start in range(20)]
    long = [[*values[:-1], *_calls(range(-place, 1 - place))] for place in range(1, 21)]
    yield _pair("2,000 calls against 20 alternatives of 20", values, {"any_of": short})
    yield _pair("2,000 calls against 20 alternatives of 2,000", values, {"any_of": long})
    yield Hostile("1 MB of calls against 20 alternatives", framed(listed(call_text("{}"))), {"any_of": short})


def _blocks() -> Iterator[Hostile]:
    values = _calls(range(_MANY))
    text = "".join([f"<tool_call>{json.dumps(call)}</tool_call>" for call in values])
    for name, thought in (("", "x"), (" behind 0.8 MB", "a" * 800_000), (" behind emoji", "😀" * 200_000)):
        whole = f"<think>{thought}</think>{text}"
        yield Hostile(f"2,000 blocks{name} against 2,000", whole, values, limit_ms=_MANY_MS)
        yield Hostile(f"2,000 blocks{name} against 1", whole, values[:1], limit_ms=_MANY_MS)


def _large() -> Iterator[Hostile]:
    yield Hostile("300 equal calls", framed(listed(call_text('{"a":1}'), 300)))
    yield Hostile("300 distinct calls", framed(json.dumps(_calls(range(300)))))
    yield Hostile("1 MB of calls", framed(listed(call_text('{"a":1}'))))
    yield Hostile("1 MB of calls without arguments", framed(listed(call_text("{}"))))
    yield Hostile("1 MB of numbers as calls", framed(listed("1")))
    yield Hostile("1 MB of strings as calls", framed(listed('"f"')))
    yield Hostile("1 MB of empty objects as calls", framed(listed("{}")))
    yield Hostile("1 MB of calls whose name is a list", framed(listed('{"name":[],"arguments":{}}')))
    yield Hostile("1 MB of calls without a name", framed(listed('{"arguments":{}}')))
    yield Hostile("1 MB of calls with text for arguments", framed(listed('{"name":"f","arguments":"{}"}')))
    twenty = _calls(range(20))
    surplus = "".join([f',"k{index}":1' for index in range(4_000)])
    crowded = [call_text(member("a", f"{index}{surplus}")) for index in range(20)]
    yield Hostile("20 calls with 4,000 surplus arguments each", framed(f"[{','.join(crowded)}]"), twenty)


def _collisions() -> Iterator[Hostile]:
    colliding = _calls(range(0, _MANY * _HASH_MODULUS, _HASH_MODULUS))
    others = _calls(range(-_MANY * _HASH_MODULUS, 0, _HASH_MODULUS))
    lists = _calls([index * _HASH_MODULUS] * 3 for index in range(_MANY))
    yield _pair("2,000 calls of one hash against 20", colliding, colliding[:20])
    yield _pair("2,000 calls of one hash against 2,000", colliding, colliding)
    yield _pair("2,000 calls of one hash against 2,000, reversed", colliding[::-1], colliding)
    yield _pair("2,000 calls of one hash against 2,000 others", others, colliding)
    yield _pair("2,000 calls whose lists have one hash against 2,000", lists, lists)
    yield Hostile("255 calls of one hash against 20", framed(json.dumps(colliding[:255])), colliding[:20])
    numbers = ",".join([str(index * _HASH_MODULUS) for index in range(2_500)])
    yield Hostile("an argument with 2,500 numbers of one hash", argument(f"[{numbers}]"))
    members = {f"k{index}": index * _HASH_MODULUS for index in range(2_000)}
    wide = [{"name": "f", "arguments": members}]
    yield Hostile("a call with 2,000 arguments of one hash", framed(json.dumps(wide)), wide)


def _shapes() -> Iterator[Hostile]:
    for text in _SHAPES.split("\n")[1:-1]:
        yield Hostile(f"the block {text}", framed(text))
        yield Hostile(f"the block {text}, none expected", framed(text), [])
    inner = json.dumps([{"name": "f", "arguments": {"a": "s" * 900_000}}])
    yield Hostile("a JSON string with 0.9 MB of calls", framed(json.dumps(inner)))
    yield Hostile("a JSON string of 1 MB of brackets", framed(f'"{"[" * (FULL - 100)}"'))
    yield Hostile("a JSON string of 1 MB of letters", framed(f'"{"s" * (FULL - 100)}"'))


def _faults() -> Iterator[Hostile]:
    call, space = call_text("{}"), " " * 3_000
    for name, item in _FAULTS.items():
        yield Hostile(f"1 MB of items with {name}", framed(listed(item)))
        yield Hostile(f"250 items with {name}", framed(listed(item, 250)))
        yield Hostile(f"250 blocks with {name}", f"<think>x</think>{f'<tool_call>{item}</tool_call>' * 250}")
    yield Hostile("1 MB of items without commas between", framed(f"[{filled(f'{call} ')}]"))
    yield Hostile("a fault, then 0.9 MB of commas and spaces", framed(f"[{{x}}{filled(', ', 900_000)}]"))
    yield Hostile("250 faults with 3 KB of commas each", framed(f"[{('{x}' + ',' * 3_000) * 250}]"))
    yield Hostile("250 faults with 3 KB of white space each", framed(f"[{('{x},' + space) * 250}]"))
    yield Hostile(
        "250 sound calls, then 0.9 MB of fault",
        framed(f'[{f"{call}," * 250}{{"a":"{"s" * 900_000}'),
    )
    yield Hostile("250 open blocks of 3 KB", f"<think>x</think>{(f'<tool_call>[{call},' + space) * 250}")


def _schemas() -> Iterator[Hostile]:
    for name, key, item in (
        ("wrong types", "texts", "1"),
        ("failed alternatives", "nested", "1"),
        ("equal items", "distinct", "1"),
        ("equal objects", "distinct", "{}"),
    ):
        yield Hostile(f"60 KB of {name}", argument(elements(item, 60_000), key=key))
        call = call_text(member(key, elements(item, 3_700)))
        yield Hostile(f"250 calls with 4 KB of {name} each", framed(listed(call, 250)))
    distinct = ",".join([f'{{"k":{index}}}' for index in range(5_000)])
    yield Hostile("5,000 distinct objects", argument(f"[{distinct}]", key="distinct"))
    yield Hostile("255 unknown tools", framed(listed(call_text("{}", name="g"), 255)))
    yield Hostile("255 calls with a surplus argument", framed(listed(call_text('{"zzz":1}'), 255)))
    yield Hostile("a count of 900 digits", argument("7" * 900, key="count"))
    yield Hostile("a count that is no integer", argument("1e300", key="count"))


def _messages() -> Iterator[Hostile]:
    right = {"function": {"name": "f", "arguments": '{"a":1}'}}
    yield _message("2,000 calls", [right] * _MANY)
    yield _message("1 MB of arguments", [{"function": {"name": "f", "arguments": "[" * (FULL - 100)}}])
    yield _message("an argument 500 deep", [{"function": {"name": "f", "arguments": {"a": _deep(500)}}}])
    yield _message("an object for a list", right)
    yield _message("entries that are none", [None, 5, "f", [], {}, {"function": 5}])
    parts = [{"type": "text", "text": framed("[]")}, 5, None]
    yield Hostile("a message of parts", {"role": "assistant", "content": parts})
    yield Hostile("a message without content", {"role": "assistant", "content": None})
    yield Hostile("a message without a role", {})
    turns = [{"role": "assistant", "content": framed("[]")}]
    yield Hostile("2,000 turns", turns * _MANY, limit_ms=_MANY_MS)
    yield Hostile("turns that are none", [None, 5, [], {"role": "tool", "content": "x"}, "text"])
    yield Hostile("no completion", None)
    yield Hostile("a number for a completion", 5)


def _message(name: str, calls: Any) -> Hostile:
    message = {"role": "assistant", "tool_calls": calls}
    return Hostile(f"a message with {name}", message, limit_ms=_MANY_MS)


def _deep(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value
