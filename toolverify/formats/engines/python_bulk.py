"""Values of Python that hold many plain ones, read at once: one by one they would take too long in long lists."""

from __future__ import annotations

import re
from typing import Any

from toolverify.formats.engines.json_value import beyond, has_duplicate_keys, scan_once
from toolverify.limits import Limits

_SPACE = r"[ \t\f\r\n]*+"
_PLAIN = r"""(?:"[^"\\\r\n]*+"|'[^'\\\r\n]*+'|[0-9]++(?:\.[0-9]++)?+)"""
_PIECE = rf"({_PLAIN}){_SPACE},{_SPACE}"
_TOKEN = re.compile(_PLAIN)
_ITEM = re.compile(_PIECE)
_RUN = re.compile(rf"(?:{_PIECE}){{4,}}+")
_FLAT_LIST = re.compile(rf"\[{_SPACE}(?:{_PLAIN}{_SPACE},{_SPACE})*+(?:{_PLAIN})?+{_SPACE}\]")
_CONTAINER = re.compile(rf"{_SPACE}(?=[\[{{])")
_AFTER_VALUE = re.compile(rf"{_SPACE}[,)]")
#: What JSON and Python do not read alike.
_NOT_ALIKE = ("\\", "true", "false", "null", "NaN", "Infinity")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

#: A value, where it stands, and where the text behind it and its comma begins.
Item = tuple[Any, tuple[int, int], int]


def plain_container(text: str, start: int, stop: int, limits: Limits) -> tuple[Any, int, int] | None:
    """A list or dict that is the whole value of an argument, and where it stands; None where it is read one by one."""
    opened = _CONTAINER.match(text, start, stop)
    if opened is None:
        return None
    begin = opened.end()
    found = _from_json(text, begin, limits) or _flat_list(text, begin, stop, limits)
    if found is None or not _AFTER_VALUE.match(text, found[1], stop):
        return None
    return found[0], begin, found[1]


def _from_json(text: str, begin: int, limits: Limits) -> tuple[Any, int] | None:
    try:
        value, end = scan_once(text, begin)
    except (ValueError, StopIteration, RecursionError):  # not JSON, or a number of very many digits
        return None
    body = text[begin:end]
    if any([sign in body for sign in _NOT_ALIKE]) or beyond(body, limits) or not _is_text(body):
        return None
    return None if "{" in body and has_duplicate_keys(body, value) else (value, end)


def _flat_list(text: str, begin: int, stop: int, limits: Limits) -> tuple[Any, int] | None:
    found = _FLAT_LIST.match(text, begin, stop)
    if found is None:
        return None
    values = _values_of(text[begin : found.end()], limits)
    return None if values is None else (values, found.end())


def _values_of(body: str, limits: Limits) -> Any:
    """The values of a flat list: with one kind of quotes in it, JSON tells them, else they are told one by one."""
    if not ("'" in body and '"' in body):
        inner = body[1:-1].strip().removesuffix(",").replace("'", '"')
        values = _from_json(f"[{inner}]", 0, limits)
        if values is not None:
            return values[0]
    tokens = _TOKEN.findall(body)
    return (
        [_value(token) for token in tokens] if all([_is_plain(token, limits) for token in tokens]) else None
    )


def plain_run(text: str, begin: int, stop: int, limits: Limits) -> list[Item]:
    """Plain strings and numbers with commas behind them, where at least four stand in a row."""
    run = _RUN.match(text, begin, stop)
    found = [] if run is None else list(_ITEM.finditer(text, begin, run.end()))
    if not all([_is_plain(item[1], limits) for item in found]):
        return []
    return [(_value(item[1]), item.span(1), item.end()) for item in found]


def _is_plain(token: str, limits: Limits) -> bool:
    """Whether a token is a string, or a number within the limits and without leading zeros."""
    if token[0] in "'\"":
        return _is_text(token)
    return len(token) <= limits.digits and (token[0] != "0" or not token[1:2].isdigit())


def _is_text(text: str) -> bool:
    return text.isascii() or not _SURROGATE.search(text)


def _value(token: str) -> Any:
    if token[0] in "'\"":
        return token[1:-1]
    return int(token) if token.isdigit() else float(token)
