"""The six released rewards, written again from their description with nothing but the standard library.

Where the released code raises and so ends the training step, `reward` gives a `Raises`.
"""

import json
import re
from collections import Counter
from typing import NamedTuple

PROFILES = {
    "v0": "tool-n1-v0",
    "v1": "tool-n1-v1",
    "v2": "tool-n1-v2",
    "v3": "tool-n1-v3",
    "v4": "tool-n1-v4",
    "llama": "tool-n1-llama",
}
QWEN = "<|im_start|>assistant"
LLAMA = "<|start_header_id|>assistant<|end_header_id|>"
BLOCK = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)


class Raises(NamedTuple):
    """The released code raises this."""

    error: str


class Worth(NamedTuple):
    """A row of the table of scores: with and without the think tags."""

    unread: tuple[float, float]
    wrong: tuple[float, float]
    names: tuple[float, float]
    right: tuple[float, float]


_ZERO = (0.0, 0.0)
WORTH = {
    "v0": Worth(unread=_ZERO, wrong=_ZERO, names=_ZERO, right=(1.0, 0.0)),
    "v1": Worth(unread=_ZERO, wrong=(-0.2, 0.0), names=(-0.2, 0.0), right=(1.2, 1.0)),
    "v2": Worth(unread=_ZERO, wrong=_ZERO, names=_ZERO, right=(1.0, 1.0)),
    "v3": Worth(unread=(0.2, 0.0), wrong=(0.2, 0.0), names=(0.2, 0.0), right=(1.0, 0.8)),
    "v4": Worth(unread=(0.2, 0.0), wrong=(0.2, 0.0), names=(0.4, 0.2), right=(1.0, 0.8)),
    "llama": Worth(unread=_ZERO, wrong=_ZERO, names=_ZERO, right=(1.0, 0.0)),
}


def reward(variant: str, text: str, ground_truth: str) -> float | Raises:
    """What the released code gives for a text and a gold in JSON text."""
    gold = json.loads(ground_truth)
    text = text[max(text.rfind(LLAMA if variant == "llama" else QWEN), 0) :]
    blocks = BLOCK.findall(text)
    if variant == "llama" and not blocks:
        return 0.0 if gold else 1.0
    try:
        calls = _calls(blocks, second_may_raise=variant == "llama")
        column = 0 if "<think>" in text and "</think>" in text else 1
        return _row(variant, calls, gold)[column]
    except (ValueError, RecursionError, TypeError) as error:
        return Raises(type(error).__name__)


def _calls(blocks, *, second_may_raise):
    """The value in the last block, in a list where it is an object; None where there is none."""
    if not blocks:
        return None
    value = _loads(blocks[-1].strip(), may_raise=False)
    if isinstance(value, str):
        value = _loads(value, may_raise=second_may_raise)
    return [value] if isinstance(value, dict) else value


def _loads(text, *, may_raise):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if may_raise:
            raise
        return None


def _row(variant, calls, gold):
    worth = WORTH[variant]
    if calls is None:
        return worth.unread
    if not all(isinstance(call, dict) for call in calls):  # a bare number or boolean raises here
        return worth.wrong
    if not all("name" in call and "arguments" in call for call in calls):
        return worth.wrong
    return (worth.wrong, worth.names, worth.right)[_level(calls, gold)]


def _level(calls, gold):
    """2 where the calls match, 1 where their names do, else 0."""
    if not calls or not gold:
        return 2 if not calls and not gold else 0
    try:
        if _multiset(calls) == _multiset(gold):
            return 2
        return int(Counter(call["name"] for call in calls) == Counter(call["name"] for call in gold))
    except TypeError:  # a name that cannot be hashed
        return 0


def _multiset(calls):
    return Counter((call["name"], json.dumps(call["arguments"], sort_keys=True)) for call in calls)
