"""The log of samples, a line each, and messages that are told once."""

from __future__ import annotations

import logging
import os
from threading import Lock
from typing import Any

from toolverify.rows import to_json

LOGGER = logging.getLogger("toolverify.openrlhf")
_MOST_TOLD = 100
_LONGEST = 500


class Once:
    """Tells each kind of trouble once: a wrong row comes back in every epoch, a thousand times."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._lock = Lock()

    def __reduce__(self) -> tuple[object, ...]:
        """Another process tells it again."""
        return Once, ()

    def tell(self, level: int, message: str) -> None:
        """Log a message, unless it was logged before or there have been too many."""
        text = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
        with self._lock:
            if text in self._told or len(self._told) >= _MOST_TOLD:
                return
            self._told.add(text)
            last = len(self._told) == _MOST_TOLD
        LOGGER.log(level, "%s%s", text, " (nothing more will be told)" if last else "")


class SampleLog:
    """A JSON Lines file that threads and processes append to.

    Each line is one write to a file opened for appending, so that lines do not get into each other.
    """

    def __init__(self, path: str, once: Once) -> None:
        self.path = path
        self._once = once
        self._file = -1
        self._lock = Lock()

    def __reduce__(self) -> tuple[object, ...]:
        """The open file stays behind."""
        return SampleLog, (self.path, self._once)

    def write(self, line: dict[str, Any]) -> None:
        """Append a line. A full disk is told, and does not stop the training."""
        text = to_json(line) + b"\n"
        try:
            with self._lock:
                if self._file < 0:
                    self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                os.write(self._file, text)
        except OSError as error:
            self._once.tell(logging.ERROR, f"the log {self.path!r} cannot be written: {error}")
