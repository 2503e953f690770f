"""Prompts: how a task is put to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolverify.calls import ToolCall
from toolverify.errors import RenderError
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Format, Prompt
from toolverify.schema import without_grading

if TYPE_CHECKING:  # tasks bring the reading of rows, which no program's help waits for
    from toolverify.tasks.task import Task

_EXAMPLE = (
    ToolCall("send_message", {"to": "Ada", "text": "The train is late."}),
    ToolCall("find_train", {"origin": "Oslo", "destination": "Bergen", "direct": True}),
)
_THOUGHT = "Two things are asked: to tell Ada, and to look for a train. There is a tool for each."
_THINKING = """\
You answer requests by calling tools. Read the request and the tools, and work out which calls meet it.
Call only tools that are listed. Where none fits, or where the request does not say what a required parameter needs, \
make no call.

# Tools
Each line between <tools> and </tools> is a tool as a JSON object.
<tools>
{tools}
</tools>

# How to reply
Every reply has two steps: first think about what is to be done, then write the calls. Never leave out either step, \
and write nothing else. A request that needs several calls gets all of them in one reply; one that needs none gets none.
A reply that makes two calls:
{example}
A reply that makes none:
{nothing}
Give every parameter as the type that its tool asks for."""


@dataclass(frozen=True)
class Plain:
    """The messages as they are; with `tools`, the model's own chat template shows the tools."""

    name: str = "plain"
    shows_tools: bool = False

    def messages(self, task: Task, format_: Format) -> list[dict[str, Any]]:
        """The messages, each a copy."""
        del format_
        return [dict(message) for message in task.messages]


@dataclass(frozen=True)
class Thinking:
    """The paper's: a system message that asks to think, then to call, in the profile's format; user turns stay as they are."""

    name: str = "thinking"

    def messages(self, task: Task, format_: Format) -> list[dict[str, Any]]:
        """The system message, with what the task's own says behind it, and the turns."""
        asked = [dict(message) for message in task.messages]
        own = [message for message in asked if message["role"] in {"system", "developer"}]
        turns = [message for message in asked if message["role"] not in {"system", "developer"}]
        instructions = _instructions(task.tools, format_)
        content = "\n\n".join([instructions, *[str(message.get("content") or "") for message in own]])
        return [{"role": "system", "content": content}, *turns]


def _instructions(tools: Sequence[Mapping[str, Any]], format_: Format) -> str:
    lines = [json.dumps(tool, ensure_ascii=False) for tool in without_grading(list(tools))]
    return _THINKING.format(
        tools="\n".join(lines),
        example=_written(format_, _EXAMPLE, _THOUGHT),
        nothing=_written(format_, (), "Nothing is asked that a tool could do."),
    )


def _written(format_: Format, calls: Sequence[ToolCall], thought: str) -> str:
    """A reply in the format; without the thought where the format has no place for one."""
    try:
        return format_.render(calls, reasoning=thought)
    except RenderError:
        return format_.render(calls)


PLAIN = Plain()
CHAT_TEMPLATE = Plain(name="chat-template", shows_tools=True)
THINKING = Thinking()


@hookimpl
def toolverify_prompts() -> Sequence[Prompt]:
    """The core's prompts."""
    return [PLAIN, CHAT_TEMPLATE, THINKING]
