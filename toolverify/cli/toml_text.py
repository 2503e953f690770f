"""A profile written as TOML; the standard library only reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any


def to_toml(data: Mapping[str, Any]) -> str:
    """Plain values first, then one table for each mapping that is no part reference."""
    plain = {key: value for key, value in data.items() if not _is_table(value)}
    lines = [f"{key} = {_part(value)}" for key, value in plain.items()]
    for key, table in data.items():
        if _is_table(table):
            members = [f"{_key(name)} = {_value(value)}" for name, value in table.items()]
            lines += ["", f"[{key}]", *members]
    return "\n".join(lines)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and "use" not in value


def _part(value: Any) -> str:
    """A value of the profile itself: a part without options is written as its name, alone and in a list."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join([_part(item) for item in value]) + "]"
    if isinstance(value, Mapping) and set(value) == {"use"}:
        return _value(value["use"])
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join([_value(item) for item in value]) + "]"
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # TOML writes inf and nan as Python does
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _value(key)
