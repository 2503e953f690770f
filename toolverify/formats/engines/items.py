"""What a JSON value that should be a call is worth: the same verdict in every JSON format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

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


class CallKeys(Struct, frozen=True):
    """Where a dialect's objects hold what makes a call.

    Attributes:
        name: The member with the name; empty where the name is itself the key of the arguments.
        arguments: The member with the arguments.
        spare: Members that may stand beside these two.
    """

    name: str = "name"
    arguments: str = "arguments"
    spare: tuple[str, ...] = ()


def call_attempt(value: Any, raw: str, span: Span, *, keys: CallKeys, flags: tuple[str, ...] = ()) -> Attempt:
    """Judge a decoded value of a dialect with keys of its own, as `as_attempt` does."""
    if type(value) is dict and not keys.name:
        return _keyed_by_name(value, raw, span, flags)
    if type(value) is dict and keys.name != "name":
        if keys.name not in value and "name" in value:
            detail = f"the name stands under 'name', not {keys.name!r}"
            return Attempt("wrong_dialect", raw, span, None, _name_of(value), flags, detail)
        value = {("name" if key == keys.name else key): member for key, member in value.items()}
    if type(value) is dict and keys.spare:
        value = {key: member for key, member in value.items() if key not in keys.spare}
    return as_attempt(value, raw, span, arguments_key=keys.arguments, flags=flags)


def _keyed_by_name(value: dict[str, Any], raw: str, span: Span, flags: tuple[str, ...]) -> Attempt:
    """An object `{name: arguments}`."""
    if len(value) == 1:
        [(name, arguments)] = value.items()
        return as_attempt({"name": name, "arguments": arguments}, raw, span, flags=flags)
    if value:
        detail = f"an object with the name as its one key is due, this has {len(value)}"
        return Attempt("wrong_dialect", raw, span, None, _name_of(value), flags, detail)
    return Attempt("missing_name", raw, span, None, None, flags, "no name")


def looks_like_call(value: Any, keys: CallKeys) -> bool:
    """Whether an object in plain text is meant as a call: it has arguments, or a name and nothing else."""
    if not isinstance(value, dict):
        return False
    return any(key in value for key in (*_FOREIGN_ARGUMENTS, "function")) or set(value) == {keys.name}


def first_keys(keys: CallKeys) -> tuple[str, ...]:
    """The members with which an object that is meant as a call may begin."""
    known = (keys.name, keys.arguments, *keys.spare, "name", "id", "type", "function", *_FOREIGN_ARGUMENTS)
    return tuple(dict.fromkeys(key for key in known if key))
