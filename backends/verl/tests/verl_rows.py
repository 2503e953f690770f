"""Rows as verl carries them, and completions of every kind for them; no trainer is needed for these."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import toolverify as tv
from toolverify.bench.workload import make_workload
from toolverify.rows import Line, score_lines
from toolverify.testing import HOSTILE

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
OSLO = [{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}]
RIGHT = tv.render(OSLO, format="tool-n1", reasoning="They want the weather.")
WRONG = tv.render([{"name": "add", "arguments": {"a": 1, "b": 2}}], format="tool-n1", reasoning="A sum.")
BEHIND_MARKER = "<|im_end|>"


def row(answer: Any = OSLO, tools: Any = (WEATHER, ADD), index: int = 0, **more: Any) -> dict[str, Any]:
    """A row of a data file."""
    system = "Think first, then call tools.\n" + json.dumps(list(tools))
    return {
        "data_source": "toolverify/test",
        "prompt": [{"role": "system", "content": system}, {"role": "user", "content": "Well?"}],
        "ability": "tools",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(answer)},
        "extra_info": {"split": "train", "index": index, "tools": json.dumps(list(tools)), **more},
    }


def called(given: Mapping[str, Any], solution: Any) -> dict[str, Any]:
    """The keywords with which verl calls a function for a row."""
    return {
        "data_source": given["data_source"],
        "solution_str": solution,
        "ground_truth": given["reward_model"]["ground_truth"],
        "extra_info": {**given["extra_info"], "num_turns": 2, "global_steps": 7},
    }


def workload(size: int) -> list[tuple[dict[str, Any], str]]:
    """Rows with completions, right and wrong ones."""
    made = make_workload(size)
    return [(row(one.answer, one.tools, index), one.completion) for index, one in enumerate(made)]


def hostile(size: int = 200) -> list[str]:
    """Texts that are made to raise or to take long; those that end a turn themselves are left out."""
    texts = [text for text in HOSTILE if isinstance(text, str) and BEHIND_MARKER not in text]
    repeated = texts * (size // max(1, len(texts)) + 1)
    return [text[:20_000] for text in repeated[:size]]


def told_by_the_command(
    samples: Sequence[tuple[Mapping[str, Any], str]], profile: str, **context: Any
) -> list[dict[str, Any]]:
    """What `toolverify score` writes for the same completions, as the components of the adapter."""
    lines = [
        json.dumps(
            {
                "completion": text,
                "answer": json.loads(given["reward_model"]["ground_truth"]),
                "tools": json.loads(given["extra_info"]["tools"]),
                **context,
            }
        ).encode()
        for given, text in samples
    ]
    written, _ = score_lines(tv.Verifier(profile), [Line(number, line) for number, line in enumerate(lines)])
    return [_components(json.loads(line)) for line in written.splitlines()]


def _components(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "score": verdict["reward"],
        "acc": float(verdict["passed"]),
        **verdict["scores"],
        "verifier_error": 0.0,
        "unscorable": 0.0,
    }
