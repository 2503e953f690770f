"""Coercion of wire values to what a tool's schema says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from toolverify.calls import Coerced, ToolCall
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Coercion
from toolverify.schema import ToolSpec


@dataclass(frozen=True)
class NoCoercion:
    """Wire values stay as they are."""

    name: ClassVar[str] = "none"

    def coerce(self, call: ToolCall, tool: ToolSpec) -> Coerced:
        """The call as it is."""
        del tool
        return Coerced(call)


@hookimpl
def toolverify_coercions() -> Sequence[Coercion]:
    """The coercions of the core."""
    return [NoCoercion()]
