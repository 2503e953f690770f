"""What a tokenizer and its chat template tell: how turns begin and end, and whether a prompt opens the reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from toolverify.errors import ProfileError
from toolverify.training import opens_reasoning
from toolverify_verl.byte_table import decoded, own_text, table_of
from toolverify_verl.sample_log import LOGGER
from toolverify_verl.turns import Marks

_TAIL = 16  # tokens of the prompt that are looked at: enough for a marker, whatever it is cut into
_PROBE = "toolverify"


def marks_of(tokenizer: Any, template_options: Mapping[str, Any], endings: Sequence[str] = ()) -> Marks:
    """What parts the turns of a tokenizer's chats.

    Raises:
        ProfileError: An ending is no single token.
    """
    named = [_single_token(tokenizer, text) for text in endings]
    header, closing = _frame(tokenizer, template_options)
    special = _special_ids(tokenizer)
    begin = tuple(_encoded(tokenizer, header))
    own = [tokenizer.eos_token_id, tokenizer.pad_token_id, _first_special(tokenizer, closing, special)]
    return Marks(
        endings=frozenset(token for token in [*own, *named] if token is not None),
        header=begin,
        begins=begin[0] if begin and begin[0] in special else None,
    )


def _frame(tokenizer: Any, options: Mapping[str, Any]) -> tuple[str, str]:
    """What the chat template writes before a turn of the assistant's and after it; empty where it tells nothing."""
    chat = [{"role": "user", "content": "?"}]
    reply = {"role": "assistant", "content": _PROBE}

    def rendered(messages: list[dict[str, str]], *, prompt: bool) -> str:
        text = tokenizer.apply_chat_template(
            messages, add_generation_prompt=prompt, tokenize=False, **options
        )
        return str(text)

    try:
        before, opened = rendered(chat, prompt=False), rendered(chat, prompt=True)
        whole = rendered([*chat, reply], prompt=False)
    except Exception as error:  # noqa: BLE001  # a template is foreign code, and so is what renders it
        LOGGER.warning("the chat template cannot be used, so turns are not told apart: %s", error)
        return "", ""
    header = opened.removeprefix(before) if opened.startswith(before) else ""
    return header, whole.rpartition(_PROBE)[2]


def _encoded(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False)) if text else []


def _single_token(tokenizer: Any, text: str) -> int:
    ids = _encoded(tokenizer, text)
    if len(ids) != 1:
        raise ProfileError(
            f"{text!r} is no token of this tokenizer", path="endings", mend="name single tokens, as <|call|>"
        )
    return ids[0]


def _special_ids(tokenizer: Any) -> set[int]:
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return {*tokenizer.all_special_ids, *(number for number, token in added.items() if token.special)}


def _first_special(tokenizer: Any, text: str, special: set[int]) -> int | None:
    return next((token for token in _encoded(tokenizer, text) if token in special), None)


class Decoder:
    """Turns tokens into text and keeps the special ones, which may be markers of calls."""

    def __init__(self, tokenizer: Any, think_start: str) -> None:
        self._tokenizer = tokenizer
        self._think_start = think_start
        self._table = table_of(tokenizer)
        self._opens = lru_cache(maxsize=1_024)(self._opens_reasoning)  # prompts end in few ways

    def text(self, ids: Sequence[int]) -> str:
        """The text of one turn, every token of it."""
        if self._table is not None:
            try:
                return decoded(self._table, ids)
            except TypeError:  # a token beyond the vocabulary: what it is, the tokenizer decides
                pass
        return own_text(self._tokenizer, ids)

    def opens_reasoning(self, prompt_ids: Sequence[int]) -> bool:
        """Whether a prompt ends inside the reasoning."""
        return self._opens(tuple(prompt_ids[-_TAIL:]))

    def _opens_reasoning(self, tail: tuple[int, ...]) -> bool:
        return opens_reasoning(self.text(tail), self._think_start)
