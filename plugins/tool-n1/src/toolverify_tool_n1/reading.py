"""The released extraction: the last block after the last assistant marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec

from toolverify.calls import Attempt, Case, Context, Reply, Segment, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import Loaded, load_python_json
from toolverify.formats.engines.items import as_attempt
from toolverify.formats.tool_n1 import TOOL_N1
from toolverify.limits import Limits

_START, _END = "<tool_call>", "</tool_call>"
_SPECIAL = ("<|", _START)
_HOPS = 8
_TOLD = 256  # elements that are told of a list beyond twice the answer's length

Outcome = Literal["items", "unread", "raises"]


class Item(msgspec.Struct, frozen=True, gc=False):
    """An element of the list in the block: whether it has both keys, and its name."""

    complete: bool
    name: Any = None


class ReleaseReply(Reply, frozen=True, gc=False):
    """A reply as the released code sees it.

    Attributes:
        tags: Both think tags occur somewhere.
        outcome: What became of the block.
        items: The elements of the list.
        raised: The exception that the released code would die of.
        silent: There was no block, and that counts as an empty list.
    """

    tags: bool = False
    outcome: Outcome = "unread"
    items: tuple[Item, ...] = ()
    raised: str = ""
    silent: bool = False


class _WireCall(msgspec.Struct, frozen=True):
    name: str
    arguments: dict[str, Any]


_decode_calls = msgspec.json.Decoder(list[_WireCall]).decode


@dataclass(frozen=True)
class ReleaseFormat:
    """The released extraction.

    Attributes:
        marker: The text after the last of these counts; all of it where there is none.
        text_in_block_raises: A JSON string in the block that is no JSON itself ends the released code.
        silence_is_empty: No block at all counts as an empty list.
    """

    name: str
    marker: str = ""
    python_json: ClassVar[bool] = True
    text_in_block_raises: bool = False
    silence_is_empty: bool = False

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read the last block."""
        del context
        begin = max(completion.rfind(self.marker), 0)
        text = completion[begin:]
        tags = "<think>" in text and "</think>" in text
        block = last_block(text)
        if block is None:
            return self._without_block(completion, tags=tags)
        first, last = block
        loaded = load_python_json(text[first:last].strip(), case.limits)
        if isinstance(loaded.value, str):
            loaded = self._second(loaded.value, case.limits)
        longest = max([len(option) for option in case.expected.options])
        loaded = _iterable(loaded)
        return _reply(completion, begin + first, begin + last, loaded, tags=tags, told=2 * longest + _TOLD)

    def _second(self, text: str, limits: Limits) -> Loaded:
        """A JSON string in the block is read once more."""
        loaded = load_python_json(text, limits)
        if loaded.status == "invalid" and self.text_in_block_raises:
            return Loaded(status="raises", raised="JSONDecodeError")
        return loaded

    def _without_block(self, text: str, *, tags: bool) -> ReleaseReply:
        silent = self.silence_is_empty
        segments = (Segment("content", text),) if text else ()
        return ReleaseReply(
            None, text, (), segments, tags=tags, outcome="items" if silent else "unread", silent=silent
        )

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write what the released code reads back; it ends a block at the first end marker, even in a string."""
        text = TOOL_N1.render(calls, reasoning=reasoning, content=content)
        if text.count(_END) > 1 or (self.marker and self.marker in text):
            raise RenderError(
                "the released code cannot read an argument that contains a marker", path="calls"
            )
        if _START in (reasoning or ""):
            raise RenderError(
                "the released code takes a start marker in the reasoning for the block's", path="reasoning"
            )
        return text

    def quick(self, completion: str, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        """The calls of a text with one thought, one block and no chat markers."""
        if not completion.startswith("<think>") or len(completion) > case.limits.text:
            return None
        begin = _after_thought(completion)
        if begin < 0 or not completion.startswith(_START, begin):
            return None
        close = completion.find(_END, begin)
        if close < 0 or completion.find("<", close + 1) >= 0:
            return None
        body = completion[begin + len(_START) : close]
        if body.find("<") >= 0 and self.marker in body:
            return None
        return _decoded(body, case.limits.depth)


def _decoded(body: str, depth: int) -> list[tuple[str, dict[str, Any]]] | None:
    """The calls of a block's text; whatever msgspec refuses goes the long way, as does what may nest too deep."""
    if len(body) > 2 * depth and body.count("[") + body.count("{") > depth:
        return None
    try:
        calls = _decode_calls(body.strip())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return [(call.name, call.arguments) for call in calls]


