"""Engine: chat messages with `tool_calls`, as APIs return them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from toolverify.calls import Attempt, Case, Context, Reply, Segment, Status, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.items import as_attempt
from toolverify.formats.engines.json_value import Decoded, decode, nesting
from toolverify.limits import Limits
from toolverify.plain_json import nests_deeper

_REASONING_KEYS = ("reasoning_content", "reasoning")


@dataclass(frozen=True)
class MessageObjects:
    """OpenAI chat messages: a mapping, or the JSON text of one. A text that is no message is content."""

    name: str
    reads_messages: bool = True

    def read(self, completion: Any, case: Case, context: Context) -> Reply:
        """Read one assistant message."""
        if isinstance(completion, str):
            completion = _as_message(completion, case.limits)
        return message_reply(completion, case.limits, context)

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write the JSON text of a message."""
        message: dict[str, Any] = {"role": "assistant", "content": content or None}
        if reasoning is not None:
            message["reasoning_content"] = reasoning
        try:
            message["tool_calls"] = [
                {
                    "id": f"call_{index}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(call.arguments, allow_nan=False)},
                }
                for index, call in enumerate(calls)
            ]
            return json.dumps(message, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error

    def quick(self, completion: str, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        """Messages take the long way: there is no text to skip."""
        del completion, case
        return None


def _as_message(text: str, limits: Limits) -> Mapping[str, Any]:
    decoded = decode(text, limits)
    if decoded.status == "ok" and isinstance(decoded.value, dict) and "role" in decoded.value:
        return decoded.value
    return {"content": text}


def message_reply(message: Mapping[str, Any], limits: Limits, context: Context) -> Reply:
    """Read a message whose calls, if any, stand in `tool_calls` or in the older `function_call`."""
    reasoning = next((message[key] for key in _REASONING_KEYS if isinstance(message.get(key), str)), None)
    content = content_text(message.get("content"))
    attempts = tuple(_attempts(message, limits, context))
    segments = [Segment("reasoning", reasoning)] if reasoning is not None else []
    if content:
        segments.append(Segment("content", content))
    segments += [Segment("block", attempt.raw) for attempt in attempts]
    return Reply(reasoning, content, attempts, tuple(segments))


def content_text(content: Any) -> str:
    """The text of a message's content: a string, null, or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    texts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
    return "".join([text for text in texts if isinstance(text, str)])


def _attempts(message: Mapping[str, Any], limits: Limits, context: Context) -> list[Attempt]:
    entries = message.get("tool_calls")
    if entries is None:
        legacy = message.get("function_call")
        entries = [] if legacy is None else [{"function": legacy}]
    if not isinstance(entries, list | tuple):
        return [Attempt("wrong_dialect", _raw(entries), detail="'tool_calls' is not a list")]
    found = [_entry(entry, limits, context) for entry in entries[: limits.attempts]]
    if len(entries) > limits.attempts:
        detail = f"more than {limits.attempts} attempts; the rest is not read"
        found.append(Attempt("limit_exceeded", f"{len(entries) - limits.attempts} calls", detail=detail))
    return found


def _entry(entry: Any, limits: Limits, context: Context) -> Attempt:
    function = entry.get("function", entry) if isinstance(entry, Mapping) else entry
    if not isinstance(function, Mapping):
        return Attempt("wrong_dialect", _raw(entry), detail="a call without a 'function' object")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        return _from_text(function.get("name"), arguments, _raw(entry), limits, context)
    return parsed_call(function, limits)


def _from_text(name: Any, arguments: str, raw: str, limits: Limits, context: Context) -> Attempt:
    """A call whose arguments are JSON text; no text at all means no arguments."""
    if len(arguments) > limits.call:
        return _broken("limit_exceeded", raw, name, f"a call of over {limits.call} characters")
    decoded = decode(arguments, limits) if arguments.strip() else decode("{}", limits)
    if decoded.status != "ok":
        return _broken(_status(decoded, context), raw, name, f"the arguments: {decoded.detail}")
    flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
    return as_attempt({"name": name, "arguments": decoded.value}, raw, None, flags=flags)


def _status(decoded: Decoded, context: Context) -> Status:
    if decoded.status == "pending" and context.finish_reason == "length":
        return "truncated"
    return "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"


def parsed_call(call: Any, limits: Limits) -> Attempt:
    """A call that was parsed elsewhere: an object with `name` and `arguments`."""
    name = call.get("name") if isinstance(call, Mapping) else None
    try:
        raw = msgspec.json.encode(call).decode()
    except RecursionError:
        if not nests_deeper(call, limits.depth):
            raise  # the caller stands near the end of its stack
        return _broken("limit_exceeded", _raw(call), name, f"nested deeper than {limits.depth} levels")
    except (TypeError, ValueError) as error:
        return _broken("invalid_json", _raw(call), name, f"not JSON: {error}")
    if nesting(raw) > limits.depth:
        return _broken("limit_exceeded", raw, name, f"nested deeper than {limits.depth} levels")
    value = dict(call) if isinstance(call, Mapping) else call
    if _has_odd_keys(value):
        return _broken("invalid_json", raw, name, "not JSON: a key is no string")
    return as_attempt(value, raw, None)


def _has_odd_keys(value: Any) -> bool:
    """Whether an object in it has a key that is no string, as parsed messages from Python may; nesting is bounded by now."""
    if isinstance(value, Mapping):
        return any([not isinstance(key, str) or _has_odd_keys(part) for key, part in value.items()])
    return isinstance(value, list | tuple) and any([_has_odd_keys(part) for part in value])


def _broken(status: Status, raw: str, name: Any, detail: str) -> Attempt:
    return Attempt(status, raw, name=name if isinstance(name, str) and name else None, detail=detail)


def _raw(entry: Any) -> str:
    """The entry as text. Parsed messages may hold anything, so what is no JSON is shown as its type."""
    try:
        return msgspec.json.encode(entry).decode()
    except (TypeError, ValueError, RecursionError):
        return f"<{type(entry).__name__}>"
