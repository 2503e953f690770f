"""One task, and its form as a row of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from toolverify.errors import RowError

_ROLES = ("system", "developer", "user", "assistant", "tool")
_KNOWN = {"id", "source", "messages", "tools", "answer", "meta", "completion"}


class Task(Struct, frozen=True):
    """What a model is asked, and what is expected.

    Attributes:
        id: Names the task, in logs too.
        messages: The conversation up to the turn that the model is to write.
        answer: What is expected, as the profile's answer reader wants it; `[]` where no call is.
        tools: The tools that are offered, in OpenAI's form or bare.
        source: Where the task comes from.
        meta: Whatever else is known: `compare`, `category`, `reasoning` and what a plugin puts there.
        completion: What a teacher wrote, for training by imitation; None where nobody did.
    """

    id: str
    messages: tuple[Mapping[str, Any], ...]
    answer: Any
    tools: tuple[Mapping[str, Any], ...] = ()
    source: str = ""
    meta: Mapping[str, Any] = {}
    completion: str | None = None


def task_from_row(row: Mapping[str, Any], *, default_id: str = "") -> Task:
    """The task that a row of a task file holds. Messages, tools and meta may be JSON texts, as Parquet needs them.

    Raises:
        RowError: Something is missing or has another form; the error names the key.
    """
    unknown = sorted(row.keys() - _KNOWN)
    if unknown:
        raise RowError(f"unknown key {unknown[0]!r}", mend="put what is no part of a task under 'meta'")
    if "answer" not in row or row["answer"] is None:
        raise RowError("missing or null", path="answer", mend="write [] where no call is expected")
    return Task(
        id=_text(row, "id") or default_id,
        messages=_messages(row),
        answer=row["answer"],
        tools=tuple(_list_of_objects(row, "tools")),
        source=_text(row, "source"),
        meta=_object(row, "meta"),
        completion=_completion(row),
    )


def task_to_row(task: Task) -> dict[str, Any]:
    """The row of a task; what it does not have is left out."""
    row = {
        "id": task.id,
        "source": task.source,
        "messages": list(task.messages),
        "tools": list(task.tools),
        "answer": task.answer,
        "meta": dict(task.meta),
    }
    return row if task.completion is None else {**row, "completion": task.completion}


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, bool | dict | list | float):
        raise RowError(f"expected a text, got {type(value).__name__}", path=key, mend="write a text")
    return str(value)


def _completion(row: Mapping[str, Any]) -> str | None:
    value = row.get("completion")
    if value is not None and not isinstance(value, str):
        mend = "write the text that the model is to imitate"
        raise RowError(f"expected a text, got {type(value).__name__}", path="completion", mend=mend)
    return value


def _messages(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    messages = _list_of_objects(row, "messages")
    if not messages:
        raise RowError("missing or empty", path="messages", mend="write at least the user's turn")
    for index, message in enumerate(messages):
        if message.get("role") not in _ROLES:
            path, mend = f"messages[{index}].role", f"use one of {', '.join(_ROLES)}"
            raise RowError(f"unknown role {message.get('role')!r}", path=path, mend=mend)
    return tuple(messages)


def _list_of_objects(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = _from_text(row.get(key), key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise RowError("expected a list of objects", path=key, mend="write [{…}, …], or its JSON text")
    return value


def _object(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = _from_text(row.get(key), key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RowError(f"expected an object, got {type(value).__name__}", path=key, mend="write {…}")
    return value


def _from_text(value: Any, key: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise RowError(f"not JSON: {error}", path=key, mend="write JSON, or its text") from error
