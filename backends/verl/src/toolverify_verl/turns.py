"""The model's own turns in a response that also holds what tools said in between.

What a tool wrote is never scored. Where the turns cannot be told apart with certainty, none of the response is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

_OPENER = re.compile(r"\n(?:user|tool)\n")
_CLOSER = "\nassistant\n"


class Marks(Struct, frozen=True):
    """The tokens that part turns.

    Attributes:
        endings: Tokens that end a turn, and padding.
        header: The tokens that begin a turn of the model's; empty where the chat template tells none.
        begins: The special token that begins any turn, where the header begins with one: no turn holds it.
    """

    endings: frozenset[int]
    header: tuple[int, ...] = ()
    begins: int | None = None


def without_ending(ids: Sequence[int], endings: Collection[int]) -> list[int]:
    """A turn without the tokens that end it, and nothing else taken away."""
    end = len(ids)
    while end and ids[end - 1] in endings:
        end -= 1
    return list(ids[:end])


def by_mask(ids: Sequence[int], mask: Sequence[int], endings: Collection[int]) -> list[list[int]]:
    """Turns by a response mask, which is 1 for what the model wrote."""
    turns: list[list[int]] = []
    inside = False
    for token, own in zip(ids, mask, strict=False):
        if own and not inside:
            turns.append([])
        if own:
            turns[-1].append(token)
        inside = bool(own)
    return [without_ending(turn, endings) for turn in turns] or [[]]


def by_marks(ids: Sequence[int], marks: Marks) -> list[list[int]]:
    """Turns by the tokens around them: up to an ending, and again from the next header on."""
    turns = []
    start: int | None = 0
    while start is not None:
        end = _first(ids, marks.endings, start)
        turns.append(list(ids[start:end]))
        start = _behind(ids, marks.header, end)
    return turns


def _first(ids: Sequence[int], wanted: Collection[int], start: int) -> int:
    return next((place for place in range(start, len(ids)) if ids[place] in wanted), len(ids))


def _behind(ids: Sequence[int], header: tuple[int, ...], start: int) -> int | None:
    if not header:
        return None
    size = len(header)
    for place in range(start, len(ids) - size + 1):
        if ids[place] == header[0] and tuple(ids[place : place + size]) == header:
            return place + size
    return None


def own_turns(ids: Sequence[int], marks: Marks, told: int | None, *, full: bool) -> list[list[int]] | None:
    """The model's turns in a response without a mask, or None where they cannot be told.

    Args:
        ids: The tokens of the response.
        marks: What parts turns.
        told: How many turns the model took, as the trainer counted; None where it did not.
        full: Whether the response was cut off at its greatest length, so that turns may be missing.
    """
    if told == 1:
        return [without_ending(ids, marks.endings)]
    turns = by_marks(ids, marks)
    if told is None:
        return turns
    if len(turns) > told or (len(turns) < told and not full):
        return None
    return None if any(marks.begins in turn for turn in turns) else turns


def by_words(text: str, told: int | None) -> list[str] | None:
    """The model's turns in a text whose special tokens are gone, or None where they cannot be told.

    What is left of the headers are lines with the roles' names, which a model or a tool may write as well; so the
    number of turns must be the one that the trainer counted.
    """
    if told is None or told == 1:
        return [text]
    turns: list[str] = []
    start = 0
    while start >= 0 and len(turns) <= told:
        opener = _OPENER.search(text, start)
        turns.append(text[start : opener.start() if opener else len(text)])
        closer = text.find(_CLOSER, opener.end() - 1) if opener else -1
        start = closer + len(_CLOSER) if closer >= 0 else -1
    return turns if len(turns) == told else None
