"""What people write instead: each function scores one completion, or does a part of that."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

_MARKER = "<|im_start|>assistant"


def regex_and_json(completion: str, truth: str) -> float:
    """The reward of `tool-n1-v0` as people write it: the ground truth comes as JSON text, with each completion."""
    expected = Counter(_pairs(json.loads(truth)))
    return regex_and_json_prepared(completion, expected)


def regex_and_json_prepared(completion: str, expected: Counter[tuple[str, str]]) -> float:
    """The same reward, with the ground truth parsed and counted beforehand."""
    if _MARKER in completion:
        completion = completion.rsplit(_MARKER, maxsplit=1)[-1]
    blocks = re.findall(r"<tool_call>(.*?)</tool_call>", completion, re.DOTALL)
    if not blocks:
        return 0.0
    try:
        calls = json.loads(blocks[-1].strip())
    except json.JSONDecodeError:
        return 0.0
    if isinstance(calls, dict):
        calls = [calls]
    if not all(isinstance(call, dict) and "name" in call and "arguments" in call for call in calls):
        return 0.0
    if "<think>" not in completion or "</think>" not in completion:
        return 0.0
    return 1.0 if Counter(_pairs(calls)) == expected else 0.0


def _pairs(calls: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(call["name"], json.dumps(call["arguments"], sort_keys=True)) for call in calls]


def expected_counter(answer: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """What `regex_and_json_prepared` wants to be given."""
    return Counter(_pairs(answer))


def call_text(completion: str) -> str | None:
    """The text between the call markers; None where there is none."""
    begin = completion.rfind("<tool_call>")
    end = completion.rfind("</tool_call>")
    return None if min(begin, end) < 0 else completion[begin + len("<tool_call>") : end]


def parsed_call_text(completion: str) -> Any:
    """What stands between the call markers, or None where that is no JSON."""
    text = call_text(completion)
    return None if text is None else loads_or_none(text)


def loads_or_none(text: str) -> Any:
    """The value of a JSON text, or None."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def validate_calls(calls: Any, schemas: dict[str, dict[str, Any]]) -> bool:
    """`jsonschema.validate` on each call, as one calls it without reading on: the schema is compiled every time."""
    import jsonschema

    try:
        for call in calls or ():
            jsonschema.validate(call["arguments"], schemas[call["name"]])
    except (jsonschema.ValidationError, KeyError):
        return False
    return True


def same_by_deepdiff(calls: Any, answer: list[dict[str, Any]]) -> bool:
    """Whether DeepDiff finds no difference, order ignored."""
    from deepdiff import DeepDiff

    return not DeepDiff(answer, calls, ignore_order=True)
