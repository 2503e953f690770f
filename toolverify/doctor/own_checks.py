"""What a backend itself finds, and what becomes of a backend that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault
from toolverify.doctor.looking import Look
from toolverify.errors import PluginError, ToolverifyError

T = TypeVar("T")


def look_as_backend(setup: Setup) -> Look:
    """The backend's own checks."""
    backend = setup.backend
    if backend is None:
        return Look("backend", "no --backend", skipped=True)
    told = f"{backend.name}, " + (f"settings: {len(setup.config)}" if setup.config else "no --config")
    try:
        faults = asked(lambda: tuple(backend.check(setup)))
    except ToolverifyError as error:
        return Look("backend", told, (raised(backend.name, error),))
    return Look("backend", told, faults)


def asked(question: Callable[[], T]) -> T:
    """What a backend answers.

    Raises:
        ToolverifyError: The backend refuses, or fails in whatever way: a doctor outlives its patients.
    """
    try:
        return question()
    except ToolverifyError:
        raise
    except Exception as error:  # a foreign adapter may raise anything: it is told, the rest goes on
        raise BackendFailedError(
            f"{type(error).__name__}: {error}", mend="report it to the backend's author"
        ) from error


class BackendFailedError(PluginError):
    """A backend raised what no backend may raise."""


def raised(backend: str, error: ToolverifyError, where: str = "") -> Fault:
    """That a backend failed."""
    return fault("backend.raised", f"{backend}: {error.problem}", where=where or error.path, mend=error.mend)
