"""One call of a reward function as TRL makes it, and the samples that stand in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolverify.calls import Context
from toolverify.training import cut_ending, opens_reasoning, think_marker
from toolverify.verifier import Verifier
from toolverify_trl.markers import reads_messages, written_reply
from toolverify_trl.rows import read_category, read_extra
from toolverify_trl.settings import Settings
from toolverify_trl.tokens import Tokens

_REASONING_KEYS = ("reasoning_content", "reasoning")


class Call(Struct, frozen=True):
    """What TRL hands over: as many prompts, tokens and values of each column as there are completions."""

    completions: Sequence[Any]
    prompts: Sequence[Any] = ()
    ids: Sequence[Any] = ()
    columns: Mapping[str, Sequence[Any]] = {}
    step: int = 0

    def row(self, index: int) -> dict[str, Any]:
        """The row of the dataset that a completion belongs to."""
        return {name: values[index] for name, values in self.columns.items()}


def make_call(completions: Any, prompts: Any, ids: Any, given: Mapping[str, Any], trainer_state: Any) -> Call:
    """The call, without what does not go with its completions."""
    size = len(completions)
    columns = {name: values for name, values in given.items() if _goes_with(values, size)}
    step = getattr(trainer_state, "global_step", 0)
    return Call(
        completions,
        prompts if _goes_with(prompts, size) else (),
        ids if _goes_with(ids, size) else (),
        columns,
        step if type(step) is int else 0,
    )


def _goes_with(values: Any, size: int) -> bool:
    return isinstance(values, list | tuple) and len(values) == size


class Reader:
    """Reads samples out of calls, as the settings say."""

    def __init__(self, settings: Settings, verifier: Verifier) -> None:
        format_ = verifier.format
        self._settings = settings
        self._marker = think_marker(format_)
        self._reads_messages = reads_messages(format_)
        given = settings.tokenizer
        self._tokens = None if given is None else Tokens(given, written_reply(format_))
        self._template_opens = self._tokens is not None and self._opens(self._tokens.generation_prompt())

    def completion(self, call: Call, index: int) -> Any:
        """What the model wrote: its text from its tokens where they are given, else what TRL made of it.

        Raises:
            RowError: The tokens are none of the tokenizer's.
        """
        completion = call.completions[index]
        ids = call.ids[index] if call.ids else ()
        if self._tokens is not None and _is_filled(ids) and self._has_one_turn(completion):
            return self._tokens.text(ids)
        return _cut(_named_reasoning(completion), self._settings.endings)

    def _has_one_turn(self, completion: Any) -> bool:
        """Tokens of several turns hold what tools wrote, and that is never scored."""
        if isinstance(completion, str):
            return True
        return not self._reads_messages and isinstance(completion, list) and len(completion) == 1

    def context(self, call: Call, index: int) -> Context:
        """What else is known of it."""
        row = call.row(index)
        columns = self._settings.columns
        return Context(
            step=call.step,
            category=read_category(row, columns),
            finish_reason=self._finish_reason(call.ids[index] if call.ids else None),
            reasoning_open=self._reasoning_open(call.prompts[index] if call.prompts else None),
            extra=read_extra(row, columns),
        )

    def _finish_reason(self, ids: Any) -> str | None:
        most = self._settings.max_completion_length
        if most is None or not isinstance(ids, list | tuple):
            return None
        ended = len(ids) < most or (self._tokens is not None and self._tokens.ends(ids))
        return "stop" if ended else "length"

    def _reasoning_open(self, prompt: Any) -> bool:
        """Whether the prompt opened the reasoning: by the setting, by its end, or by the chat template's."""
        known = self._settings.reasoning_open
        if known is not None:
            return known
        if isinstance(prompt, str):
            return self._opens(prompt)
        begun = _begun_reply(prompt)
        return self._template_opens if begun is None else self._opens(begun)

    def _opens(self, prompt: str) -> bool:
        return opens_reasoning(prompt, self._marker)


def _begun_reply(prompt: Any) -> str | None:
    """The reply that a prompt of messages begins itself, where its last message is the assistant's."""
    last = prompt[-1] if isinstance(prompt, list) and prompt else None
    if not isinstance(last, dict):
        return None
    role = last.get("role")
    if not isinstance(role, str) or role != "assistant":  # the text first: not everything compares
        return None
    content = last.get("content")
    return content if isinstance(content, str) else ""


def _is_filled(ids: Any) -> bool:
    return isinstance(ids, list | tuple) and len(ids) > 0


def _cut(completion: Any, endings: Sequence[str]) -> Any:
    """A completion without the marks that end a turn, where some are named and it is text."""
    if not endings:
        return completion
    if isinstance(completion, str):
        return cut_ending(completion, endings)
    if isinstance(completion, list):
        return [_cut_message(message, endings) for message in completion]
    return _cut_message(completion, endings)


def _cut_message(message: Any, endings: Sequence[str]) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        return message
    return {**message, "content": cut_ending(content, endings)}


def _named_reasoning(completion: Any) -> Any:
    """Messages with their reasoning where the core looks for it: some response templates call it `thinking`."""
    if not isinstance(completion, list):
        return completion
    return [_with_reasoning(message) for message in completion]


def _with_reasoning(message: Any) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("thinking"), str):
        return message
    if any([isinstance(message.get(key), str) for key in _REASONING_KEYS]):
        return message
    return {**message, _REASONING_KEYS[0]: message["thinking"]}
