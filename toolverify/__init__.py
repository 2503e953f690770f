"""The reward you can trust for training language models to call tools."""

from typing import TYPE_CHECKING, Any

from toolverify.calls import Context, Finding, Outcome, ToolCall, Verdict
from toolverify.errors import ToolverifyError
from toolverify.hookspecs import hookimpl
from toolverify.rules.decorate import rule
from toolverify.wire import parse, render

if TYPE_CHECKING:
    from toolverify.profile import Profile
    from toolverify.verifier import Verifier

__all__ = [
    "Context",
    "Finding",
    "Outcome",
    "Profile",
    "ToolCall",
    "ToolverifyError",
    "Verdict",
    "Verifier",
    "hookimpl",
    "parse",
    "render",
    "rule",
]

_LAZY = {"Profile": "toolverify.profile", "Verifier": "toolverify.verifier"}


def __getattr__(name: str) -> Any:
    """Profiles need pydantic, which is imported when the first one is used."""
    if name not in _LAZY:
        raise AttributeError(f"module 'toolverify' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
