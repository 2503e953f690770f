"""Engine: messages whose content is a list of blocks, as Anthropic's API returns them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from toolverify.calls import Attempt, Case, Context, Reply, Segment, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.json_value import decode
from toolverify.formats.engines.messages import parsed_call
from toolverify.limits import Limits

#: Blocks that hold neither a call of the model's to a tool of ours, nor its text.
_BESIDE = ("image", "document", "search_result", "container_upload", "server_tool_use")


@dataclass(frozen=True)
class MessageBlocks:
    """Anthropic messages: a mapping, or the JSON text of one. A text that is no message is content."""

    name: str
    reads_messages: bool = True

    def read(self, completion: Any, case: Case, context: Context) -> Reply:
        """Read one assistant message."""
        del context  # a call arrives whole, or not at all
        if not isinstance(completion, str):
            return _Reading(case.limits).reply(completion)
        decoded = decode(completion if completion.lstrip().startswith("{") else "", case.limits)
        if decoded.status != "ok" or not _is_message(decoded.value):
            return _Reading(case.limits).reply({"content": completion})
        flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
        return _Reading(case.limits, flags).reply(decoded.value)

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write the JSON text of a message."""
        blocks: list[dict[str, Any]] = []
        if reasoning is not None:
            blocks.append({"type": "thinking", "thinking": reasoning, "signature": ""})
        if content:
            blocks.append({"type": "text", "text": content})
        for index, call in enumerate(calls):
            used = {"type": "tool_use", "id": f"toolu_{index}", "name": call.name, "input": call.arguments}
            blocks.append(used)
        try:
            text = json.dumps({"role": "assistant", "content": blocks}, ensure_ascii=False, allow_nan=False)
            text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
        return text

    def quick(self, completion: str, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        """Messages take the long way: there is no text to skip."""
        del completion, case
        return None


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and ("role" in value or value.get("type") == "message")


class _Reading:
    """One pass over the blocks of one message. Mutable, and gone when the Reply is made."""

    def __init__(self, limits: Limits, flags: tuple[str, ...] = ()) -> None:
        self.limits = limits
        self.flags = flags  # of every call: where in the message's text they belong is not known
        self.thoughts: list[str] = []
        self.said: list[str] = []
        self.segments: list[Segment] = []
        self.attempts: list[Attempt] = []

    def reply(self, message: Mapping[str, Any]) -> Reply:
        """Read every block."""
        content = message.get("content")
        blocks = content if isinstance(content, list | tuple) else [content]
        for index, block in enumerate(blocks):
            if len(self.attempts) >= self.limits.attempts:
                detail = f"more than {self.limits.attempts} attempts; the rest is not read"
                self._record(Attempt("limit_exceeded", f"{len(blocks) - index} blocks", detail=detail))
                break
            self._block(block)
        if message.get("tool_calls") or message.get("function_call"):
            detail = "calls stand in content blocks, not beside the content"
            self._record(Attempt("wrong_dialect", "tool_calls", detail=detail))
        return Reply(
            reasoning="".join(self.thoughts) if self.thoughts else None,
            content="".join(self.said),
            attempts=tuple(self.attempts),
            segments=tuple(self.segments),
        )

    def _block(self, block: Any) -> None:
        if isinstance(block, str):
            self._say(block)
        elif isinstance(block, Mapping):
            self._typed_block(block, block.get("type"))
        elif block is not None:
            self._record(
                Attempt("wrong_dialect", f"<{type(block).__name__}>", detail="a block that is no object")
            )

    def _typed_block(self, block: Mapping[str, Any], kind: Any) -> None:
        text = block.get(kind) if kind in ("text", "thinking") else None
        if kind == "text" and isinstance(text, str):
            self._say(text)
        elif kind == "thinking" and isinstance(text, str):
            self.thoughts.append(text)
            self.segments.append(Segment("reasoning", text))
        elif kind == "redacted_thinking":
            self.segments.append(Segment("reasoning", _written(block)))
        elif kind == "tool_use":
            self._record(self._tool_use(block))
        elif isinstance(kind, str) and (kind in _BESIDE or kind.endswith("_tool_result")):
            self.segments.append(Segment("block", _written(block)))
        else:
            shown = kind[:60] if isinstance(kind, str) else type(kind).__name__
            detail = f"a block of the unknown type {shown!r}"
            self._record(Attempt("wrong_dialect", _written(block), detail=detail))

    def _say(self, text: str) -> None:
        self.said.append(text)
        if text:
            self.segments.append(Segment("content", text))

    def _record(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.segments.append(Segment("block", attempt.raw))

    def _tool_use(self, block: Mapping[str, Any]) -> Attempt:
        """A call; its input is an object, never the text of one."""
        attempt = parsed_call({"name": block.get("name"), "arguments": block.get("input")}, self.limits)
        raw = _written(block)
        if attempt.status == "non_object_args" and "input" not in block:
            return msgspec.structs.replace(attempt, raw=raw, detail="no 'input'")
        if len(attempt.raw) > self.limits.call:
            detail = f"a call of over {self.limits.call} characters"
            return Attempt("limit_exceeded", raw, name=attempt.name, detail=detail)
        flags = self.flags if attempt.call is not None else ()
        return msgspec.structs.replace(attempt, raw=raw, flags=flags)


def _written(block: Any) -> str:
    """A block as text. Parsed messages may hold anything, so what is no JSON is shown as its type."""
    try:
        return msgspec.json.encode(block).decode()
    except (TypeError, ValueError, RecursionError):
        return f"<{type(block).__name__}>"
