"""A prompt for models too small to read specifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolverify.protocols import Format
from toolverify.tasks import Task


@dataclass(frozen=True)
class ToolNames:
    """The names of the tools as the system message, and the turns as they are."""

    name: str = "tool-names"

    def messages(self, task: Task, format_: Format) -> list[dict[str, Any]]:
        """The system message and the turns."""
        del format_
        names = [str(tool.get("function", tool)["name"]) for tool in task.tools]
        offered = {"role": "system", "content": " ".join(["Tools:", *names])}
        return [offered, *[dict(message) for message in task.messages]]


TOOL_NAMES = ToolNames()
