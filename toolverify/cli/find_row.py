"""One row of a file, by its id or its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from toolverify.cli.progress import progress
from toolverify.cli.streams import read_lines, total_bytes
from toolverify.errors import RowError
from toolverify.rows import Line, read_row

_MOST_IDS = 20_000  # ids that are looked at for a close one: memory does not grow with the file
_MOST_LINES = 5


class Found(Struct, frozen=True):
    """A row, and how many further rows have its id; of those, the lines of the first."""

    line: Line
    id: str | None = None
    others: int = 0
    other_lines: tuple[int, ...] = ()

    @property
    def others_told(self) -> str:
        """That the id is no name of one row alone."""
        rows = "1 more row has" if self.others == 1 else f"{self.others} more rows have"
        lines = ", ".join(map(str, self.other_lines)) + (
            "" if len(self.other_lines) == self.others else ", …"
        )
        return f"{rows} the id {self.id!r} (line {lines}); this is the first, use --line for another"


def find_row(file: str, id_: str | None, number: int | None) -> Found:
    """The row with an id, or in a line.

    Raises:
        RowError: There is none; the error names close ids.
    """
    with progress("searching", total_bytes([file])) as advance:
        lines = read_lines([file], advance)
        return _by_line(lines, number) if id_ is None else _by_id(lines, id_)


def _by_line(lines: Iterator[Line], number: int | None) -> Found:
    last = 0
    for line in lines:
        if line.number == number:
            return Found(line)
        last = line.number
    raise RowError(f"there is no row in line {number}", mend=f"the last row stands in line {last}")


def _by_id(lines: Iterator[Line], id_: str) -> Found:
    first: Line | None = None
    others = 0
    other_lines: list[int] = []
    seen: list[str] = []
    for line in lines:
        known = row_id(line)
        if known == id_ and first is None:
            first = line
        elif known == id_:
            others += 1
            other_lines += [line.number] if others <= _MOST_LINES else []
        elif first is None and known is not None and len(seen) < _MOST_IDS:
            seen.append(known)
    if first is None:
        raise RowError(f"no row has the id {id_!r}", mend=_mend(id_, seen))
    return Found(first, id_, others, tuple(other_lines))


def row_id(line: Line) -> str | None:
    """A row's id as text, so that 7 and "7" are asked for alike; None where there is none."""
    try:
        id_: Any = read_row(line).get("id")
    except RowError:
        return None
    return id_ if isinstance(id_, str) or id_ is None else json.dumps(id_)


def _mend(id_: str, seen: list[str]) -> str:
    if not seen:
        return "the rows have no ids: use --line N"
    close = get_close_matches(id_, seen, n=3)
    told = f"did you mean {', '.join(map(repr, close))}?" if close else f"ids are like {seen[0]!r}"
    return f"{told} or use --line N"
