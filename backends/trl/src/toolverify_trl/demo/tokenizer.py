"""The tokenizer, made from the words of the world: always the same one, and any text comes back from its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from toolverify.formats.tool_n1 import TOOL_N1
from toolverify.tasks import Task
from toolverify_trl.demo.prompt import TOOL_NAMES
from toolverify_trl.demo.teacher import demonstrate
from toolverify_trl.demo.world import make_tasks
from toolverify_trl.demo.world_requests import CLOSINGS, GREETINGS, JOINTS, TALK
from toolverify_trl.demo.world_tools import TOOLS

#: Ordinary tokens, for a trainer's decoding drops special ones and the format could never be met.
MARKERS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
_PAD, _END = "<|pad|>", "<|end|>"
_SPECIAL = (_PAD, _END, "<|system|>", "<|user|>", "<|assistant|>")
_CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_THOUGHTS = (" is offered", " is not offered", "no tool is needed")
_SAMPLE, _SAMPLE_SEED = 4000, 20
#: A call's fixed text up to the next value is one piece, so that a call is hardly longer than its values.
_JSON_PIECES = (
    r'[\[\]{}", ]*"name": "',
    r'", "arguments": \{',
    r'(?:[\]"]*, )?"\w+": [\["]*',
)


def make_tokenizer() -> Any:
    """The tokenizer of the demo world, a `PreTrainedTokenizerFast`."""
    from tokenizers import AddedToken, Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    splitter = _splitter()
    vocabulary = {piece: index for index, piece in enumerate(_pieces(splitter))}
    # Without merges, what is no piece of the vocabulary falls apart into bytes.
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    made.pre_tokenizer = splitter
    made.decoder = decoders.ByteLevel()
    made.add_tokens([AddedToken(marker, normalized=False, special=False) for marker in MARKERS])
    made.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in _SPECIAL])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token=_PAD,
        eos_token=_END,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _CHAT_TEMPLATE
    return tokenizer


def _splitter() -> Any:
    from tokenizers import Regex, pre_tokenizers

    split = pre_tokenizers.Split(Regex(_pattern(_template_words())), "isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _pattern(template_words: Iterable[str]) -> str:
    """Template words take the spaces around them; words that fill slots do not, so that a copy is the same token."""
    alternatives = "|".join(sorted(template_words))
    return "|".join(
        [
            *_JSON_PIECES,
            *map(re.escape, _THOUGHTS),
            "Tools:",
            rf" (?:{'|'.join(tool.name for tool in TOOLS)})(?!\w)",
            rf" ?(?<!\w)(?:{alternatives})(?!\w) ?",
            r"\d+[.:]\d+",
            r"\w+",
            r"[^\w\s]+ ?",
            r"\s+",
        ]
    )


def _template_words() -> set[str]:
    """The words that requests are made of, without those that fill slots."""
    arguments = [
        *[item for tool in TOOLS for item in tool.needs],
        *[e.argument for t in TOOLS for e in t.extras],
    ]
    slots = {word for argument in arguments for word in argument.words}
    asked = [text for tool in TOOLS for text in [*tool.asked, *[extra.phrase for extra in tool.extras]]]
    texts = [*asked, *TALK, *GREETINGS, *CLOSINGS, *JOINTS, " and "]
    words = re.findall(r"[a-z]+", re.sub(r"\{\w*\}", " ", " ".join(texts)))
    return set(words) - slots


def _pieces(splitter: Any) -> Sequence[str]:
    """The vocabulary: every byte, and every piece of the texts of a fixed sample, in a fixed order."""
    from tokenizers import pre_tokenizers

    texts = {text for task in make_tasks(_SAMPLE, seed=_SAMPLE_SEED) for text in _texts(task)}
    pieces = {piece for text in texts for piece, _ in splitter.pre_tokenize_str(text)}
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    return [*alphabet, *sorted(pieces - set(alphabet))]


def _texts(task: Task) -> list[str]:
    """All that a model reads and writes, cut where the markers cut it."""
    written = demonstrate(task, Random(0))  # noqa: S311  # makes no mistakes
    read = [message["content"] for message in TOOL_NAMES.messages(task, TOOL_N1)]
    return [*read, *[text for text in re.split("|".join(MARKERS), written) if text]]
