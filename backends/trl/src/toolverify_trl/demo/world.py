"""Tasks without end, made from a seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, Literal

from toolverify.errors import PlanError
from toolverify.tasks import Task
from toolverify_trl.demo.teacher import thought
from toolverify_trl.demo.world_requests import MIX, Request, draw_request
from toolverify_trl.demo.world_tools import BY_NAME

Split = Literal["train", "held-out"]
_SPLITS: tuple[Split, ...] = ("train", "held-out")
_HELD_OUT_SHARE = 8


def make_tasks(
    count: int, *, seed: int, split: Split = "train", mix: Mapping[str, float] = MIX
) -> list[Task]:
    """The first tasks of a seed, no two with the same request and the same tools.

    The splits share no calls, and no request that is to be met without one.

    Args:
        count: How many.
        seed: Another seed gives other tasks.
        split: The one to train on, or the one to measure on.
        mix: How often each kind of request comes up: single, parallel, not-offered, chat.

    Raises:
        PlanError: There is no such split or kind, or no kind comes up.
    """
    _refuse_unknown("split", [split], _SPLITS)
    _refuse_unknown("mix", mix, MIX)
    if not sum(mix.values()) > 0 or min(mix.values()) < 0:
        raise PlanError("no kind of request comes up", path="mix", mend="give at least one a share above 0")
    requests = islice(_requests(Random(f"{split}/{seed}"), split, mix), count)  # noqa: S311  # no secret
    return [_task(request, f"demo-{split}-{seed}-{index}") for index, request in enumerate(requests)]


def _refuse_unknown(key: str, given: Iterable[str], known: Collection[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise PlanError(f"unknown {key} {unknown[0]!r}", path=key, mend=f"use {', '.join(known)}")


def _requests(rng: Random, split: Split, mix: Mapping[str, float]) -> Iterator[Request]:
    seen = set()
    while True:
        request = draw_request(rng, mix)
        prompt = (request.query, request.offered)
        if split_of(request) == split and prompt not in seen:
            seen.add(prompt)
            yield request


def split_of(request: Request) -> Split:
    """The split that a request belongs to: the same wherever and whenever it is drawn."""
    calls = [json.dumps(call, sort_keys=True) for call in request.calls]
    digest = hashlib.sha256("\n".join(sorted(calls) or [request.query]).encode()).digest()
    return "held-out" if digest[0] % _HELD_OUT_SHARE == 0 else "train"


def _task(request: Request, name: str) -> Task:
    meta: dict[str, Any] = {"category": request.kind, "reasoning": thought(_wanted(request), request.offered)}
    if request.kind == "not-offered":
        meta["wanted"] = [wish.call for wish in request.wishes]
    return Task(
        id=name,
        source="demo",
        messages=({"role": "user", "content": request.query},),
        tools=tuple(BY_NAME[tool].spec for tool in request.offered),
        answer=request.calls,
        meta=meta,
    )


def _wanted(request: Request) -> Sequence[str]:
    return [str(wish.call["name"]) for wish in request.wishes]
