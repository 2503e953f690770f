"""Work on chunks of lines, here or in other processes; results come in the order of the lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from toolverify.errors import ProfileError
from toolverify.rows import Line

_CHUNK = 256
_AHEAD = 4  # chunks in flight for each worker: memory stays constant over a file of any length

T = TypeVar("T")
_job: Callable[[list[Line]], Any] | None = None


def check_workers(workers: int) -> None:
    """Refuse a number of processes that could do nothing.

    Raises:
        ProfileError: It is below one.
    """
    if workers < 1:
        raise ProfileError(f"--workers {workers}: at least one process is needed", mend="leave it out")


def work_through(job: Callable[[list[Line]], T], lines: Iterator[Line], workers: int) -> Iterator[T]:
    """Do a job, which must pickle, on all lines chunk by chunk."""
    chunks = iter(lambda: list(islice(lines, _CHUNK)), [])
    return map(job, chunks) if workers == 1 else _in_processes(job, chunks, workers)


def _in_processes(job: Callable[[list[Line]], T], chunks: Iterator[list[Line]], workers: int) -> Iterator[T]:
    waiting: deque[Future[T]] = deque()
    with ProcessPoolExecutor(workers, get_context("spawn"), _take_over, (job,)) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(_work_there, chunk))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _take_over(job: Callable[[list[Line]], Any]) -> None:
    global _job  # noqa: PLW0603  # a worker process has one job for its whole life
    _job = job


def _work_there(lines: list[Line]) -> Any:
    if _job is None:
        raise RuntimeError("the worker was not given a job")
    return _job(lines)
