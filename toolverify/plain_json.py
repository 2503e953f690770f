"""Checking that a value is plain JSON, with the path of what is not; no recursion, so any value may be asked about."""

from __future__ import annotations

import math
from typing import Any

from toolverify.errors import AnswerError
from toolverify.paths import join

_MEND = "use plain JSON values"
_Place = tuple[Any, "_Place | None", str | int | None, int]


def nests_deeper(value: Any, depth: int) -> bool:
    """Whether containers nest deeper than that."""
    level = [value]
    for _ in range(depth + 1):
        level = [part for item in level for part in _members(item)]
        if not level:
            return False
    return any(isinstance(item, dict | list | tuple) for item in level)


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def check_plain(value: Any, path: str, *, depth: int, python: bool = False) -> None:
    """Refuse what is no plain JSON: other types, keys that are no strings, nesting beyond a depth.

    With `python`, what Python's `json` reads is plain too: NaN, the infinities, surrogates without a partner.

    Raises:
        AnswerError: With the path of what is wrong.
    """
    stack: list[_Place] = [(value, None, None, 0)]
    while stack:
        place = stack.pop()
        item, level = place[0], place[3]
        if level > depth:
            raise AnswerError(f"nested deeper than {depth} levels", path=path, mend="flatten it")
        problem = _problem(item, python=python)
        if problem:
            raise AnswerError(problem, path=join(path, _steps(place)), mend=_MEND)
        if isinstance(item, dict):
            stack += [(part, place, key, level + 1) for key, part in item.items()]
        elif isinstance(item, list | tuple):
            stack += [(part, place, index, level + 1) for index, part in enumerate(item)]


def _steps(place: _Place) -> list[str | int]:
    steps: list[str | int] = []
    current: _Place | None = place
    while current is not None:
        if current[2] is not None:
            steps.append(current[2])
        current = current[1]
    return steps[::-1]


def _problem(item: Any, *, python: bool) -> str:
    kind = type(item)
    if kind is str:
        return (
            "" if python or item.isascii() or _is_text(item) else "a surrogate without a partner is not text"
        )
    if kind is dict:
        return next((problem for key in item if (problem := _key_problem(key, python=python))), "")
    if kind is float and not python and not math.isfinite(item):
        return "nothing equals NaN or an infinity: JSON has neither"
    if item is None or isinstance(item, bool | int | float | str | list | tuple | dict):
        return ""
    return f"not JSON: a value of type {kind.__name__}"


def _key_problem(key: Any, *, python: bool) -> str:
    if not isinstance(key, str):
        return f"not JSON: the key {key!r} is no string"
    return _problem(key, python=python)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
