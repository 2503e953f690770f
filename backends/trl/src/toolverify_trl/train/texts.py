"""Tasks as the texts that a model reads and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolverify.calls import ToolCall
from toolverify.errors import PlanError, RenderError
from toolverify.gold_calls import gold_calls
from toolverify.plan import Plan
from toolverify.protocols import Format, Prompt
from toolverify.schema import without_grading
from toolverify.tasks import Task
from toolverify.training import opens_reasoning, think_marker
from toolverify.verifier import Verifier


class Texts(Struct, frozen=True):
    """What turns tasks into texts: the prompt, the wire format, and the tokenizer's chat template."""

    prompt: Prompt
    verifier: Verifier
    tokenizer: Any
    begins: str = ""  # what the tokenizer itself puts before every text

    @property
    def format(self) -> Format:
        """The wire format."""
        return self.verifier.format

    def asked(self, task: Task) -> str:
        """The whole text before the completion, without what the tokenizer puts before every text."""
        messages = self.prompt.messages(task, self.format)
        begun = messages[-1]["role"] == "assistant"
        tools = [_as_function(tool) for tool in without_grading(list(task.tools))]
        text = self.tokenizer.apply_chat_template(
            messages,
            tools=tools if getattr(self.prompt, "shows_tools", False) and tools else None,
            tokenize=False,
            add_generation_prompt=not begun,
            continue_final_message=begun,
        )
        return str(text).removeprefix(self.begins)

    def demonstrated(self, task: Task, *, reasoning: bool) -> str:
        """The completion that is to be imitated: the task's own, or its answer written in the format.

        Raises:
            PlanError: The task has none, and its answer cannot be written.
        """
        text = self._gold(task) if task.completion is None else task.completion
        return text if reasoning else self._without_reasoning(task, text)

    def _gold(self, task: Task) -> str:
        thought = task.meta.get("reasoning")
        try:
            calls = gold_calls(self.verifier.compile(answer=task.answer, tools=list(task.tools) or None))
        except LookupError as error:
            raise self._unwritten(task, error) from error
        return self._rendered(task, calls, thought if isinstance(thought, str) else None)

    def _without_reasoning(self, task: Task, text: str) -> str:
        """The same calls, without what stands before them; where there is none, what is said instead."""
        case = self.verifier.compile(answer=task.answer, tools=list(task.tools) or None)
        reply = self.verifier.view(text, case=case).reply
        return self._rendered(task, reply.calls, None, "" if reply.calls else reply.content.strip())

    def _rendered(self, task: Task, calls: Sequence[ToolCall], thought: str | None, content: str = "") -> str:
        try:
            return self.format.render(calls, reasoning=thought, content=content)
        except RenderError as error:
            raise self._unwritten(task, error) from error

    def _unwritten(self, task: Task, error: Exception) -> PlanError:
        mend = "give the task a completion that the format can express, or leave it out"
        return PlanError(f"its answer cannot be written: {error}", path=f"task {task.id}", mend=mend)

    def after(self, asked: str, written: str) -> str:
        """What is left to write where the prompt has opened the reasoning."""
        marker = think_marker(self.format)
        return written.lstrip().removeprefix(marker) if opens_reasoning(asked, marker) else written


def make_texts(plan: Plan, tokenizer: Any) -> Texts:
    """What turns the tasks of a plan into texts.

    Raises:
        PlanError: The tokenizer has no chat template.
    """
    if not tokenizer.chat_template:
        mend = "use the tokenizer of a chat model, or set a chat template and save it"
        raise PlanError("the tokenizer has no chat template", path="model.tokenizer", mend=mend)
    return Texts(plan.prompting(), plan.verifier(), tokenizer, _beginning(tokenizer))


def _beginning(tokenizer: Any) -> str:
    """The token that begins every text, where the tokenizer adds it: chat templates write it too, and once is enough."""
    first = tokenizer("x")["input_ids"][0]
    return str(tokenizer.bos_token) if first == tokenizer.bos_token_id else ""


def _as_function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool in the form that chat templates read."""
    return tool if "function" in tool else {"type": "function", "function": tool}


def question(task: Task) -> str:
    """The last thing that the user said."""
    said = [message.get("content") for message in task.messages if message["role"] == "user"]
    return said[-1] if said and isinstance(said[-1], str) else json.dumps(said[-1:], ensure_ascii=False)


def grpo_row(texts: Texts, task: Task) -> dict[str, Any]:
    """A row of TRL's dataset: whatever has members is JSON text, which Arrow cannot bend."""
    return {
        "prompt": texts.asked(task),
        "answer": json.dumps(task.answer),
        "tools": json.dumps(list(task.tools)),
        "meta": json.dumps(dict(task.meta)),
        "id": task.id,
        "category": category(task),
    }


def category(task: Task) -> str | None:
    """The category of a task, where it has one."""
    known = task.meta.get("category")
    return known if isinstance(known, str) else None


def sft_row(texts: Texts, task: Task, *, reasoning: bool) -> dict[str, Any]:
    """Tokens, and which of them are the completion's: those before it are read and not learned."""
    tokenizer, asked = texts.tokenizer, texts.asked(task)
    written = texts.after(asked, texts.demonstrated(task, reasoning=reasoning))
    ending = "" if written.endswith(tokenizer.eos_token) else tokenizer.eos_token
    before = tokenizer(asked)["input_ids"]
    behind = tokenizer(written + ending, add_special_tokens=False)["input_ids"]
    return {"input_ids": before + behind, "completion_mask": [0] * len(before) + [1] * len(behind)}


def not_longer(
    rows: Sequence[dict[str, Any]], lengths: Sequence[int], most: int | None
) -> list[dict[str, Any]]:
    """The rows that are not too long."""
    return [row for row, length in zip(rows, lengths, strict=True) if most is None or length <= most]
