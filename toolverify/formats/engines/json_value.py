"""One JSON value out of a text, within limits, in linear time.

The rule for what is JSON: a text is JSON when msgspec decodes it, that is RFC 8259 without what no two programs agree
on. NaN and Infinity, numbers beyond a double (1e400) and surrogates without a partner are not JSON. Integers are
exact. Of equal keys the last counts, and `duplicate_keys` tells. Depth and digits are bounded by `Limits`, never by
the interpreter's stack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from json.scanner import make_scanner
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolverify.limits import Limits

#: `pending` is a text that ends before its value does; whether it was cut off is for the caller to say.
DecodeStatus = Literal["ok", "invalid_json", "pending", "limit_exceeded"]

_decode = msgspec.json.decode
_encode = msgspec.json.encode
scan_once: Callable[[str, int], tuple[Any, int]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed has no protocol for it
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_BRACKET_OR_STRING = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_PASSES = 4
_SPACE = re.compile(r"[ \t\n\r]*")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_STEPS = {ord(sign): step for sign, step in _STEP.items()}
_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")


class Decoded(Struct, frozen=True, gc=False):
    """A decoded value, or why there is none.

    Attributes:
        value: The value, where the status is `ok`.
        status: Whether there is one.
        detail: Why not.
        duplicate_keys: Whether an object in it has one key twice.
        whole: Whether the text of the value was read to its end, so that reading can go on behind it.
    """

    value: Any = None
    status: DecodeStatus = "ok"
    detail: str = ""
    duplicate_keys: bool = False
    whole: bool = True


def decode(text: str, limits: Limits) -> Decoded:
    """Decode a text that should be one JSON value and nothing else."""
    refusal = beyond(text, limits)
    if refusal:
        return Decoded(status="limit_exceeded", detail=refusal)
    try:
        value = _decode(text)
    except UnicodeEncodeError:
        return Decoded(status="invalid_json", detail="a surrogate without a partner is not text")
    except msgspec.ValidationError as error:
        return Decoded(status="invalid_json", detail=str(error))
    except msgspec.DecodeError as error:
        return _why(text, str(error))
    return Decoded(value, duplicate_keys=has_duplicate_keys(text, value))


def read_value(text: str, start: int, limits: Limits) -> tuple[Decoded, int]:
    """Decode the JSON value that begins at `start`; also where it ends, or where reading it stopped.

    No more is looked at than one call may hold.
    """
    begin = json_space(text, start)
    window = text[begin : begin + limits.call + 1]
    try:
        _, end = scan_once(window, 0)
    except StopIteration as stop:
        decoded, end = _stopped(window, stop.value), stop.value
    except json.JSONDecodeError as error:
        decoded, end = _stopped(window, error.pos, error.msg), error.pos
    except RecursionError:
        if not deeper_than(limits.depth, window):
            raise  # the caller stands near the end of its stack
        return _refused(f"nested deeper than {limits.depth} levels"), begin
    except ValueError:  # int() refuses more than 4,300 digits
        return _refused(f"a number of over {limits.digits} digits"), begin
    else:
        if end <= limits.call:
            return decode(window[:end], limits), begin + end
        decoded = _refused(f"a call of over {limits.call} characters")
    if decoded.status == "pending" and len(window) > limits.call:
        return _refused(f"a call of over {limits.call} characters"), begin + len(window)
    return decoded, begin + end


def _refused(reason: str) -> Decoded:
    return Decoded(status="limit_exceeded", detail=reason, whole=False)


def value_end(text: str, start: int) -> int:
    """Where the sound JSON value that begins at `start` ends."""
    return scan_once(text, start)[1]


def nesting(text: str) -> int:
    """The depth of brackets outside strings."""
    return _depth(_brackets(text))


def nests_beyond(depth: int, text: str) -> bool:
    """Whether brackets outside strings nest deeper than that; quick where there are many, but few levels of them."""
    if text.count("[") + text.count("{") <= depth:
        return False
    brackets = rest = _brackets(text)
    for _ in range(min(_PASSES, depth // 2)):  # each pass takes away one level, or two
        rest = rest.replace(b"[]", b"").replace(b"{}", b"")
        if not rest:
            return False
    return _depth(brackets) > depth


def _brackets(text: str) -> bytes:
    plain = _STRING.sub("", text) if '"' in text else text
    return plain.encode("utf-8", "surrogatepass").translate(None, _NO_BRACKETS)


def _depth(brackets: bytes) -> int:
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def deeper_than(depth: int, text: str) -> bool:
    """Whether brackets outside strings nest deeper than that; most texts that do, do so at once."""
    level = 0
    for token in _BRACKET_OR_STRING.finditer(text, 0, 4 * depth):
        level += _STEP.get(token.group(), 0)
        if level > depth:
            return True
    return nests_beyond(depth, text)


def has_duplicate_keys(text: str, value: Any) -> bool:
    """Whether decoding dropped a member that a later one of the same name replaced.

    Every string has two quotes, so a dropped one leaves fewer quotes in the value written out again. Only the escape
    `\\u0022` could hide that, and then the members are counted one by one.
    """
    if "\\u0022" not in text and text.count('"') == _encode(value).count(b'"'):
        return False
    duplicates = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        result = dict(pairs)
        duplicates = duplicates or len(result) != len(pairs)
        return result

    json.loads(text, object_pairs_hook=members)
    return duplicates


def beyond(text: str, limits: Limits) -> str:
    """Which limit a text breaks, in words. A text cannot nest deeper than half its length."""
    if len(text) > 2 * limits.depth and nests_beyond(limits.depth, text):
        return f"nested deeper than {limits.depth} levels"
    if len(text) > limits.digits and _long_number(text, limits.digits):
        return f"a number of over {limits.digits} digits"
    return ""


def _long_number(text: str, digits: int) -> bool:
    run = re.compile(rf"\d{{{digits + 1}}}", re.ASCII)
    return bool(run.search(text)) and bool(run.search(_STRING.sub('""', text)))


def _why(text: str, refusal: str) -> Decoded:
    """Why msgspec refused: the standard library tells where, and whether the text just ends too early."""
    try:
        _, end = scan_once(text, json_space(text, 0))
    except StopIteration as stop:
        return _stopped(text, stop.value)
    except json.JSONDecodeError as error:
        return _stopped(text, error.pos, error.msg)
    except ValueError:  # int() refuses more than 4,300 digits
        return Decoded(status="invalid_json", detail=refusal)
    if json_space(text, end) < len(text):
        refusal = "text after the JSON value"
    return Decoded(status="invalid_json", detail=refusal)


def json_space(text: str, start: int) -> int:
    """Where the white space at `start` ends."""
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]  # it matches the empty text too


def _stopped(text: str, position: int, message: str = "a JSON value is missing") -> Decoded:
    rest = text[position : position + 16].strip()
    unfinished = message.startswith("Unterminated string") or json_space(text, position) == len(text)
    if not unfinished and len(text) - position < 12:
        unfinished = any(literal.startswith(rest) for literal in _LITERALS)
    status: DecodeStatus = "pending" if unfinished else "invalid_json"
    near = f" near {rest!r}" if rest else " at the end of the text"
    return Decoded(status=status, detail=f"{message}{near}", whole=False)
