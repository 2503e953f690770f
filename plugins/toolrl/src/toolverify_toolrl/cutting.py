"""A completion cut into thoughts, content and the block, for whoever reads it; the released rules read its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from toolverify.calls import Segment, SegmentKind

Span = tuple[int, int]
THINK, THOUGHT = "<think>", "</think>"
_THOUGHTS = re.compile(rf"{THINK}.*?(?:{THOUGHT}|\Z)", re.DOTALL)
_MOST_THOUGHTS = 256


class Pieces(NamedTuple):
    """A completion in pieces, and what its thoughts and its content say."""

    segments: tuple[Segment, ...]
    reasoning: str | None
    content: str
    flags: tuple[str, ...]


def cut(completion: str, scored: Span, block: Span | None) -> Pieces:
    """Cut a completion whose text stands at `scored` and whose block at `block`.

    What stands outside the text that counts, such as the prompt, is a segment and no content.
    """
    begin, end = scored
    first, last = block or (end, end)
    inside = [
        *_parted(completion, begin, first),
        *_piece("block", completion, first, last),
        *_parted(completion, last, end),
    ]
    thoughts = [segment.text for segment in inside if segment.kind == "reasoning"]
    unclosed = any([not thought.endswith(THOUGHT) for thought in thoughts])
    said = [thought.removeprefix(THINK).removesuffix(THOUGHT) for thought in thoughts]
    return Pieces(
        (*_piece("content", completion, 0, begin), *inside, *_piece("content", completion, end, None)),
        "\n".join(said) if said else None,
        "".join([segment.text for segment in inside if segment.kind == "content"]),
        ("reasoning_unclosed",) if unclosed else (),
    )


def _parted(text: str, begin: int, end: int) -> Iterator[Segment]:
    """A stretch without the block, parted at its thoughts; one that the block interrupts ends there."""
    for found in islice(_THOUGHTS.finditer(text, begin, end), _MOST_THOUGHTS):
        yield from _piece("content", text, begin, found.start())
        yield Segment("reasoning", found[0])
        begin = found.end()
    yield from _piece("content", text, begin, end)


def _piece(kind: SegmentKind, text: str, begin: int, end: int | None) -> Iterator[Segment]:
    if piece := text[begin:end]:
        yield Segment(kind, piece)
