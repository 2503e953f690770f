"""The nine released rewards written down once more, plainly and slowly, from a description of what they do."""

from __future__ import annotations

import json
import re
from collections import Counter

SWITCHES = (
    "default",
    "withlength",
    "refined",
    "coarse",
    "intermediate",
    "correctmax1",
    "schedule",
    "twostage",
    "schedulelength",
)
PROFILES = {switch: "toolrl" if switch == "default" else f"toolrl-{switch}" for switch in SWITCHES}


def rewards(switch: str, completion: str, gold: str, step: int) -> list[float]:
    """The whole reward, and its parts format, correctness and length."""
    text = (
        completion.rsplit("<|im_start|>assistant", maxsplit=1)[-1].split("<|im_end|>", maxsplit=1)[0].strip()
    )
    parts = [_form(switch, text, gold, step), _correctness(switch, text, gold, step)]
    parts.append(_length(switch, text, step))
    return [sum(parts), *parts]


def _form(switch: str, text: str, gold: str, step: int) -> float:
    least, most = 0.0, 1.0
    if switch == "twostage" and step >= 30:
        most = 0.5
    if switch == "schedule":
        least, most = min(step / 75 - 2, -1.0), max(2 - step / 150, 1.0)
    pattern, single = "<think>.*?</think>", []
    if "<tool_call>" in gold:
        pattern += "\n<tool_call>\n.*?\n</tool_call>"
        single += ["<tool_call>", "</tool_call>"]
    if "<response>" in gold:
        pattern += "\n<response>.*?</response>"
        single += ["<response>", "</response>"]
    fits = re.search(f"^{pattern}$", text, re.DOTALL) and all(text.count(tag) == 1 for tag in single)
    return most if fits else least


def _length(switch: str, text: str, step: int) -> float:
    if switch not in {"withlength", "schedulelength"} or "<think>" not in text or "</think>" not in text:
        return 0.0
    target = 384 + 256 * step / 105 if switch == "schedulelength" else 512
    words = text.rsplit("<think>", maxsplit=1)[-1].split("</think>", maxsplit=1)[0].split()
    return min(1.0, round(len(words) / target, 2))


def _correctness(switch: str, text: str, gold: str, step: int) -> float:
    most = 3.0
    if switch == "correctmax1" or (switch == "twostage" and step < 30):
        most = 1.0
    if switch == "schedule":
        most = min(2 + step / 150, 3.0)
    if "<tool_call>" not in gold:
        return 0.0
    try:
        if "<tool_call>" not in text or "</tool_call>" not in text:
            return -most
        return 2 * most * _share(switch, _lines(text), _lines(gold)) - most
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
        return -most


def _lines(text: str) -> list:
    return [
        json.loads(line)
        for line in text.split("<tool_call>")[1].split("</tool_call>", maxsplit=1)[0].strip().split("\n")
    ]


def _share(switch: str, made: list, gold: list) -> float:
    if made == gold:
        return 1.0
    if switch == "coarse":
        return 0.0
    strict, whole = switch == "refined", switch == "intermediate"
    earned = _overlap([call["name"] for call in gold], [call["name"] for call in made], strict=strict)
    due, left = 1.0, list(made)
    for want in gold:
        due += 1 if whole else 1 + len(want["parameters"])
        found, place = 0.0, -1
        for index, got in enumerate(left):
            if got["name"] == want["name"]:
                worth = (
                    float(got == want)
                    if whole
                    else _worth(got["parameters"], want["parameters"], strict=strict)
                )
                if worth > found:
                    found, place = worth, index
        if place >= 0:
            del left[place]
            earned += found
    return earned / due


def _worth(got: dict, want: dict, *, strict: bool) -> float:
    right = sum(key in got and got[key] == value for key, value in want.items())
    return _overlap(list(want.keys()), list(got.keys()), strict=strict) + right


def _overlap(one: list, other: list, *, strict: bool) -> float:
    if one == other:
        return 1.0
    if strict or not one or not other:
        return 0.0
    common = sum((Counter(one) & Counter(other)).values())
    return common / (len(one) + len(other) - common)
