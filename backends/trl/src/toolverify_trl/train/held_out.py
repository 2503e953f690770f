"""The held-out tasks: what a model writes for them, and what the profile says of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from toolverify.calls import Context
from toolverify.intervals import wilson
from toolverify.rows import finding_to_dict
from toolverify.tasks import Task
from toolverify.training import Gold, RewardModel, opens_reasoning, think_marker
from toolverify_trl.train.texts import Texts, category, question


class Judging(Struct, frozen=True):
    """How the held-out tasks are judged.

    Attributes:
        texts: What turns tasks into texts.
        tasks: The tasks.
        batch: How many are written at once.
        most: Where a completion is cut off, in tokens.
        temperature: The temperature of sampled completions.
        top_p: Their nucleus.
        seed: The seed of sampled completions.
    """

    texts: Texts
    tasks: Sequence[Task]
    batch: int
    most: int
    temperature: float
    top_p: float
    seed: int


class Judged(Struct, frozen=True):
    """What came of one evaluation: its completions as `toolverify score` reads them, and how long it took."""

    rows: list[dict[str, Any]]
    seconds: float


def judge(model: Any, judging: Judging, decoding: str) -> Judged:
    """Let a model write a completion for each task, and score them. Chance elsewhere goes on as if this had not been."""
    began = time.monotonic()
    with apart(judging.seed), _at_rest(model):
        written = [text for tasks in _batches(judging) for text in _write(model, judging, tasks, decoding)]
    scorer = RewardModel(judging.texts.verifier.profile)
    rows = [_row(scorer, judging, task, *text) for task, text in zip(judging.tasks, written, strict=True)]
    return Judged(rows, time.monotonic() - began)


@contextmanager
def apart(seed: int) -> Iterator[None]:
    """Chance of its own: what is trained afterwards does not depend on how often it was judged."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def _at_rest(model: Any) -> Iterator[None]:
    """Without dropout, and with the cache that training switches off."""
    import torch

    training, cached = model.training, model.config.use_cache
    model.eval()
    model.config.use_cache = True
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)
        model.config.use_cache = cached


def _batches(judging: Judging) -> Iterator[Sequence[Task]]:
    for start in range(0, len(judging.tasks), judging.batch):
        yield judging.tasks[start : start + judging.batch]


def _write(model: Any, judging: Judging, tasks: Sequence[Task], decoding: str) -> list[tuple[str, bool]]:
    """The text of each completion, and whether it was cut off."""
    tokenizer = judging.texts.tokenizer
    asked = [judging.texts.asked(task) for task in tasks]
    given = tokenizer(asked, return_tensors="pt", padding=True, padding_side="left").to(model.device)
    chance = {"do_sample": True, "temperature": judging.temperature, "top_p": judging.top_p, "top_k": 0}
    tokens = model.generate(
        **given,
        max_new_tokens=judging.most,
        pad_token_id=tokenizer.pad_token_id,
        **(chance if decoding == "sampled" else {"do_sample": False}),
    )[:, given["input_ids"].shape[1] :]
    texts = tokenizer.batch_decode(tokens, skip_special_tokens=True)
    ends = _endings(model, tokenizer)
    return [(text, not ends.intersection(ids.tolist())) for text, ids in zip(texts, tokens, strict=True)]


def _endings(model: Any, tokenizer: Any) -> set[int]:
    """The tokens after which a completion is whole."""
    known = model.generation_config.eos_token_id
    return {tokenizer.eos_token_id, *(known if isinstance(known, list) else [known])}


def _row(scorer: RewardModel, judging: Judging, task: Task, text: str, cut_off: bool) -> dict[str, Any]:
    context = Context(
        category=category(task),
        finish_reason="length" if cut_off else "stop",
        reasoning_open=_is_open(judging.texts, task),
    )
    scored = scorer.score(text, Gold(task.answer, list(task.tools), task.meta.get("compare")), context)
    return {
        "id": task.id,
        "question": question(task),
        "category": context.category,
        "finish_reason": context.finish_reason,
        "reasoning_open": context.reasoning_open,
        "completion": text,
        "answer": task.answer,
        "tools": list(task.tools),
        "meta": dict(task.meta),
        "reward": scored.reward,
        "passed": bool(scored.components["acc"]),
        "findings": [finding_to_dict(finding) for finding in scored.findings],
    }


def _is_open(texts: Texts, task: Task) -> bool:
    return opens_reasoning(texts.asked(task), think_marker(texts.format))


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What an evaluation adds up to."""
    count, passed = len(rows), sum([row["passed"] for row in rows])
    low, high = wilson(passed, count)
    rewards = [row["reward"] for row in rows if row["reward"] is not None]
    codes = Counter(
        [code for row in rows for code in {one["code"] for one in row["findings"] if one["level"] == "error"}]
    )
    return {
        "n": count,
        "passed": passed / count if count else 0.0,
        "low": low,
        "high": high,
        "reward": sum(rewards) / len(rewards) if rewards else None,
        "categories": _by_category(rows),
        "codes": dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))),
    }


def _by_category(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    names = sorted({row["category"] for row in rows if row["category"] is not None})
    groups = {name: [row["passed"] for row in rows if row["category"] == name] for name in names}
    return {name: {"n": len(group), "passed": sum(group) / len(group)} for name, group in groups.items()}
