"""Engine: calls as `call:NAME{key:value}`, with bare keys and strings between markers of their own.

A format is a declaration: `KeyValueCalls("gemma4", start="<|tool_call>", end="<tool_call|>", escape='<|"|>')`. Whatever
stands bare is a number, `true`, `false`, `null`, a list or an object, as JSON has them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.key_value_read import KeyValueReading, is_key, is_name


@dataclass(frozen=True)
class KeyValueCalls:
    """Calls of bare keys and marked strings, each in a block of its own.

    Attributes:
        name: The format's name.
        start: The marker before a call.
        end: The marker after it.
        escape: The marker before and after a string; nothing within a string is escaped.
        prefix: What stands before the name.
        after: A marker that may follow calls and is no content, such as the one that opens the tools' turn.
        think_start: The marker before reasoning.
        think_label: What opens reasoning behind that marker and is no part of it.
        think_end: The marker after reasoning.
        separator: What a renderer puts between the parts of a reply.
    """

    name: str
    start: str
    end: str
    escape: str
    prefix: str = "call:"
    after: str = ""
    think_start: str = "<think>"
    think_label: str = ""
    think_end: str = "</think>"
    separator: str = ""

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        return KeyValueReading(self, completion, case.limits, context).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        self._check(reasoning or "", "reasoning", (self.think_end,))
        self._check(content, "content", (self.start, self.think_start, self.think_end))
        thought = f"{self.think_start}{self.think_label}{reasoning}{self.think_end}"
        parts = [thought] if reasoning is not None else []
        parts += [content] if content else []
        return self.separator.join([*parts, *[self._call(call) for call in calls]])

    def _check(self, text: str, part: str, markers: tuple[str, ...]) -> None:
        for marker in markers:
            if marker in text:
                raise RenderError(f"{self.name} cannot write {part} that contains {marker!r}", path=part)

    def _call(self, call: ToolCall) -> str:
        if not is_name(call.name):
            raise RenderError(f"{self.name} cannot write the name {call.name!r}", path="calls")
        try:
            arguments = self._written(call.arguments)
            arguments.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
        return f"{self.start}{self.prefix}{call.name}{arguments}{self.end}"

    def _written(self, value: Any) -> str:
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list | tuple):
            return f"[{','.join([self._written(element) for element in value])}]"
        if isinstance(value, dict):
            return f"{{{','.join([f'{self._key(key)}:{self._written(value[key])}' for key in value])}}}"
        return json.dumps(value, allow_nan=False)

    def _string(self, text: str) -> str:
        if self.escape in text:
            raise RenderError(
                f"{self.name} cannot write a string that contains {self.escape!r}", path="calls"
            )
        return f"{self.escape}{text}{self.escape}"

    def _key(self, key: Any) -> str:
        if not isinstance(key, str) or not is_key(key):
            raise RenderError(f"{self.name} cannot write the key {key!r}", path="calls")
        return key
