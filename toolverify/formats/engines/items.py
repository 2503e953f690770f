"""What a JSON value that should be a call is worth: the same verdict in every JSON format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolverify.calls import Attempt, Reply, Segment, Status, ToolCall

_FOREIGN_ARGUMENTS = ("arguments", "parameters", "args", "input")
Span = tuple[int, int] | None


def reply_of(
    thoughts: Sequence[str], segments: Sequence[Segment], attempts: Sequence[Attempt], flags: Sequence[str]
) -> Reply:
    """What a reader has collected, as a reply; the content is what stands in segments of that kind."""
    content = [segment.text for segment in segments if segment.kind == "content"]
    return Reply(
        reasoning="\n".join(thoughts) if thoughts else None,
        content="".join(content),
        attempts=tuple(attempts),
        segments=tuple(segments),
        flags=tuple(flags),
    )


def as_attempt(
    value: Any, raw: str, span: Span, *, arguments_key: str = "arguments", flags: tuple[str, ...] = ()
) -> Attempt:
    """Judge a decoded value by its syntax alone; whether the tool exists is not asked here."""
    if type(value) is dict:
        name = value.get("name")
        arguments = value.get(arguments_key)
        if type(name) is str and name and type(arguments) is dict:
            if len(value) > 2:
                flags = (*flags, "extra_keys")
            return Attempt("ok", raw, span, ToolCall(name, arguments), name, flags)
    status, detail = _fault(value, arguments_key)
    return Attempt(status, raw, span, None, _name_of(value), flags, detail)


def _name_of(value: Any) -> str | None:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name else None


def _fault(value: Any, arguments_key: str) -> tuple[Status, str]:
    if not isinstance(value, dict):
        return "wrong_dialect", f"a call is an object, this is {_kind(value)}"
    if "name" not in value and isinstance(value.get("function"), dict):
        return "wrong_dialect", "the call stands in a 'function' object of its own"
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return "missing_name", "no name" if name is None else f"the name is {_kind(name)}"
    if arguments_key in value:
        return "non_object_args", f"the arguments are {_kind(value[arguments_key])}, not an object"
    other = next((key for key in _FOREIGN_ARGUMENTS if key in value), None)
    if other is not None:
        return "wrong_dialect", f"the arguments stand under {other!r}, not {arguments_key!r}"
    return "non_object_args", f"no {arguments_key!r}"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if value == "" and isinstance(value, str):
        return "an empty string"
    names = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
