"""Reading and writing wire formats by name, without a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from toolverify.calls import Case, Context, Expected, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.limits import DEFAULT_LIMITS, Limits


def parse(
    completion: Any,
    *,
    format: str,  # noqa: A002
    tools: Any = None,
    context: Context | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Reply:
    """Read a completion. Never raises for what a model wrote.

    Raises:
        ProfileError: There is no such format.
        ToolsError: The tools are malformed.
    """
    from toolverify.fresh_stack import with_room
    from toolverify.plugins import registry
    from toolverify.reading import read_completion
    from toolverify.schema import read_tools

    format_ = registry().get("format", format).value
    specs = None if tools is None else read_tools(tools)
    case = Case(Expected(((),)), limits=limits, given_tools=tools, specs=specs)
    return with_room(read_completion, format_, completion, case, context or Context())


def render(
    calls: Iterable[ToolCall | Mapping[str, Any]],
    *,
    format: str,  # noqa: A002
    reasoning: str | None = None,
    content: str = "",
) -> str:
    """Write calls in a wire format.

    Raises:
        ProfileError: There is no such format.
        RenderError: The format cannot express it, or a call is malformed.
    """
    from toolverify.plugins import registry

    format_ = registry().get("format", format).value
    text: str = format_.render([_tool_call(call) for call in calls], reasoning=reasoning, content=content)
    return text


def _tool_call(call: ToolCall | Mapping[str, Any]) -> ToolCall:
    if isinstance(call, ToolCall):
        return call
    name, arguments = (call.get("name"), call.get("arguments")) if isinstance(call, Mapping) else (None, None)
    if not isinstance(name, str) or not name or not isinstance(arguments, Mapping):
        raise RenderError(
            "a call is {'name': …, 'arguments': {…}}", path="calls", mend="give name and arguments"
        )
    return ToolCall(name, dict(arguments))
