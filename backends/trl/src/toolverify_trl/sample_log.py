"""What is written down of samples: a line each in a file, and the first of each kind of trouble in Python's log."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from toolverify.rows import to_json
from toolverify.training import UNSCORABLE, Scored

logger = logging.getLogger("toolverify.trl")
_LONGEST = 2_000
_told: set[tuple[str, str]] = set()


class SampleLog:
    """A file of JSON Lines to which several threads and processes may append: a line is never torn."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, step: int, ids: Sequence[Any], results: Sequence[Scored]) -> None:
        """Append a line a sample. A file that cannot be written is told once, and ends nothing."""
        lines = [
            to_json(_line(step, known, scored)) + b"\n" for known, scored in zip(ids, results, strict=True)
        ]
        try:
            self._append(b"".join(lines))
        except OSError as error:
            _tell("log.unwritable", self._path, f"cannot write {self._path!r}: {error}")

    def _append(self, text: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            while text:
                text = text[os.write(descriptor, text) :]
        finally:
            os.close(descriptor)  # which gives the lock back


def _lock(descriptor: int) -> None:
    """Wait for other writers, where the system can: a long text may take several writes."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:
        return
    flock(descriptor, LOCK_EX)


def _line(step: int, known: Any, scored: Scored) -> dict[str, Any]:
    return {
        "step": step,
        "id": known,
        "reward": scored.reward,
        "components": scored.components,
        "parts": scored.parts,
        "findings": codes(scored),
    }


def codes(scored: Scored) -> list[str]:
    """What cost something, each code once."""
    return list(dict.fromkeys([finding.code for finding in scored.findings if finding.level == "error"]))


def tell_once(scored: Scored) -> None:
    """Tell why a sample could not be scored, the first time that this happens for this reason."""
    if scored.components[UNSCORABLE]:
        for finding in scored.findings:
            _tell(finding.code, finding.path, f"not scorable: {finding.code}: {finding.message}")


def _tell(code: str, path: str, message: str) -> None:
    if (code, path) not in _told:
        _told.add((code, path))
        logger.warning("%s (told once; the metric %r counts all)", message[:_LONGEST], UNSCORABLE)
