"""Engine: messages on channels, as gpt-oss writes them.

Reasoning stands on one channel, text on another, and a call is a message to the tool it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.harmony_read import START, HarmonyReading
from toolverify.formats.engines.named_json import arguments_text
from toolverify.formats.engines.named_json_read import name_fault

_THOUGHT_ENDS = ("<|end|>", "<|return|>", START)
_TEXT_ENDS = (*_THOUGHT_ENDS, "<|call|>", "<|channel|>", "<|message|>")


@dataclass(frozen=True)
class Harmony:
    """Harmony: `<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>{…}<|call|>`.

    Attributes:
        name: The format's name.
        namespace: What stands before the name of a tool in the recipient of a call.
        reasoning_channel: The channel of reasoning.
        call_channel: The channel of calls, and of text beside them.
        final_channel: The channel of text for the user.
    """

    name: str
    namespace: str = "functions."
    reasoning_channel: str = "analysis"
    call_channel: str = "commentary"
    final_channel: str = "final"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text, message by message. The prompt has opened the first one."""
        return HarmonyReading(self, completion, case.limits, context).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write reasoning, content and calls, each a message of its own."""
        messages = [] if reasoning is None else [self._thought(reasoning)]
        if content:
            messages.append(self._said(content, before_calls=bool(calls)))
        return f"{START}assistant".join([*messages, *map(self._call, calls)])

    def _thought(self, reasoning: str) -> str:
        _refuse_markers(self.name, reasoning, _THOUGHT_ENDS, "reasoning")
        return f"<|channel|>{self.reasoning_channel}<|message|>{reasoning}<|end|>"

    def _said(self, content: str, *, before_calls: bool) -> str:
        _refuse_markers(self.name, content, _TEXT_ENDS, "content")
        channel, end = (self.call_channel, "<|end|>") if before_calls else (self.final_channel, "<|return|>")
        return f"<|channel|>{channel}<|message|>{content}{end}"

    def _call(self, call: ToolCall) -> str:
        if name_fault(call.name)[1] or call.name.split() != [call.name] or "<" in call.name:
            raise RenderError(f"{self.name} cannot write the name {call.name!r}: it is no word", path="calls")
        recipient = f"{self.namespace}{call.name}"
        body = arguments_text(call.arguments)
        return f"<|channel|>{self.call_channel} to={recipient} <|constrain|>json<|message|>{body}<|call|>"


def _refuse_markers(name: str, text: str, markers: Sequence[str], path: str) -> None:
    marker = next((marker for marker in markers if marker in text), None)
    if marker is not None:
        raise RenderError(f"{name} cannot write {path} that contains {marker!r}", path=path)
