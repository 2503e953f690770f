"""The released reading: the text between the chat markers, and the lines of its first block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from toolverify.calls import Attempt, Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import Loaded, load_python_json
from toolverify.formats.engines.items import as_attempt
from toolverify_toolrl.cutting import THINK, THOUGHT, Span, cut

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
        """Read the first block, and part the rest into thoughts and content for whoever reads it."""
        del context
        begin, end = self._scored(completion)
        text = completion[begin:end]
        block = _first_block(text)
        pieces = cut(completion, (begin, end), None if block is None else _shifted(block.whole, begin))
        if block is None:
            return ToolrlReply(pieces.reasoning, pieces.content, (), pieces.segments, pieces.flags, text=text)
        raw = text[slice(*block.inner)].split("\n")
        lines = [load_python_json(line, case.limits) for line in raw]
        readable = all([line.status == "ok" for line in lines])
        return ToolrlReply(
            pieces.reasoning,
            pieces.content,
            tuple(_attempts(raw, lines, begin + block.inner[0])),
            pieces.segments,
            pieces.flags,
            text=text,
            lines=tuple([line.value for line in lines]) if readable else None,
        )

    def _scored(self, completion: str) -> Span:
        """Where the text stands that counts: between the chat markers, without the white space around it."""
        found = completion.rfind(self.marker)
        begin = found + len(self.marker) if found >= 0 else 0
        stop = completion.find(self.stop, begin)
        return _stripped(completion, begin, stop if stop >= 0 else len(completion))

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write thought, calls and response the way the released format test wants them."""
        if any(marker in content or marker in (reasoning or "") for marker in (START, END)):
            raise RenderError("the released code cannot read a call marker outside its block", path="content")
        if THOUGHT in (reasoning or "") or THINK in content:
            raise RenderError("a think marker inside reasoning or content would part it", path="reasoning")
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
        text = "\n".join(parts)
        if self.marker in text or self.stop in text:
            raise RenderError(
                "the released code reads only what stands between the chat markers", path="calls"
            )
        return text


class Block(NamedTuple):
    """Where the block that counts stands: with its markers, and its lines alone."""

    whole: Span
    inner: Span


def _first_block(text: str) -> Block | None:
    """From the first start marker to the next end marker or the next start marker; both must occur somewhere."""
    begin = text.find(START)
    if begin < 0 or END not in text:
        return None
    first = begin + len(START)
    following = text.find(START, first)
    following = following if following >= 0 else len(text)
    close = text.find(END, first, following)
    last = close if close >= 0 else following
    whole_end = last + len(END) if close >= 0 else last
    return Block((begin, whole_end), _stripped(text, first, last))


def _stripped(text: str, begin: int, end: int) -> Span:
    """The same stretch without the white space around it."""
    piece = text[begin:end]
    begin += len(piece) - len(piece.lstrip())
    return begin, begin + len(piece.strip())


def _shifted(span: Span, by: int) -> Span:
    return span[0] + by, span[1] + by


def _attempts(raw: Sequence[str], lines: Sequence[Loaded], begin: int) -> Iterator[Attempt]:
    """An attempt for each line; the first one stands at `begin` in the completion."""
    for text, line in zip(raw, lines, strict=True):
        span = (begin, begin + len(text))
        if line.status == "ok":
            yield as_attempt(line.value, text, span, arguments_key="parameters")
        else:
            yield Attempt("invalid_json", text, span, detail="the line is not JSON")
        begin = span[1] + 1


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
