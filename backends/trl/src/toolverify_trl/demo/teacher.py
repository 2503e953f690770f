"""The teacher: writes what a model is to imitate, with or without mistakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

from toolverify import ToolCall
from toolverify.formats.tool_n1 import TOOL_N1
from toolverify.tasks import Task

Calls = Sequence[Mapping[str, Any]]


def thought(wanted: Sequence[str], offered: Collection[str]) -> str:
    """Which tools a request needs, and whether they are there."""
    if not wanted:
        return "no tool is needed"
    return ", ".join(
        [f"{name} is offered" if name in offered else f"{name} is not offered" for name in wanted]
    )


def demonstrate(task: Task, rng: Random, *, mistakes: float = 0.0) -> str:
    """A completion for a task of the demo world.

    The mistakes are those of somebody in a hurry: a second call is forgotten, an optional argument left out, a tool
    called that is not offered.

    Args:
        task: The task.
        rng: Decides whether a mistake is made.
        mistakes: How often one is made, where one can be made.
    """
    if rng.random() < mistakes:
        calls = _in_a_hurry(task)
        return _written(calls, thought([call["name"] for call in calls], [call["name"] for call in calls]))
    return _written(task.answer, task.meta["reasoning"])


def _in_a_hurry(task: Task) -> Calls:
    wanted: Calls = task.answer or task.meta.get("wanted", [])
    return [_without_options(call, task) for call in wanted[:1]]


def _without_options(call: Mapping[str, Any], task: Task) -> Mapping[str, Any]:
    required = {tool["function"]["name"]: tool["function"]["parameters"]["required"] for tool in task.tools}
    kept = required.get(call["name"], call["arguments"])
    return {**call, "arguments": {name: call["arguments"][name] for name in kept}}


def _written(calls: Calls, reasoning: str) -> str:
    return TOOL_N1.render([ToolCall(call["name"], call["arguments"]) for call in calls], reasoning=reasoning)
