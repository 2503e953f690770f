"""Engine: calls as JSON in the freer dialects: other markers, markers that may be missing, other keys, lists in plain text.

A format is a declaration: `JsonCalls("mistral-v3", container="list", starts=("[TOOL_CALLS]",), spare_keys=("id",))`.
Where each call or list stands between two markers and that is all, `JsonBlocks` reads it faster.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.items import CallKeys
from toolverify.formats.engines.json_calls_read import JsonReading
from toolverify.formats.engines.python_calls import PythonCalls


@dataclass(frozen=True)
class JsonCalls:
    """JSON in a wrapper of which parts may be missing.

    Attributes:
        name: The format's name.
        container: `object`: one call a block, or several with a joint between them. `list`: a list of calls a block.
        starts: The markers that begin a block; the first is written. An empty one: JSON in plain text, also within a
            markdown fence, is a block. A marker that ends in `[` begins the list itself.
        ends: The markers that end a block; the first is written. An empty one: the JSON may end it too.
        joints: What may stand between the objects of one block; the first is written.
        name_key: The member with the name; empty where the name is the key of the arguments.
        arguments_key: The member with the arguments.
        id_key: The member that numbers the calls, where there is one.
        spare_keys: Other members that may stand in a call.
        declined: What follows a start marker where the model says that it makes no call.
        python: How blocks are read that hold no JSON but calls in Python's syntax; None where there are none.
        think_start: The marker before reasoning.
        think_end: The marker after it.
        think_padding: What a template puts inside these two markers; it is no part of the reasoning.
        frames: Pairs of markers, with a line end inside them, that may stand around the content and are no part of it. A renderer
            writes the first where there is reasoning.
        frame_holds: Whether a renderer puts the calls inside that frame too.
        frame_padding: What a renderer puts inside the frame's markers.
        lead: What a renderer puts behind the start marker of a block.
        tail: What it puts before the end marker.
        separator: What a renderer puts between the parts of a reply.
    """

    name: str
    container: Literal["object", "list"] = "object"
    starts: tuple[str, ...] = ("<tool_call>",)
    ends: tuple[str, ...] = ("",)
    joints: tuple[str, ...] = ()
    name_key: str = "name"
    arguments_key: str = "arguments"
    id_key: str = ""
    spare_keys: tuple[str, ...] = ()
    declined: str = ""
    python: PythonCalls | None = None
    think_start: str = "<think>"
    think_end: str = "</think>"
    think_padding: str = ""
    frames: tuple[tuple[str, str], ...] = ()
    frame_holds: Literal["content", "all"] = "content"
    frame_padding: str = ""
    lead: str = ""
    tail: str = ""
    separator: str = "\n"

    @property
    def keys(self) -> CallKeys:
        """Where an object holds what makes a call."""
        spare = (self.id_key, *self.spare_keys) if self.id_key else self.spare_keys
        return CallKeys(self.name_key, self.arguments_key, spare)

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        return JsonReading(self, completion, case.limits, context).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        self._expressible(reasoning, content)
        blocks = self._blocks(calls)
        if reasoning is None:
            return self.separator.join([*([content] if content else []), *blocks])
        thought = f"{self.think_start}{self.think_padding}{reasoning}{self.think_padding}{self.think_end}"
        return self.separator.join([thought, *self._framed(content, blocks)])

    def _framed(self, content: str, blocks: list[str]) -> list[str]:
        """Content and calls, in the frame that follows reasoning where the format has one."""
        if not self.frames or not (content or (blocks and self.frame_holds == "all")):
            return [*([content] if content else []), *blocks]
        (before, after), line = self.frames[0], self.frame_padding
        if self.frame_holds == "all":
            return [f"{before}{line}{content}{''.join(blocks)}{line}{after}"]
        return [f"{before}{line}{content}{line}{after}", *blocks]

    def _blocks(self, calls: Sequence[ToolCall]) -> list[str]:
        items = [self._object(call, index) for index, call in enumerate(calls)]
        if not items:
            return []
        if self.container == "list":
            return [self._wrapped(_to_json(items))]
        texts = [_to_json(item) for item in items]
        return [self._wrapped(text) for text in ([self.joints[0].join(texts)] if self.joints else texts)]

    def _object(self, call: ToolCall, index: int) -> dict[str, Any]:
        if not self.name_key:
            return {call.name: call.arguments}
        numbered = {self.id_key: str(index)} if self.id_key else {}
        return {**numbered, self.name_key: call.name, self.arguments_key: call.arguments}

    def _wrapped(self, body: str) -> str:
        start, end = self.starts[0], self.ends[0]
        marker = start[: -start.endswith("[") or None]
        return f"{marker}{self.lead}{body}{self.tail}{end}"

    def _expressible(self, reasoning: str | None, content: str) -> None:
        if reasoning is not None and self.think_end in reasoning:
            raise RenderError(
                f"{self.name} cannot write reasoning that contains {self.think_end!r}", path="reasoning"
            )
        frames = [marker for pair in self.frames for marker in pair]
        for marker in (*self.starts, self.think_start, self.think_end, *frames):
            if marker and marker in content:
                raise RenderError(
                    f"{self.name} cannot write content that contains {marker!r}", path="content"
                )
        if "" in self.starts and any(sign in content for sign in ("{", "[", "```")):
            raise RenderError(f"{self.name} cannot write content with brackets or fences", path="content")


def _to_json(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
    return text
