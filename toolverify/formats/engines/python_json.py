"""Python's own `json.loads`, without its ways to die: for leaves that copy a scorer which calls it.

Accepted and refused are the same texts, NaN and lone surrogates included. Where `json.loads` runs out of the
interpreter's stack or meets an integer it will not convert, that is told and not raised. Up to the limit on depth the
outcome does not depend on how deep the caller stands: where the stack ends, a reader with a stack of its own goes on.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolverify.formats.engines.json_value import nesting
from toolverify.limits import Limits

_TOKEN = re.compile(r'[ \t\n\r]*(?:([\[\]{},:])|("(?:[^"\\]|\\.)*+")|([^\s\[\]{},:"]+))', re.DOTALL)


class Loaded(Struct, frozen=True, gc=False):
    """A value; or that the text is not JSON; or the exception `json.loads` would end the step with."""

    value: Any = None
    status: Literal["ok", "invalid", "raises"] = "ok"
    raised: str = ""


_decode = msgspec.json.decode
_INVALID = Loaded(status="invalid")


def load_python_json(text: str, limits: Limits) -> Loaded:
    """Load one JSON text as `json.loads` would; what msgspec accepts, it reads alike and faster."""
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _load_slowly(text, limits)
    return _in_bounds(value, text, limits)


def _load_slowly(text: str, limits: Limits) -> Loaded:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return _INVALID
    except RecursionError:
        return _load_deep(text, limits)
    except ValueError:  # more digits than int() converts
        return Loaded(status="raises", raised="ValueError")
    return _in_bounds(value, text, limits)


def _in_bounds(value: Any, text: str, limits: Limits) -> Loaded:
    if len(text) > 2 * limits.depth and nesting(text) > limits.depth:
        return Loaded(status="raises", raised="RecursionError")
    return Loaded(value)


def _load_deep(text: str, limits: Limits) -> Loaded:
    if nesting(text) > limits.depth:
        return Loaded(status="raises", raised="RecursionError")
    try:
        return Loaded(_DeepReader(text).value())
    except json.JSONDecodeError:
        return _INVALID
    except ValueError:
        return Loaded(status="raises", raised="ValueError")


class _DeepReader:
    """Reads JSON with a list for a stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def value(self) -> Any:
        """The one value of the text."""
        root: list[Any] = []
        stack: list[Any] = [root]
        while stack:
            self._step(stack)
            if len(stack) == 1 and root:
                break
        if self.text[self.position :].strip(" \t\n\r"):
            raise self._error("Extra data")
        return root[0]

    def _step(self, stack: list[Any]) -> None:
        """Read one value, or open a container, or close what is complete."""
        value = self._opened_or_scalar(stack)
        if isinstance(value, list | dict) and not self._closes(value):
            stack.append(value)
            return
        while True:
            container = stack[-1]
            self._put(container, value)
            if len(stack) == 1 or self._take(","):
                return
            self._expect("]" if isinstance(container, list) else "}")
            value = stack.pop()

    def _opened_or_scalar(self, stack: list[Any]) -> Any:
        if isinstance(stack[-1], dict):
            stack[-1][_PENDING] = self._scalar(self._token("string"))
            self._expect(":")
        lexeme = self._token()
        if lexeme == "[":
            return []
        return {} if lexeme == "{" else self._scalar(lexeme)

    def _closes(self, value: Any) -> bool:
        return self._take("]" if isinstance(value, list) else "}")

    def _put(self, container: Any, value: Any) -> None:
        if isinstance(container, list):
            container.append(value)
        else:
            container[container.pop(_PENDING)] = value

    def _token(self, kind: str = "value") -> str:
        match = _TOKEN.match(self.text, self.position)
        if match is None or (kind == "string" and match.group(2) is None):
            raise self._error(f"Expecting {kind}")
        self.position = match.end()
        return match.group(match.lastindex or 0)

    def _take(self, sign: str) -> bool:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match.group(1) != sign:
            return False
        self.position = match.end()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"Expecting {sign!r}")

    def _scalar(self, token: str) -> Any:
        return json.loads(token)

    def _error(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self.text, self.position)


_PENDING = object()
