"""The options of a part: the fields of its dataclass, set by a profile, a task or a schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from toolverify.errors import ProfileError
from toolverify.schedule import FORMS, Schedule
from toolverify.suggest import closest


def option_fields(value: Any) -> list[str]:
    """The options of a part: the fields of its dataclass; a part that is none has none."""
    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    return [field.name for field in fields if field.name != "name" and field.name[0] != "_"]


def configure(value: Any, options: Mapping[str, Any]) -> Any:
    """A part with some of its options set.

    Raises:
        ProfileError: An option is unknown, or its value is wrong.
    """
    if not options:
        return value
    fields, hints = option_fields(value), get_type_hints(type(value))
    checked = {name: _option(name, given, fields, hints) for name, given in options.items()}
    return dataclasses.replace(value, **checked)


def _option(name: str, given: Any, fields: list[str], hints: Mapping[str, Any]) -> Any:
    if name not in fields:
        mend = closest(name, fields) if fields else "this part takes no options"
        raise ProfileError(f"unknown option {name!r}", mend=mend)
    return _converted(given, hints[name], name)


def _converted(given: Any, hint: Any, name: str) -> Any:
    """An option's value in its type; the members of a table one by one, so that an error names the one it is about."""
    if get_origin(hint) is Mapping and isinstance(given, Mapping):
        member = get_args(hint)[1]
        return {key: _converted(value, member, f"{name}.{key}") for key, value in given.items()}
    try:
        return msgspec.convert(given, hint)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        if isinstance(cause, ProfileError):  # what the value's own type found wrong with it
            raise ProfileError(f"option {name!r}: {cause.problem}", mend=cause.mend) from error
        mend = f"got {given!r}" + (f"; {FORMS}" if Schedule in get_args(hint) else "")
        raise ProfileError(f"option {name!r}: {error}", mend=mend) from error
