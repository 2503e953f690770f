"""Hostile JSON: depth, digits, numbers that are none, strings, keys."""

from __future__ import annotations

from collections.abc import Iterator

from toolverify.bench.hostile_inputs import (
    FULL,
    Hostile,
    argument,
    call_text,
    elements,
    filled,
    framed,
    listed,
)

_ROOM = FULL - 256
#: A text of one call that the core's profiles still read.
_ONE_CALL = 60_000
_NUMBERS = (
    "NaN -Infinity 1e400 -1e400 1e-400 -0 -0.0 1.0 1E5 01 1. .5 +1 0x1 1_0 1e999999999 1e308 9007199254740993 "
    "123456789012345678901234567890 true null"
)
_QUOTE = "\\u0022"
_SURROGATE = "\\ud800"
_MARKERS = "<think></think><tool_call></tool_call><|im_start|>assistant"


def inputs() -> Iterator[Hostile]:
    """Every input of this kind."""
    yield from _depth()
    yield from _dense()
    yield from _digits()
    yield from _numbers()
    yield from _strings()
    yield from _odd_strings()
    yield from _keys()


def _lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def _objects(depth: int) -> str:
    return '{"k":' * depth + "1" + "}" * depth


def _depth() -> Iterator[Hostile]:
    yield Hostile("10,000 nested brackets as the list", framed(_lists(10_000)))
    yield Hostile("100,000 nested brackets in an argument", argument(_lists(100_000)))
    yield Hostile("100,000 nested objects in an argument", argument(_objects(100_000)))
    for depth in (100, 124, 125, 126, 128, 129, 500, 900, 940, 946, 947, 948, 950, 960, 1_000, 1_200):
        yield Hostile(f"an argument {depth} deep", argument(_lists(depth)))


def _dense() -> Iterator[Hostile]:
    """Nothing but brackets, balanced: the depth of each must be counted."""
    for depth in (120, 128, 900, 945):
        unit = _lists(depth)
        yield Hostile(f"1 MB of lists {depth} deep", framed(elements(unit, _ROOM)))
        yield Hostile(f"1 MB of lists {depth} deep in an argument", argument(elements(unit, _ROOM)))
        yield Hostile(f"60 KB of lists {depth} deep in an argument", argument(elements(unit, _ONE_CALL)))
    yield Hostile("1 MB of objects 100 deep in an argument", argument(elements(_objects(100), _ROOM)))
    yield Hostile("60 KB of objects 100 deep in an argument", argument(elements(_objects(100), _ONE_CALL)))


def _digits() -> Iterator[Hostile]:
    for digits in (999, 1_000, 1_001, 4_299, 4_300, 4_301, 5_000):
        yield Hostile(f"an integer of {digits} digits", argument("7" * digits))
    for digits in (99, 999, 1_000, 4_000):
        number = "7" * digits
        yield Hostile(f"1 MB of integers of {digits} digits", argument(elements(number, _ROOM)))
        yield Hostile(f"1 MB of integers of {digits} digits as calls", framed(elements(number, _ROOM)))
        yield Hostile(f"60 KB of integers of {digits} digits", argument(elements(number, _ONE_CALL)))
        yield Hostile(f"1 MB of strings of {digits} digits", argument(elements(f'"{number}"', _ROOM)))
    yield Hostile("a string of 1 MB of digits", argument(f'"{"7" * _ROOM}"'))
    yield Hostile("a fraction of 1 MB of digits", argument(f"0.{'7' * _ROOM}"))
    yield Hostile("a fraction of 60 KB of digits", argument(f"0.{'7' * _ONE_CALL}"))
    yield Hostile("60 KB of fractions of 900 digits", argument(elements(f"0.{'7' * 900}", _ONE_CALL)))


def _numbers() -> Iterator[Hostile]:
    for number in _NUMBERS.split():
        yield Hostile(f"the number {number}", argument(number))
    yield Hostile("60 KB of 1e400", argument(elements("1e400", _ONE_CALL)))
    yield Hostile("1 MB of NaN", argument(elements("NaN", _ROOM)))
    yield Hostile("1 MB of null", argument(elements("null", _ROOM)))


def _strings() -> Iterator[Hostile]:
    for size, room in (("60 KB", _ONE_CALL), ("1 MB", _ROOM)):
        for name, unit in {
            "letters": "s",
            "escaped quotes": '\\"',
            "quotes as numbers": _QUOTE,
            "backslashes": "\\\\",
            "brackets": "[{",
            "start markers": "<tool_call>",
            "end markers": "</tool_call>",
            "escaped lone surrogates": _SURROGATE,
        }.items():
            yield Hostile(f"a string of {size} of {name}", argument(f'"{filled(unit, room)}"'))
    yield Hostile("a string of 15,000 emoji", argument(f'"{"😀" * 15_000}"'))
    yield Hostile("a string of 249,000 emoji", argument(f'"{"😀" * 249_000}"'))


def _odd_strings() -> Iterator[Hostile]:
    yield Hostile("a string with an escaped lone surrogate", argument(f'"{_SURROGATE}"'))
    yield Hostile("a string with a raw lone surrogate", argument('"\ud800"'))
    yield Hostile("a name with a lone surrogate", framed(f"[{call_text('{}', _SURROGATE)}]"))
    yield Hostile("a key with a lone surrogate", argument("1", key=_SURROGATE))
    yield Hostile("a string with every marker", argument(f'"{_MARKERS}"'))
    yield Hostile("a string with control characters", argument('"\x00\x1f\n"'))
    yield Hostile("a byte order mark", framed("\ufeff[]"))
    yield Hostile("white space that JSON has not", framed("\u00a0[\u2003]\u3000"))


def _keys() -> Iterator[Hostile]:
    twice = '{"name":"g","name":"f","arguments":{"a":2},"arguments":{"a":1}}'
    yield Hostile("duplicate keys of a call", framed(f"[{twice}]"))
    yield Hostile("a duplicate argument", argument('1,"a":1'))
    yield Hostile("an escaped duplicate of an argument", argument('1,"\\u0061":1'))
    yield Hostile("a quote hidden in a duplicate argument", argument('1,"a\\"":1', key=f"a{_QUOTE}"))
    yield Hostile("60 KB of one argument", argument("1" + filled(',"a":1', _ONE_CALL)))
    yield Hostile("1 MB of one argument", argument("1" + filled(',"a":1', _ROOM)))
    yield Hostile("an argument twice in 255 calls", framed(listed(call_text('{"a":1,"a":1}'), 255)))
    yield Hostile("1 MB of extra keys in a call", framed('[{"name":"f"' + filled(',"x":1', _ROOM) + "}]"))
    yield Hostile("an argument's name of 1 MB", argument("1", key="k" * _ROOM))
    for number in (5_000, 70_000):
        surplus = "".join([f',"k{index}":1' for index in range(number)])
        yield Hostile(f"{number:,} surplus arguments", argument(f"1{surplus}"))
