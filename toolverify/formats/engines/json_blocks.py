"""Engine: calls as JSON between two markers, with reasoning between two others.

A format is a declaration: `JsonBlocks(name="hermes")` or `JsonBlocks(name="tool-n1", container="list")`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.json_blocks_read import Reading
from toolverify.formats.engines.json_value import has_duplicate_keys, nests_beyond

_HOPS = 8  # a thought with more '<' than this is searched with the whole marker


@dataclass(frozen=True)
class JsonBlocks:
    """JSON in a wrapper.

    Attributes:
        name: The format's name.
        container: `object`: one call a block, any number of blocks. `list`: one block with a list of calls.
        start: The marker before a block.
        end: The marker after it.
        arguments_key: The member that holds the arguments.
        think_start: The marker before reasoning.
        think_end: The marker after it.
        padding: What a renderer puts inside the block's markers.
        separator: What a renderer puts between the parts of a reply.
    """

    name: str
    container: Literal["object", "list"] = "object"
    start: str = "<tool_call>"
    end: str = "</tool_call>"
    arguments_key: str = "arguments"
    think_start: str = "<think>"
    think_end: str = "</think>"
    padding: str = ""
    separator: str = "\n"

    def __getstate__(self) -> dict[str, Any]:
        """The options alone: a decoder does not pickle, and is made again where it is needed."""
        return {key: value for key, value in self.__dict__.items() if key != "_decoder"}

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        return Reading(self, completion, case.limits, context).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        self._expressible(reasoning, content)
        parts = [] if reasoning is None else [f"{self.think_start}{reasoning}{self.think_end}"]
        if content:
            parts.append(content)
        return self.separator.join([*parts, *self._blocks(calls)])

    def _blocks(self, calls: Sequence[ToolCall]) -> list[str]:
        items = [{"name": call.name, self.arguments_key: call.arguments} for call in calls]
        bodies: Sequence[Any] = [items] if self.container == "list" else items
        return [f"{self.start}{self.padding}{_to_json(body)}{self.padding}{self.end}" for body in bodies]

    def _expressible(self, reasoning: str | None, content: str) -> None:
        if reasoning is not None and self.think_end in reasoning:
            raise RenderError(
                f"{self.name} cannot write reasoning that contains {self.think_end!r}", path="reasoning"
            )
        for marker in (self.start, self.think_start, self.think_end):
            if marker in content:
                raise RenderError(
                    f"{self.name} cannot write content that contains {marker!r}", path="content"
                )

    def quick(self, completion: str, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        """Names and arguments, where the text is in the canonical frame."""
        if len(completion) > case.limits.text:
            return None
        position = self._after_reasoning(completion)
        if position < 0:
            return None
        if self.container == "list":
            return self._quick_block(completion, position, completion.rfind(self.end), case)
        return self._quick_blocks(completion, position, case)

    def _after_reasoning(self, text: str) -> int:
        """Where the one reasoning block that opens the text ends, or -1."""
        begin = text.find("<") if self.think_start[0] == "<" else text.find(self.think_start)
        if not text.startswith(self.think_start, begin) or not _blank(text, 0, begin):
            return -1
        position = begin + len(self.think_start)
        for _ in range(_HOPS):
            position = text.find(self.think_end[0], position)
            if position < 0 or text.startswith(self.think_end, position):
                break
            position += 1
        else:
            position = text.find(self.think_end, position)
        return -1 if position < 0 else position + len(self.think_end)

    def _quick_blocks(self, text: str, position: int, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        found: list[tuple[str, dict[str, Any]]] = []
        while not _blank(text, position, len(text)):
            close = text.find(self.end, position)
            tail = close + len(self.end)
            block = self._quick_block(text[:tail] if close >= 0 else "", position, close, case)
            if block is None or len(found) >= case.limits.attempts:
                return None
            found += block
            position = tail
        return found or None

    def _quick_block(
        self, text: str, position: int, close: int, case: Case
    ) -> list[tuple[str, dict[str, Any]]] | None:
        """The calls of the block that begins at `position` after white space and closes the text."""
        begin = text.find(self.start[0], position)
        if close < begin or begin < 0 or not text.startswith(self.start, begin):
            return None
        body = text[begin + len(self.start) : close].strip()
        if not (_blank(text, position, begin) and _blank(text, close + len(self.end), len(text))):
            return None
        if _suspicious(body, case):
            return None
        try:
            items = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return None
        calls = items if self.container == "list" else [items]
        if has_duplicate_keys(body, items) or len(calls) > case.limits.attempts:
            return None
        found = [(call.name, call.arguments) for call in calls]
        return found if all([name for name, _ in found]) else None

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Any]:
        """A decoder that checks the shape of calls as it reads them."""
        fields = [
            ("name", str, msgspec.field()),
            ("arguments", dict[str, Any], msgspec.field(name=self.arguments_key)),
        ]
        call = msgspec.defstruct("WireCall", fields, frozen=True, forbid_unknown_fields=True)
        return msgspec.json.Decoder(list[call] if self.container == "list" else call)  # type: ignore[valid-type]


_LONG_NUMBER = re.compile(r"\d{100}")


def _suspicious(body: str, case: Case) -> bool:
    """Whether a limit may be broken, so that the long way must decide."""
    limits = case.limits
    if len(body) <= 2 * limits.depth and len(body) <= limits.digits:
        return False
    if len(body) > limits.call or (nests_beyond(limits.depth, body)):
        return True
    return len(body) > limits.digits and bool(_LONG_NUMBER.search(body))


def _blank(text: str, begin: int, end: int) -> bool:
    return begin >= end or text[begin:end].isspace()


def _to_json(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
    return text
