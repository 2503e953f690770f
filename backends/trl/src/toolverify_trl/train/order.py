"""Which tasks a stage uses, and in which order: the same on every machine, and after every break."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from typing import TypeVar

from toolverify.tasks import Task

Row = TypeVar("Row")
_POOL = 8  # batches from whose rows batches of like length are made


def shared(tasks: Sequence[Task], share: tuple[float, float]) -> list[Task]:
    """The part of the tasks between two shares, in the order of a hash of their ids."""
    low, high = share
    if (low, high) == (0.0, 1.0):
        return list(tasks)
    ordered = sorted(
        tasks, key=lambda task: hashlib.sha256(task.id.encode("utf-8", "surrogatepass")).digest()
    )
    return ordered[round(low * len(ordered)) : round(high * len(ordered))]


def count_steps(steps: int | None, epochs: float | None, rows: int, batch: int) -> int:
    """How many steps a stage has."""
    if steps is not None:
        return steps
    return max(1, math.ceil((epochs or 0.0) * rows / batch))


def shuffled(rows: int, wanted: int, seed: int) -> list[int]:
    """Indices of rows, one shuffled round after the other, until there are as many as wanted."""
    order: list[int] = []
    chance = random.Random(seed)  # noqa: S311  # an order, no secret
    while len(order) < wanted:
        around = list(range(rows))
        chance.shuffle(around)
        order += around
    return order[:wanted]


def bucketed(order: Sequence[int], lengths: Sequence[int], batch: int, seed: int) -> list[int]:
    """The same rows in batches of like length, the batches in random order: little is spent on padding."""
    chance = random.Random(seed)  # noqa: S311  # an order, no secret
    arranged: list[int] = []
    for start in range(0, len(order), batch * _POOL):
        pool = sorted(order[start : start + batch * _POOL], key=lengths.__getitem__)
        batches = [pool[first : first + batch] for first in range(0, len(pool), batch)]
        full = [one for one in batches if len(one) == batch]
        chance.shuffle(full)
        arranged += [index for one in [*full, *[one for one in batches if len(one) < batch]] for index in one]
    return arranged
