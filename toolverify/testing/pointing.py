"""Paths of findings: whether they point at something."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from toolverify.calls import Choice, Fields, Items, View

_STEP = re.compile(r'\.?([^.\[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
#: What a path may begin with, and what that is.
ROOTS = ("calls", "expected", "attempts", "reply", "tools", "context", "match", "changes")


def misdirected(path: str, view: View) -> str:
    """Why a path points at nothing, in words; empty where it does."""
    steps = _steps(path)
    if steps is None:
        return f"the path {path!r} cannot be read; it looks like calls[1].arguments.city"
    if not steps:
        return ""
    root, *rest = steps
    if root not in ROOTS:
        return f"the path {path!r} begins with none of {', '.join(ROOTS)}"
    place, at = str(root), _root(str(root), view)
    for step in rest:
        if isinstance(at, Choice | Fields | Items):
            return ""  # alternatives of an answer have no paths of their own
        found, at = _member(at, step)
        if not found:
            return f"the path {path!r} points at nothing: {place} has no {step!r}"
        place = f"{place}[{step!r}]"
    return ""


def _steps(path: str) -> list[str | int] | None:
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        word, index, quoted = match.groups()
        steps.append(word if word is not None else int(index) if index is not None else json.loads(quoted))
        position = match.end()
    return steps


def _root(root: str, view: View) -> Any:
    roots = {
        "calls": view.calls,
        "expected": view.expected,
        "attempts": view.reply.attempts,
        "tools": view.case.given_tools,
    }
    return roots[root] if root in roots else getattr(view, root)


def _member(value: Any, step: str | int) -> tuple[bool, Any]:
    """Whether there is such a member, and it."""
    if isinstance(value, Mapping):
        return (step in value, value.get(step))
    if isinstance(value, list | tuple) and isinstance(step, int):
        return (step < len(value), value[step] if step < len(value) else None)
    if isinstance(value, msgspec.Struct) and isinstance(step, str):
        return (hasattr(value, step), getattr(value, step, None))
    return (False, None)
