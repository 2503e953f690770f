"""The checks one after the other, and what each found, put together by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from toolverify.checkup import Fault, Level, Setup

_SHOWN = 3


class Look(Struct, frozen=True):
    """What one check found.

    Attributes:
        name: The check.
        told: What was looked at, or why nothing was, in a few words.
        faults: What is wrong.
        skipped: Whether there was nothing to look at.
    """

    name: str
    told: str
    faults: tuple[Fault, ...] = ()
    skipped: bool = False


Looked = Callable[[Setup], Look]


class Group(Struct, frozen=True):
    """Faults of one kind with one mend: how many there are, and the first of them."""

    code: str
    level: Level
    mend: str
    count: int
    first: tuple[Fault, ...]


def examine(setup: Setup) -> list[Look]:
    """Every check of a set-up whose profile is ready."""
    from toolverify.doctor.columns import look_at_columns
    from toolverify.doctor.golds import look_at_rows
    from toolverify.doctor.own_checks import look_as_backend
    from toolverify.doctor.replay import look_at_golds
    from toolverify.doctor.surroundings import look_at_parts, look_at_versions
    from toolverify.doctor.tokenizers import look_at_tokenizer

    checks: Sequence[Looked] = (
        look_at_parts,
        look_at_versions,
        look_at_tokenizer,
        look_at_rows,
        look_at_columns,
        look_at_golds,
        look_as_backend,
    )
    return [check(setup) for check in checks]


def grouped(faults: Iterable[Fault], shown: int = _SHOWN) -> list[Group]:
    """Faults by code and mend, in the order in which they came; the first few of each."""
    kinds: dict[tuple[str, Level, str], list[Fault]] = {}
    for found in faults:
        kinds.setdefault((found.code, found.level, found.mend), []).append(found)
    return [
        Group(code, level, mend, len(members), tuple(members[:shown]))
        for (code, level, mend), members in kinds.items()
    ]
