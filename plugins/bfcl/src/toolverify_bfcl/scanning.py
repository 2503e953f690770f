"""Looking for marks in a text over and over, in one pass altogether.

The reference converts Java and JavaScript values with regular expressions, some of which take time that grows with the
square of a value's length, or worse. Here each mark is looked for at most once from left to right.
"""

from __future__ import annotations

import re


class Finder:
    """Where the next mark is, for positions that only grow."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: dict[str, int] = {}
        self._last: dict[tuple[str, int], int] = {}

    def next(self, mark: str, start: int) -> int:
        """The next place of a mark at or after `start`, or the length of the text."""
        known = self._known.get(mark, -1)
        if known < start:
            found = self.text.find(mark, start)
            known = self._known[mark] = len(self.text) if found < 0 else found
        return known

    def last_before(self, mark: str, end: int) -> int:
        """The last place of a mark before `end`, or -1."""
        if (mark, end) not in self._last:
            self._last[mark, end] = self.text.rfind(mark, 0, end)
        return self._last[mark, end]

    def on_one_line(self, start: int, end: int) -> bool:
        """Whether no line ends between two places."""
        return self.next("\n", start) >= end

    def closing(self, mark: str, start: int) -> int:
        """The next place of a mark on the same line, or -1."""
        found = self.next(mark, start)
        return found if found < len(self.text) and self.on_one_line(start, found) else -1


def between(text: str, opening: re.Pattern[str], closing: str, *, least: int = 0) -> list[str]:
    """What stands between an opening and the next closing mark on its line, wherever that is; never overlapping.

    At least `least` characters stand between, whatever they are.
    """
    finder = Finder(text)
    found = []
    position = 0
    while match := opening.search(text, position):
        start = position = match.end()
        end = finder.closing(closing, start + least) if finder.on_one_line(start, start + least) else -1
        if end >= 0:
            found.append(text[start:end])
            position = end + len(closing)
        elif finder.next(closing, start + least) == len(text):
            break
    return found


def first_between(text: str, opening: re.Pattern[str], closing: str, *, least: int = 0) -> str | None:
    """The first of what `between` gives."""
    finder = Finder(text)
    for match in opening.finditer(text):
        start = match.end()
        end = finder.closing(closing, start + least) if finder.on_one_line(start, start + least) else -1
        if end >= 0:
            return text[start:end]
        if finder.next(closing, start + least) == len(text):
            break
    return None
