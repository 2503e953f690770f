"""Faults of the core's checks: what a code means is written once, in the table of codes."""

from __future__ import annotations

from toolverify.checkup import Fault, Level
from toolverify.doctor.codes import CODES


def fault(code: str, message: str, *, where: str = "", mend: str = "", level: Level = "error") -> Fault:
    """A fault of a known code; its mend is the code's own, where none fits better."""
    return Fault(code, message, mend or CODES[code].mend, level, where)


def warning(code: str, message: str, *, where: str = "", mend: str = "") -> Fault:
    """A fault that may do no harm."""
    return fault(code, message, where=where, mend=mend, level="warning")
