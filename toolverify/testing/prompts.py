"""The conformance of prompts: a conversation that a model can go on with, in which the user says what the user said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace

from toolverify.protocols import Format, Prompt
from toolverify.schema import without_grading
from toolverify.schema_places import GRADING
from toolverify.tasks.task import Task
from toolverify.testing.schemas import tools
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Named, Subject, explore, find, same
from toolverify.testing.values import texts

Message = dict[str, Any]

_ROLES = ("system", "developer", "user", "assistant", "tool")
_FORMATS = ("tool-n1", "hermes", "openai-message")
_ANSWER = [{"name": "get_weather", "arguments": {"city": "Oslo"}}]
_TOOL = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
_WRAPPED = {"type": "function", "function": _TOOL}
_CALL = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
#: Texts that string templates, encodings and strippers change.
_STRANGE = (
    *("{0} {city} {{}} %s %(x)s $x ${x}", "\\1 \\n \\u0041", "<b>&amp;</b> {% raw %}", "  two\n\n lines\r\n"),
    *("größe e\u0301 \u202e\u05d0 \U0001f600 \x00", "<|im_end|></tool_call></tools><think>", "x-toolverify"),
    "word " * 5_000,
)


def check_prompt(prompt: Prompt | str, *, tasks: Sequence[Task] | None = None, examples: int = 100) -> None:
    """Check a prompt: an instance, or the name of an installed one.

    It never raises on a task, gives a conversation of known roles and texts in which the user's own turns stand word by
    word and in order, gives equal ones for equal tasks, and shows nothing of the answer and of grading.

    Args:
        prompt: The prompt.
        tasks: Tasks of the kind that this prompt is about, beside those that are tried anyway.
        examples: How many tasks are tried.

    Raises:
        AssertionError: It does not, on a task that is shown.
    """
    tried = subject("prompt", prompt)
    before, formats = state(tried.part), [find("format", name) for name in _FORMATS]
    shows = getattr(tried.part, "shows_tools", False)
    tried.require(isinstance(shows, bool), f"its shows_tools is {shows!r}, not True or False")
    fixed = [*_odd(), *[Named("", task) for task in tasks or ()]]
    for on in fixed:
        for format_ in formats:
            _puts(tried, on, format_)
    explore(
        lambda task, format_: _puts(tried, Named("", task), format_),
        _tasks(),
        st.sampled_from(formats),
        examples=examples,
    )
    unchanged(tried, before)
    other = twin(tried)
    for on in fixed:
        results = [part.messages(on.value, formats[0]) for part in (tried.part, other)]
        tried.require(same(*results), "after pickling it puts a task otherwise", on)


def _odd() -> list[Named]:
    """Tasks that every prompt meets sooner or later."""
    asked = _says("user", "Is it cold in Oslo?")
    graded = [_task([asked], _graded([tool])) for tool in (_TOOL, _WRAPPED)]
    strange = [_task([_says("user", text)], [_TOOL]) for text in _STRANGE]
    return [
        *[Named(f"a task with {what}", task) for what, task in _of_every_form(asked).items()],
        *[Named("a task with grading", task) for task in graded],
        *[Named("a task with a strange text", task) for task in strange],
    ]


def _of_every_form(asked: Message) -> dict[str, Task]:
    told = [{**_says("assistant", None), "tool_calls": [_CALL]}, _says("tool", '{"degrees": -3}')]
    where = _says("assistant", "Where?")
    return {
        "a tool": _task([asked], [_TOOL]),
        "a tool in OpenAI's form": _task([asked], [_WRAPPED]),
        "no tools": _task([asked]),
        "tools of few words": _task([asked], [{"name": "f"}, {"name": "g", "parameters": {}}]),
        "a turn without words": _task([_says("user", "")], [_TOOL]),
        "several turns": _task([asked, where, asked, where, _says("user", "Oslo.")], [_TOOL]),
        "calls and results": _task([asked, *told, _says("user", "And now?")], [_TOOL]),
        "a reply that is begun": _task([asked, _says("assistant", "<think>They ask")], [_TOOL]),
        "instructions": _task([_says("system", "Be brief."), asked], [_TOOL]),
        "a developer's words": _task([_says("developer", "Be brief."), asked], [_TOOL]),
        "a teacher's completion": replace(_task([asked], [_TOOL]), completion="<think>So."),
    }


def _says(role: str, content: str | None) -> Message:
    return {"role": role, "content": content}


def _task(messages: Sequence[Message], offered: Sequence[Mapping[str, Any]] = ()) -> Task:
    meta = {"category": "simple", "compare": {"city": "casefold"}}
    task = Task("task-1", tuple(messages), _ANSWER, tuple(offered), source="kit", meta=meta)
    return deepcopy(task)  # what a prompt spoils, it spoils for this task alone


def _graded(value: Any) -> Any:
    """Tools that say of everything that has a type how it is graded."""
    if isinstance(value, Mapping):
        inner = {key: _graded(part) for key, part in value.items()}
        return {**inner, GRADING: "ignore"} if "type" in value else inner
    return [_graded(part) for part in value] if isinstance(value, list | tuple) else value


def _tasks() -> SearchStrategy[Task]:
    """Conversations that end with the user's turn, with tools, graded or not, or without any."""
    turn = st.builds(_says, st.sampled_from(_ROLES[2:]), texts())
    first = st.lists(st.builds(_says, st.sampled_from(_ROLES[:2]), texts()), max_size=1)
    asked = st.builds(_says, st.just("user"), texts())
    conversation = st.builds(
        lambda begin, turns, end: [*begin, *turns, end], first, st.lists(turn, max_size=4), asked
    )
    return st.builds(_task, conversation, st.one_of(st.just([]), tools(), tools().map(_graded)))


