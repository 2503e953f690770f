"""Prompts, completions and labels that the tests share."""

from __future__ import annotations

import json

from toolverify.bench.workload import make_workload
from toolverify.testing.hostile import HOSTILE
from toolverify.training import write_label

PROMPT = "<|im_start|>user\nWhat is the weather?<|im_end|>\n<|im_start|>assistant\n"
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ANSWER = [{"name": "get_weather", "arguments": {"city": "Oslo"}}]
LABEL = write_label(ANSWER, tools=[TOOL])
RIGHT = f"<think>Oslo.</think>\n<tool_call>{json.dumps(ANSWER)}</tool_call>"
WRONG = RIGHT.replace('"Oslo"', '"Rome"')
SILENT = "I cannot do that."
END = "<|im_end|>"


def hostile(count: int, longest: int = 20_000) -> list[str]:
    """Completions made to break a reward."""
    kinds = list(HOSTILE.values())
    return [
        kinds[index % len(kinds)](1 + longest * (index + 1) // count // (1 + index % 5))
        for index in range(count)
    ]


def workload(size: int) -> list[dict[str, object]]:
    """Rows as `toolverify score` takes them; one in fifty is hostile."""
    rows = [
        {"completion": row.completion, "answer": row.answer, "tools": row.tools}
        for row in make_workload(size, seed=7)
    ]
    for row, text in zip(rows[::50], hostile(len(rows[::50]), 4_000), strict=True):
        row["completion"] = text
    return rows
