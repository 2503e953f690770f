"""A rule from a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any

from toolverify.calls import Finding, Outcome, View

Judged = Outcome | float | Iterable[Finding]


@dataclass(frozen=True)
class FunctionRule:
    """A rule whose judgement is one function."""

    name: str
    function: Callable[[View], Judged]
    gate: bool = False
    reads_tools: bool = False

    def __call__(self, view: View) -> Outcome:
        """Judge, and turn what the function returns into an Outcome."""
        judged = self.function(view)
        if isinstance(judged, Outcome):
            return judged
        if isinstance(judged, int | float):
            return Outcome(float(judged))
        findings = tuple(judged)
        return Outcome(0.0 if any(finding.level == "error" for finding in findings) else 1.0, findings)

    def __reduce__(self) -> tuple[object, ...]:
        """The decorator has put the rule in the place of its function, so pickle cannot find that by its name."""
        place = (self.function.__module__, self.function.__qualname__)
        return _found_again, (*place, self.name, self.gate, self.reads_tools)


def _found_again(module: str, path: str, name: str, gate: bool, reads_tools: bool) -> FunctionRule:
    """The rule whose function stands at a place, decorated or not."""
    found: Any = reduce(getattr, path.split("."), import_module(module))
    function = found.function if isinstance(found, FunctionRule) else found
    return FunctionRule(name, function, gate, reads_tools)


def rule(
    name: str, *, gate: bool = False, reads_tools: bool = False
) -> Callable[[Callable[[View], Judged]], FunctionRule]:
    """Make a rule of a function that takes a View.

    The function returns a score from 0 to 1, an Outcome, or findings: then any `error` among them scores 0.

    Args:
        name: The name a profile uses.
        gate: Whether a score under 1 means that the reply did not pass.
        reads_tools: Whether the function reads `view.case.tools`.
    """

    def decorate(function: Callable[[View], Judged]) -> FunctionRule:
        return FunctionRule(name, function, gate, reads_tools)

    return decorate
