"""The bounds on work, which belong to a profile and not to a stack, a signal or a clock."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """How much of one completion is read.

    Attributes:
        text: Characters of one completion; a longer one is not read at all.
        call: Characters of one call's text.
        attempts: Calls counted in one completion. An answer with more than half as many raises the bound
            for its own completions to twice the answer's length, so that a right answer can always pass.
        depth: Levels of nested JSON, in a completion and in an answer.
        digits: Digits of one number.
    """

    text: int = 1_000_000
    call: int = 65_536
    attempts: int = 256
    depth: int = 128
    digits: int = 1_000


DEFAULT_LIMITS = Limits()
