"""The released reading: the text between the chat markers, and the lines of its first block."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify.calls import Attempt, Case, Context, Reply, Segment, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import load_python_json
from toolverify.formats.engines.items import as_attempt

START, END = "<tool_call>", "</tool_call>"


class ToolrlReply(Reply, frozen=True, gc=False):
    """A reply as the released code sees it: its stripped text, and the JSON lines of the first block.

    `lines` is None where the block is missing or a line is no JSON: then the released code gives the minimum.
    """

    text: str = ""
    lines: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class ToolrlFormat:
    """`<think>…</think>`, then `<tool_call>` with one JSON object a line, then `<response>`, each where it is due.

    Attributes:
        marker: The text after the last of these counts.
        stop: The text before the first of these counts.
    """

    python_json: ClassVar[bool] = True
    name: str = "toolrl"
    marker: str = "<|im_start|>assistant"
    stop: str = "<|im_end|>"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read the first block."""
        del context
        found = completion.rfind(self.marker)
        begin = found + len(self.marker) if found >= 0 else 0
        end = completion.find(self.stop, begin)
        text = completion[begin : end if end >= 0 else len(completion)].strip()
        block = _first_block(text)
        if block is None:
            return ToolrlReply(None, text, (), _segments(completion, ""), text=text)
        lines = [load_python_json(line, case.limits) for line in block.strip().split("\n")]
        readable = all(line.status == "ok" for line in lines)
        attempts = tuple([_attempt(line.value, line.status == "ok", block) for line in lines])
        values = tuple([line.value for line in lines]) if readable else None
        return ToolrlReply(None, text, attempts, _segments(completion, block), text=text, lines=values)

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write thought, calls and response the way the released format test wants them."""
        if any(marker in content or marker in (reasoning or "") for marker in (START, END)):
            raise RenderError("the released code cannot read a call marker outside its block", path="content")
        parts = [] if reasoning is None else [f"<think>{reasoning}</think>"]
        if calls:
            lines = [json.dumps({"name": call.name, "parameters": call.arguments}) for call in calls]
            if any(marker in line for line in lines for marker in (START, END)):
                raise RenderError(
                    "the released code cannot read a call marker inside an argument", path="calls"
                )
            parts.append("\n".join([START, *lines, END]))
        if content:
            parts.append(f"<response>{content}</response>")
        return "\n".join(parts)


def _first_block(text: str) -> str | None:
    """From the first start marker to the next end marker or the next start marker; both must occur somewhere."""
    if START not in text or END not in text:
        return None
    return text.split(START, 2)[1].split(END, 1)[0]


def _attempt(value: Any, readable: bool, block: str) -> Attempt:
    if not readable:
        return Attempt("invalid_json", block, detail="a line is not JSON")
    return as_attempt(value, block, None, arguments_key="parameters")


def _segments(text: str, block: str) -> tuple[Segment, ...]:
    if not block:
        return (Segment("content", text),) if text else ()
    before, _, after = text.partition(block)
    pieces = (Segment("content", before), Segment("block", block), Segment("content", after))
    return tuple([piece for piece in pieces if piece.text])


def released(reply: Reply) -> ToolrlReply:
    """The reply as the released code sees it; calls that came ready-made have no text."""
    if isinstance(reply, ToolrlReply):
        return reply
    lines = [{"name": call.name, "parameters": call.arguments} for call in reply.calls]
    complete = len(lines) == len(reply.attempts)
    return ToolrlReply(
        reply.reasoning,
        reply.content,
        reply.attempts,
        reply.segments,
        lines=tuple(lines) if complete else None,
    )
