"""Prompts: what a model is shown."""

from __future__ import annotations

import pytest

import toolverify as tv
from toolverify.plugins import registry
from toolverify.protocols import Prompt
from toolverify.tasks import Task

TOOL = {
    "name": "add",
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "integer", "x-toolverify": "ignore"}},
        "required": ["a"],
    },
}
USER = {"role": "user", "content": "Add {1} and <b>."}
TASK = Task("1", ({"role": "system", "content": "Be brief."}, USER), [], (TOOL,))
FORMATS = ("tool-n1", "hermes")


def prompt(name):
    return registry().get("prompt", name).value


def format_of(name):
    return tv.Verifier("typed", format=name).format


@pytest.mark.parametrize("name", ["plain", "chat-template", "thinking"])
@pytest.mark.parametrize("wire", FORMATS)
def test_turns_stay_as_they_are_and_nothing_tells_of_grading(name, wire):
    assert isinstance(prompt(name), Prompt)
    messages = prompt(name).messages(TASK, format_of(wire))
    assert messages[-1] == USER
    assert messages[-1] is not USER
    assert "x-toolverify" not in str(messages)


def test_plain_prompts_add_nothing_and_the_template_shows_the_tools():
    assert prompt("plain").messages(TASK, format_of("tool-n1")) == list(TASK.messages)
    assert [prompt(name).shows_tools for name in ("plain", "chat-template")] == [False, True]


@pytest.mark.parametrize("wire", FORMATS)
def test_the_thinking_prompt_shows_the_tools_and_examples_that_pass(wire):
    system = prompt("thinking").messages(TASK, format_of(wire))[0]
    assert system["role"] == "system"
    text = system["content"]
    assert '{"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}' in text
    assert text.endswith("Be brief.")
    two = text.partition("A reply that makes two calls:\n")[2].partition("\nA reply that makes none:\n")
    none = two[2].partition("\nGive every")[0]
    calls = [
        {"name": "send_message", "arguments": {"to": "Ada", "text": "The train is late."}},
        {"name": "find_train", "arguments": {"origin": "Oslo", "destination": "Bergen", "direct": True}},
    ]
    verifier = tv.Verifier("typed" if wire != "tool-n1" else "tool-n1", format=wire)
    tools = [{"name": call["name"], "parameters": {"type": "object"}} for call in calls]
    assert verifier.score(two[0], answer=calls, tools=tools).passed
    assert verifier.score(none, answer=[], tools=tools).passed


def test_a_task_without_a_system_message_gets_one_alone():
    messages = prompt("thinking").messages(Task("1", (USER,), []), format_of("tool-n1"))
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[0]["content"].endswith("asks for.")
