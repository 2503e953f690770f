"""From a completion in any of its shapes to one Reply: only what the assistant wrote is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from toolverify.calls import Attempt, Case, Context, Reply, Segment, ToolCall
from toolverify.formats.engines.messages import content_text, message_reply, parsed_call
from toolverify.limits import Limits
from toolverify.protocols import Format


class ReadyCalls(msgspec.Struct, frozen=True):
    """Calls that were parsed elsewhere and stand in for a completion."""

    calls: Any


_EMPTY = Reply(None, "", (), ())


def read_completion(format_: Format, completion: Any, case: Case, context: Context) -> Reply:
    """Read a text, a message, a list of messages, or ready-made calls. Never raises for what a model wrote."""
    if isinstance(completion, str):
        return _read_text(format_, completion, case, context)
    if isinstance(completion, ReadyCalls):
        return _ready_reply(completion.calls, case.limits)
    if isinstance(completion, Mapping):
        return _read_message(format_, completion, case, context)
    if isinstance(completion, list | tuple):
        return _read_turns(format_, completion, case, context)
    if completion is None:
        return _read_text(format_, "", case, context)
    detail = f"a completion is text or messages, this is {type(completion).__name__}"
    return _unread(str(type(completion).__name__), "wrong_dialect", detail)


def _unread(raw: str, status: Any, detail: str) -> Reply:
    return Reply(None, "", (Attempt(status, raw, detail=detail),), (Segment("block", raw),))


def _read_text(format_: Format, text: str, case: Case, context: Context) -> Reply:
    if len(text) > case.limits.text:
        return _unread(text, "limit_exceeded", f"a completion of over {case.limits.text} characters")
    return format_.read(text, case, context)


def _read_message(format_: Format, message: Mapping[str, Any], case: Case, context: Context) -> Reply:
    """A message with calls of its own needs no wire format; any other is text, and perhaps reasoning beside it."""
    if message.get("role", "assistant") != "assistant":
        return _EMPTY
    if getattr(format_, "reads_messages", False):
        return format_.read(message, case, context)
    if message.get("tool_calls") or message.get("function_call"):
        return message_reply(message, case.limits, context)
    reply = _read_text(format_, content_text(message.get("content")), case, context)
    beside = message_reply({**message, "content": None}, case.limits, context)
    return reply if beside.reasoning is None else _merged([beside, reply])


def _read_turns(format_: Format, turns: Sequence[Any], case: Case, context: Context) -> Reply:
    """The assistant's turns; what users and tools wrote is never scored."""
    replies = []
    for turn in turns:
        if not isinstance(turn, Mapping | str):
            replies.append(_unread(type(turn).__name__, "wrong_dialect", "a turn is a message"))
        elif (
            isinstance(turn, str) or turn.get("role", "assistant") == "assistant"
        ):  # others are no turn of the model's
            replies.append(read_completion(format_, turn, case, context))
    if len(replies) == 1:
        return replies[0]
    return _merged(replies) if replies else _EMPTY


def _merged(replies: Sequence[Reply]) -> Reply:
    thoughts = [reply.reasoning for reply in replies if reply.reasoning is not None]
    attempts = [attempt for reply in replies for attempt in reply.attempts]
    return Reply(
        reasoning="\n".join(thoughts) if thoughts else None,
        content="".join([reply.content for reply in replies]),
        attempts=tuple([msgspec.structs.replace(attempt, span=None) for attempt in attempts]),
        segments=tuple([segment for reply in replies for segment in reply.segments]),
        flags=tuple(dict.fromkeys(flag for reply in replies for flag in reply.flags)),
    )


def _ready_reply(calls: Any, limits: Limits) -> Reply:
    """A reply of calls alone; there is no text whose form could be judged."""
    if not isinstance(calls, list | tuple):
        detail = f"calls are a list, this is {type(calls).__name__}"
        return msgspec.structs.replace(_unread(type(calls).__name__, "wrong_dialect", detail), parsed=True)
    attempts = [_ready_call(call, limits) for call in calls[: limits.attempts]]
    if len(calls) > limits.attempts:
        detail = f"more than {limits.attempts} attempts; the rest is not read"
        attempts.append(Attempt("limit_exceeded", f"{len(calls) - limits.attempts} calls", detail=detail))
    return Reply(None, "", tuple(attempts), (), parsed=True)


def _ready_call(call: Any, limits: Limits) -> Attempt:
    if isinstance(call, ToolCall):
        call = {"name": call.name, "arguments": call.arguments}
    return parsed_call(call, limits)
