"""What is written down of samples: a line each in a file, and the first of each kind of trouble in Python's log."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from toolverify.calls import Context
from toolverify.rows import to_json
from toolverify.training import UNSCORABLE, Gold, Scored

logger = logging.getLogger("toolverify.trl")
_LONGEST = 2_000
_VERDICT = ("step", "id", "reward", "components", "parts", "findings")
_PLAIN = (str, bool, int, float)
_told: set[tuple[str, str]] = set()


class SampleLog:
    """A file of JSON Lines to which several threads and processes may append: a line is never torn."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, lines: Sequence[dict[str, Any]]) -> None:
        """Append a line a sample. A file that cannot be written is told once, and ends nothing."""
        try:
            self._append(b"".join([_encoded(line) + b"\n" for line in lines]))
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


def _encoded(line: dict[str, Any]) -> bytes:
    """A line as JSON; of a completion that is none, what was made of it."""
    try:
        return to_json(line)
    except (TypeError, ValueError, RecursionError):
        return to_json({key: line[key] for key in _VERDICT})


def sample_line(step: int, known: Any, scored: Scored) -> dict[str, Any]:
    """What a line says of a sample."""
    return {
        "step": step,
        "id": known,
        "reward": scored.reward,
        "components": scored.components,
        "parts": scored.parts,
        "findings": codes(scored),
    }


def scored_by(completion: Any, gold: Gold, context: Context) -> dict[str, Any]:
    """What a sample was scored by, as `toolverify score` reads it."""
    extra = {name: value for name, value in context.extra.items() if isinstance(value, _PLAIN)}
    return {
        **extra,
        "completion": completion,
        "answer": gold.answer,
        "tools": gold.tools,
        "meta": {} if gold.compare is None else {"compare": gold.compare},
        "category": context.category,
        "finish_reason": context.finish_reason,
        "reasoning_open": context.reasoning_open,
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
