"""The passage that a rule about prose reads, in the units it counts."""

from __future__ import annotations

from typing import Literal

from toolverify.calls import Reply

Of = Literal["reasoning", "content", "completion"]
Unit = Literal["words", "characters"]
PATHS = {"reasoning": "reply.reasoning", "content": "reply.content", "completion": "reply"}


def passage(reply: Reply, of: Of) -> str:
    """What the model thought, what it said beside thoughts and calls, or all of it."""
    if of == "reasoning":
        return reply.reasoning or ""
    return reply.content if of == "content" else "".join([segment.text for segment in reply.segments])


def pieces(text: str, unit: Unit, most: int = -1) -> list[str] | str:
    """The words of a text, which white space parts, or its characters; of `most` or more the first `most`."""
    if unit == "characters":
        return text if most < 0 else text[:most]
    words = text.split(None, most)
    return words if most < 0 else words[:most]
