"""The options of a part: the fields of its dataclass, set by a profile, a task or a schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec

from toolverify.errors import ProfileError
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
    try:
        return msgspec.convert(given, hints[name])
    except msgspec.ValidationError as error:
        raise ProfileError(f"option {name!r}: {error}", mend=f"got {given!r}") from error
