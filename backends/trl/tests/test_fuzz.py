"""Whatever rows and models bring, a step ends with as many rewards as there are completions.

TOOLVERIFY_TRL_INPUTS asks for that many inputs instead of some thousands.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import made
import pytest

from toolverify.testing.hostile import HOSTILE
from toolverify_trl import Reward, rewards

INPUTS = int(os.environ.get("TOOLVERIFY_TRL_INPUTS", "6000"))
BATCH = 50
SEEDS = range(INPUTS // BATCH // 3)
PIECES = [
    *(
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
        "[",
        "]",
        "{",
        "}",
        '"',
        ":",
        ",",
        "\\",
        "\ud800",
    ),
    *(
        '{"name": "f", "arguments": {"y": 2}}',
        '"name"',
        '"arguments"',
        "null",
        "NaN",
        "1e999",
        "\x00",
        "é",
        " ",
        "9" * 50,
    ),
]


class Odd:
    """A thing that is no data at all."""

    def __repr__(self) -> str:
        raise RuntimeError("not even a name")


def odd_text(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice([made.RIGHT, made.WRONG, made.AS_TEXT])
    if rng.random() < 0.1:
        return HOSTILE[rng.choice(list(HOSTILE))](rng.choice([0, 10, 100, 1_000]))
    return "".join(rng.choices(PIECES, k=rng.randrange(30)))


def odd_value(rng: random.Random, depth: int = 0) -> Any:
    """Any value of Python's that a dataset or a parser could make."""
    leaves: list[Callable[[], Any]] = [
        lambda: None,
        lambda: rng.choice([True, False, 0, -1, 10**30, 0.5, math.nan, math.inf, -0.0]),
        lambda: odd_text(rng),
        lambda: rng.choice([b"bytes", {1, 2}, (1, "a"), Odd(), object, range(3), 1j]),
        lambda: {rng.choice([1, None, (1,), "role", "name", "answer"]): 1},
    ]
    if depth > 3 or rng.random() < 0.5:
        return rng.choice(leaves)()
    keys = [
        "role",
        "content",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "answer",
        "tools",
        "compare",
        "any_of",
    ]
    keys += ["thinking", "reasoning_content", "parameters", "properties", "type", "city"]
    if rng.random() < 0.5:
        return [odd_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {key: odd_value(rng, depth + 1) for key in rng.sample(keys, rng.randrange(5))}


def odd_message(rng: random.Random) -> dict[Any, Any]:
    call = {"type": "function", "function": {"name": "f", "arguments": odd_value(rng)}}
    message = {
        "role": rng.choice(["assistant", "assistant", "tool", "user", None, 5]),
        "content": odd_text(rng),
    }
    extra = {
        "tool_calls": [call],
        "thinking": odd_text(rng),
        "reasoning_content": odd_value(rng),
        "content": odd_value(rng),
    }
    return {**message, **{key: extra[key] for key in rng.sample(list(extra), rng.randrange(3))}}


def odd_completion(rng: random.Random) -> Any:
    kind = rng.random()
    if kind < 0.4:
        return odd_text(rng)
    if kind < 0.9:
        return [odd_message(rng) for _ in range(rng.randrange(4))]
    return odd_value(rng)


def odd_answer(rng: random.Random) -> Any:
    right = rng.choice([made.ANSWER, [], {"any_of": [made.ANSWER, []]}])
    return rng.choice(
        [json.dumps(right), right, json.dumps({"answer": right, "tools": made.TOOLS}), odd_value(rng)]
    )


def odd_call(rng: random.Random, size: int) -> dict[str, Any]:
    """A batch as no trainer would give it: its size alone is right, and not of every column."""
    makers = {
        "prompts": lambda: rng.choice([odd_text(rng), [odd_message(rng)], odd_value(rng)]),
        "completion_ids": lambda: rng.choice([[1, 2], [], None, odd_value(rng), [-1, "x"], [10**9]]),
        "answer": lambda: odd_answer(rng),
        "tools": lambda: rng.choice([json.dumps(made.TOOLS), made.TOOLS, None, odd_value(rng)]),
        "meta": lambda: odd_value(rng),
        "compare": lambda: rng.choice([None, odd_value(rng)]),
        "id": lambda: odd_value(rng),
        "category": lambda: odd_value(rng),
        "other": lambda: odd_value(rng),
    }
    chosen = rng.sample(list(makers), rng.randrange(3, len(makers)))
    call = {name: [makers[name]() for _ in range(size)] for name in chosen}
    if rng.random() < 0.1:
        call["tools"] = rng.choice([None, 5, [1], "x"])
    state = SimpleNamespace(global_step=rng.choice([0, 5, -1, 10**40, "x", None, 1.5, True]))
    return {"completions": [odd_completion(rng) for _ in range(size)], "trainer_state": state, **call}


class Sloppy:
    """A tokenizer that raises what it likes."""

    eos_token_id = 2
    all_special_tokens = ("</s>",)

    def decode(self, ids, **_):
        return "".join([chr(token) for token in ids]) + "</s>"


def check(function, call, metrics):
    got = function(**call, log_metric=lambda *told: metrics.append(told), log_extra=lambda *_: None)
    assert len(got) == len(call["completions"])
    assert all(reward is None or math.isfinite(reward) for reward in got)
    return got


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """Rewards of every kind."""
    log = tmp_path_factory.mktemp("fuzz") / "log.jsonl"
    return [
        Reward("typed", log=log),
        Reward("tool-n1", tokenizer=Sloppy(), max_completion_length=2),
        Reward("typed", format="hermes", fallback=0.0, endings=["</s>", ""]),
        Reward("typed", format="openai-message"),
        *rewards("toolrl"),
        Reward("tool-n1-v4"),
    ]


@pytest.mark.parametrize("way", range(3))
def test_odd_inputs_end_no_step(functions, way):
    seen: list[float | None] = []
    for seed in SEEDS:
        rng = random.Random(f"{way} {seed}")
        call = odd_call(rng, BATCH)
        for function in functions:
            metrics: list[tuple[str, float]] = []
            seen += check(function, call, metrics)
            assert all(math.isfinite(value) for _, value in metrics)
    assert {None, 0.0, 1.0} <= set(seen)


def test_the_odd_inputs_reach_what_they_are_made_for(functions):
    call = odd_call(random.Random(1), 400)
    call["answer"] = [json.dumps(made.ANSWER)] * 400
    got = [check(function, call, []) for function in functions]
    assert all({0.0} < set(rewards_of) for rewards_of in got[:1])
