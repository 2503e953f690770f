"""The commands of the core."""

from collections.abc import Callable, Sequence
from typing import Any

from toolverify.hookspecs import hookimpl


@hookimpl
def toolverify_commands() -> Sequence[Callable[..., Any]]:
    """The commands of the core."""
    return []