def _puts(tried: Subject, on: Named, format_: Format) -> None:
    """Put a task, and check what the model is shown."""
    task: Task = on.value
    messages = _asked(tried, task, format_, on)
    _is_conversation(tried, messages, on)
    _keeps_the_users_turns(tried, messages, on)
    again = _asked(tried, deepcopy(task), format_, on)
    tried.require(same(messages, again), "equal tasks are put in two ways", on)
    _hides_what_grades(tried, messages, format_, on)


def _hides_what_grades(tried: Subject, messages: list[Message], format_: Format, on: Named) -> None:
    """Tasks that differ in nothing but what they are judged by are put alike."""
    ungraded = replace(on.value, tools=tuple(without_grading(on.value.tools)))
    mend = f"leave out {GRADING} with toolverify.schema.without_grading"
    alike = same(messages, _asked(tried, ungraded, format_, on))
    tried.require(alike, f"it shows what tools say of grading; {mend}", on)
    alike = same(messages, _asked(tried, _with_another_answer(on.value), format_, on))
    tried.require(alike, "it shows what the reward alone may know: answer, completion, meta.compare", on)


def _asked(tried: Subject, task: Task, format_: Format, on: Named) -> list[Message]:
    return tried.ask("messages", tried.part.messages, task, format_, on=on)


def _with_another_answer(task: Task) -> Task:
    meta = {key: value for key, value in task.meta.items() if key != "compare"}
    return replace(task, answer=[{"name": "another", "arguments": {}}], completion="another", meta=meta)


def _is_conversation(tried: Subject, messages: Any, on: Named) -> None:
    tried.require(isinstance(messages, list), f"messages gives {type(messages).__name__}, not a list", on)
    tried.require(bool(messages), "messages gives none at all", on)
    for index, message in enumerate(messages):
        known = isinstance(message, dict)
        tried.require(known, f"messages[{index}] is a {type(message).__name__}, not a dict", on)
        role = message.get("role")
        tried.require(role in _ROLES, f"messages[{index}] has the role {role!r}; use {', '.join(_ROLES)}", on)
        # The task's own may hold calls instead of words, or words in parts.
        worded = isinstance(message.get("content"), str) or message in on.value.messages
        worded = worded or (role == "assistant" and bool(message.get("tool_calls")))
        tried.require(worded, f"messages[{index}] has the content {message.get('content')!r}, not a text", on)


def _keeps_the_users_turns(tried: Subject, messages: Sequence[Message], on: Named) -> None:
    """A prompt may add turns, of examples say, but neither changes nor drops what the user said."""
    shown = iter([message.get("content") for message in messages if message["role"] == "user"])
    for turn in [message.get("content") for message in on.value.messages if message["role"] == "user"]:
        problem = f"the user's turn {str(turn)[:60]!r} is not shown word by word and in its place"
        tried.require(turn in shown, problem, on)
