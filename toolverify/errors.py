"""Every error of toolverify: what is wrong, where, and how to mend it."""

from __future__ import annotations


class ToolverifyError(Exception):
    """A wrong configuration or wrong data. Never raised for what a model wrote."""

    def __init__(self, problem: str, *, path: str = "", mend: str = "") -> None:
        super().__init__(problem, path, mend)
        self.problem = problem
        self.path = path
        self.mend = mend

    def __str__(self) -> str:
        where = f" @ {self.path}" if self.path else ""
        cure = f"; {self.mend}" if self.mend else ""
        return f"{self.problem}{where}{cure}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only fields do not survive the default pickling of exceptions."""
        return _rebuild, (type(self), self.problem, self.path, self.mend)


def _rebuild(kind: type[ToolverifyError], problem: str, path: str, mend: str) -> ToolverifyError:
    return kind(problem, path=path, mend=mend)


class AnswerError(ToolverifyError):
    """The expected answer of a task is missing or malformed."""


class ToolsError(ToolverifyError):
    """A tool specification is malformed."""


class ProfileError(ToolverifyError):
    """A profile is unknown, malformed, or used in a way it cannot be."""


class PluginError(ToolverifyError):
    """A plugin is broken, or two plugins claim one name."""


class RenderError(ToolverifyError):
    """A wire format cannot express what it was asked to write."""


class RowError(ToolverifyError):
    """A row of an input file cannot be scored."""


class ConfigError(ToolverifyError):
    """A trainer's configuration cannot be read."""


class PlanError(ToolverifyError):
    """A training plan is malformed, or cannot be run as it stands."""
