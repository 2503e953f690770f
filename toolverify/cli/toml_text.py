"""A profile written as TOML; the standard library only reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(data: Mapping[str, Any]) -> str:
    """Plain values first, then one table for each mapping that is no part reference."""
    plain = {key: value for key, value in data.items() if not _is_table(value)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, table in data.items():
        if _is_table(table):
            lines += ["", f"[{key}]", *[f"{name} = {_value(value)}" for name, value in table.items()]]
    return "\n".join(lines)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and "use" not in value


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        if set(value) == {"use"}:
            return _value(value["use"])
        return "{ " + ", ".join(f"{_key(key)} = {_value(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list | tuple):
        items = [_value(item) for item in value]
        return "[" + ", ".join(items) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key, ensure_ascii=False)
