"""The workload: completions in the paper's format, made from a seed and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from msgspec import Struct

from toolverify.bench.catalogue import make_call, make_tool
from toolverify.bench.faults import SHARES, Calls, broken_json, changed_calls

_TOOLS = 400
_ROWS_PER_PROMPT = 2
_ENGLISH = (
    "the user wants to know whether a tool can do this so I look at each function first and see what it needs "
    "because one value may depend on the next given a city date unit price or limit but only two of them match "
    "what was asked then let me check whether some of it is missing from the conversation so far they say the "
    "number should be an integer and not a string also I can leave out the optional argument when no value is "
    "given at last I return a list with all calls in order and now the schema says that both are required hence "
    "we make the request with it for the location we got from them using the default parameters"
)
_OTHERS = "für können 用户 需要 données où запрос ответ été mañana 결과 naïve “quote” – ≤ 20 °C → ☀️"
_WORDS, _FOREIGN_WORDS = _ENGLISH.split(), _OTHERS.split()


class Row(Struct, frozen=True):
    """One completion with its answer, its tools, and what is wrong with it."""

    completion: str
    answer: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    label: str


class Prompt(Struct, frozen=True):
    """What several completions have in common."""

    answer: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    foreign: bool


def make_workload(size: int = 5_000, seed: int = 0) -> list[Row]:
    """As many rows as asked for; the same seed gives the same rows."""
    rng = Random(seed)
    catalogue = [make_tool(rng, index) for index in range(_TOOLS)]
    prompts = [_prompt(rng, catalogue) for _ in range(max(1, size // _ROWS_PER_PROMPT))]
    labels = rng.choices(list(SHARES), weights=list(SHARES.values()), k=size)
    return [_row(rng, rng.choice(prompts), label) for label in labels]


def _prompt(rng: Random, catalogue: Sequence[dict[str, Any]]) -> Prompt:
    foreign = rng.random() < 0.1
    tools = rng.sample(catalogue, rng.choice((1, 2, 2, 3, 3, 5)))
    number = 1 if rng.random() < 0.8 else rng.randint(2, 6)
    answer = [make_call(rng, rng.choice(tools), foreign=foreign) for _ in range(number)]
    return Prompt(answer, tools, foreign)


def _row(rng: Random, prompt: Prompt, label: str) -> Row:
    calls = changed_calls(rng, prompt.answer, label)
    completion = _completion(rng, _thought(rng, foreign=prompt.foreign), calls, label)
    return Row(completion, prompt.answer, prompt.tools, label)


def _thought(rng: Random, *, foreign: bool) -> str:
    """50 to 400 words in sentences."""
    words = rng.choices(_WORDS, k=rng.randint(50, 400))
    if foreign:
        for place in range(0, len(words), 12):
            words[place] = rng.choice(_FOREIGN_WORDS)
    for place in range(0, len(words), 15):
        words[place] = words[place].capitalize()
        if place:
            words[place - 1] += "."
    return f"{' '.join(words)}."


def _completion(rng: Random, thought: str, calls: Calls, label: str) -> str:
    text = json.dumps(calls, ensure_ascii=rng.random() < 0.2)
    if label == "malformed_json":
        text = broken_json(rng, calls, text)
    reasoning = thought if label == "no_think" else f"<think>\n{thought}\n</think>"
    if label == "no_call":
        return f"{reasoning}\nI cannot do that with the functions at hand."
    return f"{reasoning}\n<tool_call>{text}</tool_call>"


def describe(rows: Sequence[Row]) -> dict[str, Any]:
    """The workload in figures."""
    size = len(rows)
    answers = [json.dumps(row.answer, ensure_ascii=False) for row in rows]
    return {
        "completions": size,
        "mean_characters": round(sum(len(row.completion) for row in rows) / size),
        "mean_answer_characters": round(sum(map(len, answers)) / size),
        "one_call_share": round(sum(len(row.answer) == 1 for row in rows) / size, 3),
        "non_ascii_share": round(sum(not row.completion.isascii() for row in rows) / size, 3),
        "mean_tools": round(sum(len(row.tools) for row in rows) / size, 2),
        "answers": len(set(answers)),
        "labels": dict(Counter(row.label for row in rows).most_common()),
    }
