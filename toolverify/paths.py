"""Paths into values, such as `calls[1].arguments.city`: a name that is no plain word stands quoted in brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def member(path: str, key: str) -> str:
    """The path of a member of the object at `path`."""
    if _WORD.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def join(path: str, steps: Iterable[str | int]) -> str:
    """The path some steps further on."""
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else member(path, step)
    return path


#: The step that stands for every element of a list, written `[]`.
EVERY = -1
_STEP = re.compile(
    r"""\.?(?P<word>[^.\[\]"]+)|\[(?P<index>\d*)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]""", re.DOTALL
)


def split(path: str) -> tuple[str | int, ...]:
    """The steps of a path, the other way round: `a.b[0]`, `a[]["odd name"]`.

    Raises:
        ValueError: It is no path.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise ValueError(f"not a path from position {position}: {path!r}")
        position = found.end()
        if found["word"] is not None:
            steps.append(found["word"])
        elif found["quoted"] is not None:
            steps.append(json.loads(found["quoted"]))
        else:
            steps.append(int(found["index"]) if found["index"] else EVERY)
    return tuple(steps)
