"""Golds, and completions that are nearly right: everything that the released code tells apart, often."""

from __future__ import annotations

import json
from random import Random

_NAMES = ("f", "g", "get_weather")
_KEYS = ("a", "b", "c", "city")
_VALUES = (
    1,
    1.0,
    True,
    0,
    "1",
    "x",
    "Oslo",
    None,
    [1, 2],
    [2, 1],
    {"k": 1},
    {"k": True},
    2.5,
    "</think>",
    -1,
)
_ODD_NAMES = ([], {}, None, 3, "")


def gold(random: Random) -> list[dict]:
    """Calls of a gold; a few have a key beside name and parameters."""
    return [_call(random) for _ in range(random.choice((1, 1, 2, 2, 3, 4)))]


def _call(random: Random) -> dict:
    keys = random.sample(_KEYS, random.randrange(4))
    call = {"name": random.choice(_NAMES), "parameters": {key: random.choice(_VALUES) for key in keys}}
    return call | ({"id": 7} if random.random() < 0.05 else {})


def written(random: Random, calls: list[dict], *, block: bool, response: bool) -> str:
    """A completion whose blocks are those, with thoughts of all lengths."""
    words = random.choice((0, 1, 12, 180, 255, 256, 258, 383, 384, 385, 511, 512, 513, 640, 900))
    parts = [f"<think>{' '.join(['w'] * words)}</think>"]
    if block:
        parts.append("\n".join(["<tool_call>", *[json.dumps(call) for call in calls], "</tool_call>"]))
    if response:
        parts.append("<response>done</response>")
    return "\n".join(parts)


def made(random: Random, calls: list[dict]) -> list:
    """The calls with a few of the faults that models make."""
    calls = [{**call, "parameters": dict(call["parameters"])} for call in calls]
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        random.choice(_FAULTS)(random, calls)
    return calls


def _swap(random: Random, calls: list) -> None:
    random.shuffle(calls)


def _drop(random: Random, calls: list) -> None:
    if len(calls) > 1:
        calls.pop(random.randrange(len(calls)))


def _add(random: Random, calls: list) -> None:
    calls.insert(random.randrange(len(calls) + 1), random.choice([*calls, _call(random)]))


def _value(random: Random, calls: list) -> None:
    call = random.choice(calls)
    if isinstance(call.get("parameters"), dict):
        call["parameters"][random.choice((*(call["parameters"] or _KEYS), "more"))] = random.choice(_VALUES)


def _order(random: Random, calls: list) -> None:
    call = random.choice(calls)
    if isinstance(call.get("parameters"), dict):
        keys = list(call["parameters"])
        random.shuffle(keys)
        call["parameters"] = {key: call["parameters"][key] for key in keys[random.randrange(2) :]}


def _rename(random: Random, calls: list) -> None:
    random.choice(calls)["name"] = random.choice((*_NAMES, *_NAMES, *_ODD_NAMES))


def _bend(random: Random, calls: list) -> None:
    call = random.choice(calls)
    random.choice(
        (
            lambda: call.pop("parameters", None),
            lambda: call.pop("name", None),
            lambda: call.update(id=7),
            lambda: call.update(parameters=random.choice((None, [], "x"))),
        )
    )()
    call.setdefault("name", "f") if random.random() < 0.5 else None


_FAULTS = (_swap, _drop, _add, _value, _value, _value, _order, _order, _rename, _bend)


def damaged(random: Random, text: str) -> str:
    """The text with one or two pieces cut out or put in."""
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        place = random.randrange(len(text) + 1)
        end = place + random.choice((0, 0, 1, 9))
        text = text[:place] + random.choice(_PIECES) + text[end:]
    return random.choice((text, text, text, f"<|im_start|>assistant\n{text}<|im_end|>", f"\n {text}\n"))


_PIECES = (
    *("", "\n", " ", "x", "<think>", "</think>", "<tool_call>", "</tool_call>", "<response>", "</response>"),
    *(
        "<|im_end|>",
        "<|im_start|>assistant",
        "5\n",
        "[]\n",
        '{"name": "f", "parameters": {}}\n',
        "null\n",
        '"',
    ),
)
