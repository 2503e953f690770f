"""What a run shows while it works: a bar on a terminal, a line now and then elsewhere; always to standard error."""

from __future__ import annotations

import sys
import time
from typing import Any

_PAUSE = 15.0  # seconds between lines where there is no terminal


class Display:
    """The progress of one stage."""

    def __init__(self, label: str, steps: int, done: int = 0, *, shown: bool = True) -> None:
        self._label, self._steps, self._first = label, steps, done
        self._began = self._told = time.monotonic()
        self._bar = _bar(label, steps, done) if shown and sys.stderr.isatty() else None

    def step(self, step: int, logged: dict[str, Any]) -> None:
        """A step was logged."""
        figures = _figures(logged)
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, completed=step, figures=figures)
            return
        now = time.monotonic()
        if now - self._told >= _PAUSE or step == self._steps:
            self._told = now
            say(f"{self._label}: step {step} of {self._steps}, {figures}, {self._left(step, now)}")

    def _left(self, step: int, now: float) -> str:
        done = step - self._first
        if done <= 0 or step >= self._steps:
            return "done"
        return f"{clock((now - self._began) / done * (self._steps - step))} left"

    def say(self, text: str) -> None:
        """Tell something in between."""
        if self._bar is not None:
            self._bar[0].console.print(text, markup=False, highlight=False)
        else:
            say(text)

    def close(self) -> None:
        """The stage is over."""
        if self._bar is not None:
            self._bar[0].stop()


def say(text: str) -> None:
    """A line for a person."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # a program's own words


def clock(seconds: float) -> str:
    """`1:05`, `2:00:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _figures(logged: dict[str, Any]) -> str:
    """The figures that tell whether it learns."""
    if "reward" in logged:
        return f"reward {logged['reward'] or 0.0:.3f}, passed {logged['passed'] or 0.0:.1%}"
    return f"loss {logged['loss']:.3f}" if isinstance(logged.get("loss"), float) else ""


def _bar(label: str, steps: int, done: int) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar.start()
    return bar, bar.add_task(label, total=steps, completed=done, figures="")
