"""The text that a model wrote, from its tokens: what TRL hands over has lost special tokens, or was parsed and typed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from toolverify.errors import ProfileError, RowError
from toolverify.training import cut_ending

#: What a tokenizer raises for tokens that it does not have.
_UNREADABLE = (TypeError, ValueError, OverflowError, LookupError, AttributeError, RuntimeError)


class Tokens:
    """A tokenizer that gives back what was written, without the tokens that end a turn.

    Args:
        tokenizer: A tokenizer of transformers, or its folder or name.
        kept: A text with the markers of the wire format, which are never cut off.

    Raises:
        ProfileError: There is no such tokenizer, or what was given is none.
    """

    def __init__(self, tokenizer: Any, kept: str) -> None:
        self._tokenizer = _load(tokenizer) if isinstance(tokenizer, str | os.PathLike) else tokenizer
        if not callable(getattr(self._tokenizer, "decode", None)):
            raise ProfileError(
                f"{type(tokenizer).__name__} is no tokenizer",
                path="tokenizer",
                mend="give one, or its folder",
            )
        special = getattr(self._tokenizer, "all_special_tokens", None) or []
        self._endings = [token for token in map(str, special) if token and token not in kept]
        self._end_id = getattr(self._tokenizer, "eos_token_id", None)

    def text(self, ids: Sequence[int]) -> str:
        """What the model wrote.

        Raises:
            RowError: These are no tokens of this tokenizer.
        """
        try:
            text = self._tokenizer.decode(
                list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
        except _UNREADABLE as error:
            raise RowError(
                f"the tokens cannot be decoded: {type(error).__name__}: {str(error)[:300]}",
                path="completion_ids",
                mend="give the tokenizer that the trainer uses",
            ) from error
        if not isinstance(text, str):
            raise RowError("the tokens give no text", path="completion_ids", mend="give another tokenizer")
        return cut_ending(text, self._endings)

    def ends(self, ids: Sequence[int]) -> bool:
        """Whether the turn was ended by its own token."""
        return self._end_id is not None and len(ids) > 0 and ids[-1] == self._end_id

    def generation_prompt(self) -> str:
        """What the chat template writes before a reply; empty where there is no template that tells."""
        messages = [{"role": "user", "content": "?"}]
        try:
            prompt = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        except (*_UNREADABLE, ImportError):  # a template may ask for more than one message
            return ""
        return prompt if isinstance(prompt, str) else ""


def _load(folder: str | os.PathLike[str]) -> Any:
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise ProfileError(
            "a tokenizer is read with transformers, which is not installed",
            path="tokenizer",
            mend="pip install transformers",
        ) from error
    try:
        return AutoTokenizer.from_pretrained(os.fspath(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProfileError(
            f"no tokenizer in {os.fspath(folder)!r}: {str(error)[:300]}",
            path="tokenizer",
            mend="give the folder that save_pretrained wrote",
        ) from error