def _after_thought(text: str) -> int:
    """Where the first '<' behind `</think>` stands, or -1 where the thought holds anything that needs a closer look."""
    position = text.find("<", 1)
    for _ in range(_HOPS):
        if text.startswith("</think>", position):
            return text.find("<", position + 1)
        if position < 0 or text.startswith(_SPECIAL, position):
            return -1
        position = text.find("<", position + 1)
    return -1


def last_block(text: str) -> tuple[int, int] | None:
    """Begin and end of the inside of the last block; each is ended by the first end marker after its start."""
    found = None
    position = 0
    while (begin := text.find(_START, position)) >= 0:
        close = text.find(_END, begin)
        if close < 0:
            break
        found = (begin + len(_START), close)
        position = close + len(_END)
    return found


def _iterable(loaded: Loaded) -> Loaded:
    """Null is no value, and a bare number or boolean is what the released code cannot iterate over."""
    if loaded.status != "ok" or isinstance(loaded.value, str | list | dict):
        return loaded
    return Loaded(status="invalid") if loaded.value is None else Loaded(status="raises", raised="TypeError")


def _reply(text: str, begin: int, end: int, loaded: Loaded, *, tags: bool, told: int) -> ReleaseReply:
    """The reply of a text whose last block's inside stands from `begin` to `end`."""
    before, block, after = (
        text[: begin - len(_START)],
        text[begin - len(_START) : end + len(_END)],
        text[end + len(_END) :],
    )
    segments = [Segment("block", block)]
    if before:
        segments.insert(0, Segment("content", before))
    if after:
        segments.append(Segment("content", after))
    attempts, items = _attempts(text[begin:end], (begin, end), loaded, told)
    outcome: Outcome = _OUTCOMES[loaded.status]
    return ReleaseReply(
        None, before + after, attempts, tuple(segments), (), False, tags, outcome, items, loaded.raised
    )


_OUTCOMES: dict[str, Outcome] = {"ok": "items", "invalid": "unread", "raises": "raises"}


def _attempts(
    raw: str, span: tuple[int, int], loaded: Loaded, told: int
) -> tuple[tuple[Attempt, ...], tuple[Item, ...]]:
    """What the block holds: an object stands for a list of one, and a text for the list of its characters.

    Of a list that is far longer than the answer, and so cannot be right, only the beginning is told.
    """
    if loaded.status != "ok":
        return (Attempt("invalid_json", raw, span, detail=loaded.raised or "not JSON"),), ()
    values = [loaded.value] if isinstance(loaded.value, dict) else loaded.value
    complete = all(map(_is_complete, values))
    attempts = [as_attempt(value, raw, span) for value in values[:told]]
    items = [Item(True, value["name"]) if complete else _item(value) for value in values[:told]]
    if len(values) > told:
        attempts.append(Attempt("limit_exceeded", "", detail=f"{len(values) - told} more elements, not told"))
    return tuple(attempts), tuple(items if complete else [*items, Item(False)])


def _is_complete(value: Any) -> bool:
    return isinstance(value, dict) and "name" in value and "arguments" in value


def _item(value: Any) -> Item:
    return Item(True, value["name"]) if _is_complete(value) else Item(False)


def released(reply: Reply) -> ReleaseReply:
    """The reply as the released code sees it; calls that came ready-made stand for a thought and a list."""
    if isinstance(reply, ReleaseReply):
        return reply
    items = tuple(
        [Item(attempt.status in {"ok", "non_object_args"}, attempt.name) for attempt in reply.attempts]
    )
    tags = reply.parsed or reply.reasoning is not None
    return ReleaseReply(
        reply.reasoning,
        reply.content,
        reply.attempts,
        reply.segments,
        tags=tags,
        outcome="items",
        items=items,
    )
