"""Literals of Python as plain JSON values, and JSON values written as literals of Python."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from toolverify.errors import RenderError
from toolverify.formats.engines.python_tree import Expression

#: What an expression that is no literal becomes; raises `NotLiteral` where it becomes nothing.
Resolve = Callable[[Expression], Any]

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}
_WRITTEN_WORDS = {True: "true", False: "false", None: "null"}


class NotLiteral(ValueError):  # noqa: N818  # what a model wrote, not an error of this program
    """An expression that is no literal, or one that JSON has no value for."""


def refuse(expression: Expression) -> Any:
    """Refuse whatever is no literal.

    Raises:
        NotLiteral: Always.
    """
    kind = "an operation" if expression.kind == "operation" else f"a {expression.kind}"
    raise NotLiteral(f"{kind} is no literal: {expression.text[:60]!r}")


def literal_value(expression: Expression, *, json_words: bool = False, resolve: Resolve = refuse) -> Any:
    """The JSON value of a literal: tuples become lists, and keys are strings.

    Args:
        expression: What was read.
        json_words: Read `true`, `false` and `null` as JSON does.
        resolve: What anything else becomes, wherever it stands.

    Raises:
        NotLiteral: It has none.
    """
    kind = expression.kind
    if kind == "constant":
        return _constant(expression, resolve)
    if kind in ("list", "tuple"):
        return [literal_value(part, json_words=json_words, resolve=resolve) for part in expression.parts]
    if kind == "dict":
        return {
            _key(key, expression): literal_value(member, json_words=json_words, resolve=resolve)
            for key, member in expression.entries
        }
    if kind == "name" and json_words and expression.value in _WORDS:
        return _WORDS[expression.value]
    if kind == "unary" and expression.value in ("-", "+"):
        return _signed(expression, resolve)
    return resolve(expression)


def _constant(expression: Expression, resolve: Resolve) -> Any:
    value = expression.value
    if type(value) is float and not math.isfinite(value):
        raise NotLiteral("a number beyond what JSON holds")
    if isinstance(value, bytes | complex) or value is ...:
        return resolve(expression)
    return _text(value) if type(value) is str else value


def _text(value: str) -> str:
    if not value.isascii() and _SURROGATE.search(value):
        raise NotLiteral("a surrogate without a partner is not text")
    return value


def _signed(expression: Expression, resolve: Resolve) -> Any:
    operand = expression.parts[0]
    if operand.kind != "constant" or type(operand.value) not in (int, float):
        return resolve(expression)
    value = _constant(operand, resolve)
    return -value if expression.value == "-" else value


def _key(key: Expression | None, expression: Expression) -> str:
    if key is None or key.kind != "constant" or type(key.value) is not str:
        shown = expression.text[:60] if key is None else key.text[:60]
        raise NotLiteral(f"a key that is no string: {shown!r}")
    return _text(key.value)


def repeats_key(expression: Expression) -> bool:
    """Whether a dict in a literal has one key twice."""
    keys = [key.value for key, _ in expression.entries if key is not None and key.kind == "constant"]
    if len({key for key in keys if isinstance(key, str)}) < len(
        [key for key in keys if isinstance(key, str)]
    ):
        return True
    parts = (*expression.parts, *[member for _, member in expression.entries])
    return any(repeats_key(part) for part in parts if part.parts or part.entries)


def written(value: Any, *, json_words: bool = False) -> str:
    """A JSON value as a literal of Python; with `json_words` its words and strings are also JSON's.

    Raises:
        RenderError: It is no JSON value.
    """
    if value is None or isinstance(value, bool):
        return _WRITTEN_WORDS[value] if json_words else repr(value)
    if isinstance(value, str):
        return _written_text(value, as_json=json_words)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join([written(element, json_words=json_words) for element in value])}]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        members = [
            f"{_written_text(key, as_json=json_words)}: {written(value[key], json_words=json_words)}"
            for key in value
        ]
        return f"{{{', '.join(members)}}}"
    raise RenderError(f"not JSON: {type(value).__name__}", path="calls", mend="use plain JSON values")


def _written_text(text: str, *, as_json: bool) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RenderError(f"not text: {error.reason}", path="calls", mend="use plain JSON values") from error
    return json.dumps(text, ensure_ascii=False) if as_json else repr(text)
