"""What a text is decoded to, as the reference decodes it: calls, or the reason why there are none."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from toolverify.calls import Attempt, Reply, ToolCall

Decoding = Literal["calls", "failed", "wrong_format", "beyond"]


class DecodedCall(Struct, frozen=True):
    """A call, and where it stands in the text it was read from."""

    call: ToolCall
    span: tuple[int, int]


class BfclReply(Reply, frozen=True, gc=False):
    """A reply as the reference decodes it: all of a text is calls, or none of it is.

    Attributes:
        decoding: `calls` where it decodes, even to no call at all; `failed` where the reference's decoder raises;
            `wrong_format` where it gives something else than calls; `beyond` where a limit ends reading.
        reason: Why, in words.
    """

    decoding: Decoding = "calls"
    reason: str = ""


def decoding_of(reply: Reply) -> tuple[Decoding, str]:
    """How a reply decodes; one whose calls came ready-made, by the worst of them."""
    if isinstance(reply, BfclReply):
        return reply.decoding, reply.reason
    worst = min([attempt for attempt in reply.attempts if attempt.call is None], key=_rank, default=None)
    if worst is None:
        return "calls", ""
    return _STATUS.get(worst.status, "failed"), worst.detail


def _rank(attempt: Attempt) -> int:
    return ["beyond", "failed", "wrong_format"].index(_STATUS.get(attempt.status, "failed"))


_STATUS: dict[str, Decoding] = {"limit_exceeded": "beyond", "non_object_args": "wrong_format"}
