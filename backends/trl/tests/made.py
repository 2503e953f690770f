"""Completions for the tests, with what `toolverify score` says of them."""

from __future__ import annotations

import json

from toolverify.bench.workload import make_workload
from toolverify.rows import Line, score_lines, to_json
from toolverify.testing.hostile import HOSTILE
from toolverify.verifier import Verifier

ANSWER = [{"name": "f", "arguments": {"y": 2}}]
TOOLS = [
    {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {"y": {"type": "integer"}, "x": {"type": "array", "items": {"type": "integer"}}},
        },
    }
]
RIGHT = '<think>t</think><tool_call>[{"name": "f", "arguments": {"y": 2}}]</tool_call>'
WRONG = '<think>t</think><tool_call>[{"name": "f", "arguments": {"y": 3}}]</tool_call>'
AS_TEXT = '<think>t</think><tool_call>[{"name": "f", "arguments": {"y": "2"}}]</tool_call>'
SIZES = (300, 5_000, 60_000)


def hostile_rows(number: int) -> list[dict[str, object]]:
    """So many hostile completions with an answer, each in several sizes."""
    made = [make(size) for size in SIZES for make in HOSTILE.values()]
    texts = [made[index % len(made)] + " " * (index // len(made)) for index in range(number)]
    return [{"completion": text, "answer": json.dumps(ANSWER), "tools": json.dumps(TOOLS)} for text in texts]


def workload_rows(number: int) -> list[dict[str, object]]:
    """So many completions as models write them, right and wrong, with answer and tools as JSON text."""
    return [
        {"completion": row.completion, "answer": json.dumps(row.answer), "tools": json.dumps(row.tools)}
        for row in make_workload(number)
    ]


def columns(rows: list[dict[str, object]]) -> dict[str, list[object]]:
    """Rows as TRL hands over their columns."""
    return {name: [row[name] for row in rows] for name in rows[0] if name != "completion"}


def scored(rows: list[dict[str, object]], profile: str, wire: str | None = None) -> list[dict[str, object]]:
    """What `toolverify score` writes for rows."""
    lines = [Line(number, to_json(row)) for number, row in enumerate(rows)]
    text, _ = score_lines(Verifier(profile, format=wire), lines)
    return [json.loads(line) for line in text.splitlines()]
