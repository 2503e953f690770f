"""The conformance of prompts: those of this repository pass it, and every fault that is planted is found and named."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from toolverify import testing
from toolverify.errors import ProfileError
from toolverify.plugins import registry
from toolverify.prompts import PLAIN, THINKING, Plain
from toolverify.tasks import Task
from toolverify.tasks.task import task_from_row
from toolverify.testing.prompts import _ROLES, _odd

FEW = 20
USER = {"role": "user", "content": "Add 1 and 2."}
TASK = Task("1", (USER,), [], ({"name": "add", "parameters": {}},))


@pytest.mark.parametrize("name", sorted(registry().all("prompt")))
def test_every_installed_prompt_passes(name):
    testing.check_prompt(name, examples=FEW)


def test_the_prompts_of_the_core_are_among_them():
    assert {"plain", "chat-template", "thinking"} <= set(registry().all("prompt"))


def test_the_odd_tasks_are_tasks_of_files():
    for odd in _odd():
        row = {"id": odd.value.id, "messages": odd.value.messages, "tools": odd.value.tools, "answer": []}
        task = task_from_row({**row, "messages": list(row["messages"]), "tools": list(row["tools"])})
        assert (task.messages, task.tools) == (odd.value.messages, odd.value.tools)
    assert {message["role"] for odd in _odd() for message in odd.value.messages} == set(_ROLES)


@dataclass(frozen=True)
class Terse:
    """As the page about plugins has it."""

    name: ClassVar[str] = "terse"
    greeting: str = "Tools:"

    def messages(self, task, format_):
        names = [tool.get("function", tool)["name"] for tool in task.tools]
        return [{"role": "system", "content": " ".join([self.greeting, *names])}, *task.messages]


class Opens(Terse):
    def messages(self, task, format_):
        return [*super().messages(task, format_), {"role": "assistant", "content": "<think>"}]


class ShowsAnExample(Terse):
    def messages(self, task, format_):
        system, *turns = super().messages(task, format_)
        example = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": format_.render([])}]
        return [system, *example, *turns]


class WritesCallsAsText(Terse):
    def messages(self, task, format_):
        return [
            {"role": message["role"], "content": message["content"] or json.dumps(message["tool_calls"])}
            if message.get("tool_calls")
            else message
            for message in super().messages(task, format_)
        ]


@pytest.mark.parametrize(
    "sound",
    [
        Terse(),
        Terse("You may call"),
        Opens(),
        ShowsAnExample(),
        WritesCallsAsText(),
        replace(PLAIN, name="x"),
    ],
    ids=repr,
)
def test_a_sound_prompt_passes(sound):
    testing.check_prompt(sound, examples=FEW)


# Planted faults. Each class has one, and the words that must name it.


@dataclass(frozen=True)
class Planted(Terse):
    name: ClassVar[str] = "planted"


class NoList(Planted):
    def messages(self, task, format_):
        return tuple(super().messages(task, format_))


class OneText(Planted):
    def messages(self, task, format_):
        return "\n".join([str(message["content"]) for message in super().messages(task, format_)])


class Nothing(Planted):
    def messages(self, task, format_):
        return []


class TextsForMessages(Planted):
    def messages(self, task, format_):
        return [message["content"] for message in super().messages(task, format_)]


class UnknownRole(Planted):
    def messages(self, task, format_):
        return [{"role": "human", "content": "Hi."}, *super().messages(task, format_)]


class NoRole(Planted):
    def messages(self, task, format_):
        return [{"content": "Hi."}, *super().messages(task, format_)]


class NoContent(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": None}, *task.messages]


class ContentInParts(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": [{"type": "text", "text": "Hi."}]}, *task.messages]


class Strips(Planted):
    def messages(self, task, format_):
        return [{**message, "content": (message["content"] or "").strip()} for message in task.messages]


class FillsItsTemplate(Planted):
    def messages(self, task, format_):
        said = [{**message, "content": message["content"]} for message in task.messages]
        said[-1]["content"] = f"{said[-1]['content'] or ''} Tools: {len(task.tools)}"
        return said


class FormatsWhatIsSaid(Planted):
    def messages(self, task, format_):
        said = [str(message["content"]) for message in task.messages]
        return [{"role": "user", "content": (text + "{tools}").format(tools="")} for text in said]


class LastTurnAlone(Planted):
    def messages(self, task, format_):
        return [next(message for message in reversed(task.messages) if message["role"] == "user")]


class TurnsAround(Planted):
    def messages(self, task, format_):
        return list(reversed(task.messages))


class OneOfEach(Planted):
    def messages(self, task, format_):
        return [
            message for index, message in enumerate(task.messages) if message not in task.messages[:index]
        ]


class WantsTools(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": str(task.tools[0])}, *task.messages]


class WantsDescriptions(Planted):
    def messages(self, task, format_):
        told = [tool.get("function", tool)["description"] for tool in task.tools]
        return [{"role": "system", "content": " ".join(told)}, *task.messages]


class WantsOpenAI(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": str([tool["function"] for tool in task.tools])}, *task.messages]


class WantsReasoning(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": format_.think_start}, *task.messages]


class Encodes(Planted):
    def messages(self, task, format_):
        for message in task.messages:
            str(message["content"]).encode("latin-1")
        return list(task.messages)


class ChangesTheTask(Planted):
    def messages(self, task, format_):
        for message in task.messages:
            message.setdefault("name", "Ada")
        return list(task.messages)


class SpoilsTools(Planted):
    def messages(self, task, format_):
        for tool in task.tools:
            tool.pop("description", None)
        return super().messages(task, format_)


class Counting(Planted):
    seen: ClassVar[Counter] = Counter()

    def messages(self, task, format_):
        self.seen["tasks"] += 1
        return [{"role": "system", "content": f"Task {self.seen['tasks']}."}, *task.messages]


class LooksAtIdentity(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": f"Task {id(task)}."}, *task.messages]


class ShowsGrading(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": json.dumps(task.tools)}, *task.messages]


class HintsAtGrading(Planted):
    def messages(self, task, format_):
        graded = "x-toolverify" in json.dumps(task.tools)
        return [{"role": "system", "content": "Spell as you like." if graded else ""}, *task.messages]


class ShowsTheAnswer(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": f"Write {json.dumps(task.answer)}."}, *task.messages]


class ShowsTheCompletion(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": task.completion or ""}, *task.messages]


class ShowsComparisons(Planted):
    def messages(self, task, format_):
        return [{"role": "system", "content": str(task.meta.get("compare"))}, *task.messages]


class SaysYes(Planted):
    shows_tools = "yes"


class Nameless:
    def messages(self, task, format_):
        return list(task.messages)


class Mute:
    name = "planted"


@dataclass
class Thawed:
    name: str = "planted"

    def messages(self, task, format_):
        return list(task.messages)


class Keeps:
    name = "planted"

    def __init__(self):
        self.seen = []

    def messages(self, task, format_):
        self.seen.append(task.id)
        return list(task.messages)


@dataclass(frozen=True)
class HoldsALambda:
    name: str = "planted"
    say: object = field(default=lambda message: message)

    def messages(self, task, format_):
        return [self.say(message) for message in task.messages]


class ForgetsWhenPickled:
    name = "planted"

    def __init__(self, greeting="Hi."):
        self._greeting = (greeting,)

    def __reduce__(self):
        return ForgetsWhenPickled, ("",)

    def messages(self, task, format_):
        return [{"role": "system", "content": self._greeting[0]}, *task.messages]


NOT_KEPT = "the user's turn .* is not shown word by word and in its place"
GRADING = "it shows what tools say of grading; leave out x-toolverify with toolverify.schema.without_grading"
REWARD = "it shows what the reward alone may know"
FAULTS = [
    (NoList(), "messages gives tuple, not a list"),
    (OneText(), "messages gives str, not a list"),
    (Nothing(), "messages gives none at all"),
    (TextsForMessages(), r"messages\[0\] is a str, not a dict"),
    (UnknownRole(), r"messages\[0\] has the role 'human'; use system, developer, user, assistant, tool"),
    (NoRole(), r"messages\[0\] has the role None"),
    (NoContent(), r"messages\[0\] has the content None, not a text"),
    (ContentInParts(), r"messages\[0\] has the content \[\{'type': 'text', 'text': 'Hi.'\}\], not a text"),
    (Strips(), f"{NOT_KEPT}, on a task with a strange text: "),
    (FillsItsTemplate(), NOT_KEPT),
    (FormatsWhatIsSaid(), "messages raised (KeyError|IndexError|ValueError)"),
    (LastTurnAlone(), f"{NOT_KEPT}, on a task with several turns: "),
    (TurnsAround(), f"{NOT_KEPT}, on a task with several turns: "),
    (OneOfEach(), f"{NOT_KEPT}, on a task with several turns: "),
    (WantsTools(), "messages raised IndexError: .*, on a task with no tools: "),
    (WantsDescriptions(), "messages raised KeyError: 'description', on a task with tools of few words: "),
    (WantsOpenAI(), "messages raised KeyError: 'function', on a task with a tool: "),
    (WantsReasoning(), "messages raised AttributeError: .* 'think_start', on a task with a tool: "),
    (Encodes(), "messages raised UnicodeEncodeError: .*, on a task with a strange text: "),
    (ChangesTheTask(), "messages changed what it was given"),
    (SpoilsTools(), "messages changed what it was given"),
    (Counting(), "messages is not deterministic"),
    (LooksAtIdentity(), "equal tasks are put in two ways"),
    (ShowsGrading(), f"{GRADING}, on a task with grading: "),
    (HintsAtGrading(), f"{GRADING}, on a task with grading: "),
    (ShowsTheAnswer(), REWARD),
    (ShowsTheCompletion(), REWARD),
    (ShowsComparisons(), REWARD),
    (SaysYes(), "its shows_tools is 'yes', not True or False"),
    (Mute(), "it lacks messages, so it is no Prompt"),
    (Thawed(), "its dataclass can be changed"),
    (Keeps(), "it changed while it was used: .*seen"),
    (HoldsALambda(), "it cannot be pickled"),
    (ForgetsWhenPickled(), "pickling changed it"),
]


@pytest.mark.parametrize(("planted", "words"), FAULTS, ids=lambda value: type(value).__name__)
def test_a_faulty_prompt_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^prompt 'planted': {words}"):
        testing.check_prompt(planted, examples=FEW)


class HatesComets(Planted):
    def messages(self, task, format_):
        if "comets" in str(task.messages):
            raise KeyError("comets")
        return list(task.messages)


def test_tasks_of_its_own_kind_are_tried_too():
    testing.check_prompt(HatesComets(), examples=FEW)
    comets = Task("comets", ({"role": "user", "content": "Why are comets so loved?"},), [])
    with pytest.raises(AssertionError, match=r"messages raised KeyError: 'comets', on Task\(id='comets'"):
        testing.check_prompt(HatesComets(), tasks=[TASK, comets], examples=FEW)


def test_content_that_a_task_has_in_parts_may_stay_so():
    parts = [{"type": "text", "text": "Add 1 and 2."}]
    testing.check_prompt(Plain(), tasks=[Task("1", ({"role": "user", "content": parts},), [])], examples=1)


def test_what_hypothesis_makes_up_is_shown_small():
    """A fault that no fixed task has: it shows up all the same, and on a task that one can read."""
    with pytest.raises(AssertionError, match=r"messages raised ZeroDivisionError") as raised:
        testing.check_prompt(HatesManyTurns())
    assert len(str(raised.value)) < 700


class HatesManyTurns(Planted):
    def messages(self, task, format_):
        users = [message for message in task.messages if message["role"] == "user"]
        return list(task.messages) if len(users) < 4 else [1 / 0]


def test_a_class_and_an_unknown_name_are_told_apart():
    with pytest.raises(AssertionError, match="it is a class; give an instance of it"):
        testing.check_prompt(Terse)
    with pytest.raises(ProfileError, match="unknown prompt 'thinkin'; did you mean 'thinking'"):
        testing.check_prompt("thinkin")
    with pytest.raises(AssertionError, match="it lacks name, so it is no Prompt"):
        testing.check_prompt(Nameless())


def test_an_option_of_a_prompt_is_tried_as_it_is_set():
    testing.check_prompt(replace(THINKING, name="mine"), examples=1)
    with pytest.raises(AssertionError, match=r"messages\[0\] has the content 5, not a text"):
        testing.check_prompt(SaysWhatItIsGiven(5), examples=1)


class SaysWhatItIsGiven(Terse):
    def messages(self, task, format_):
        return [{"role": "system", "content": self.greeting}, *task.messages]
