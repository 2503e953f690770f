"""Scoring chunks of lines, here or in other processes; results come in the order of the lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from toolverify.rows import Line, Tally, score_lines
from toolverify.verifier import Verifier

_CHUNK = 256
_AHEAD = 4  # chunks in flight for each worker: memory stays constant over a file of any length

Scored = tuple[bytes, Tally]
_verifier: Verifier | None = None


def score_all(verifier: Verifier, lines: Iterator[Line], workers: int) -> Iterator[Scored]:
    """Score all lines chunk by chunk."""
    chunks = iter(lambda: list(islice(lines, _CHUNK)), [])
    if workers == 1:
        return (score_lines(verifier, chunk) for chunk in chunks)
    return _in_processes(verifier, chunks, workers)


def _in_processes(verifier: Verifier, chunks: Iterator[list[Line]], workers: int) -> Iterator[Scored]:
    waiting: deque[Future[Scored]] = deque()
    with ProcessPoolExecutor(workers, get_context("spawn"), _take_over, (verifier,)) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(_score_there, chunk))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _take_over(verifier: Verifier) -> None:
    global _verifier  # noqa: PLW0603  # a worker process has one verifier for its whole life
    _verifier = verifier


def _score_there(lines: list[Line]) -> Scored:
    if _verifier is None:
        raise RuntimeError("the worker was not given a verifier")
    return score_lines(_verifier, lines)
