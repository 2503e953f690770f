"""The markers of a wire format, as far as a trainer must know them."""

from __future__ import annotations

from toolverify.calls import ToolCall
from toolverify.errors import RenderError
from toolverify.protocols import Format


def written_reply(format_: Format) -> str:
    """A reply with a thought and a call, so that every marker stands in it; empty where the format writes none."""
    for reasoning in ("t", None):
        try:
            return format_.render([ToolCall("f", {"x": 1})], reasoning=reasoning)
        except RenderError:
            continue
    return ""


def reads_messages(format_: Format) -> bool:
    """Whether the format reads chat messages as they are."""
    return bool(getattr(format_, "reads_messages", False))
