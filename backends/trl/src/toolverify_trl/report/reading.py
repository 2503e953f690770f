"""Reads the folder of a training run, finished or not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from toolverify.errors import PlanError, RowError
from toolverify.rows import Line, read_row
from toolverify_trl.report.record import Evaluation, Finished, RunInfo, RunRecord, Sample, Step

_RUN = "run.json"
_MEND = f"give the folder that a training run wrote to; it holds {_RUN!r}"
_Line = TypeVar("_Line", Step, Evaluation)
_Any = TypeVar("_Any")


def read_run(folder: Path) -> RunRecord:
    """What a run's folder holds; a run that is not finished has less in it.

    Raises:
        PlanError: The folder holds no run, or a file of it cannot be read.
    """
    if not (folder / _RUN).is_file():
        raise _no_run(folder)
    run = _whole(folder / _RUN, RunInfo)
    steps, lost_steps = _lines(folder / "log.jsonl", Step)
    evaluations, lost_evaluations = _lines(folder / "evaluations.jsonl", Evaluation)
    finished = folder / "finished.json"
    return RunRecord(
        folder=folder,
        run=run,
        steps=_not_done_again(steps, lambda step: step.stage),
        evaluations=_not_done_again(evaluations, lambda made: (made.stage, made.decoding)),
        finished=_whole(finished, Finished) if finished.is_file() else None,
        skipped=lost_steps + lost_evaluations,
    )


def read_samples(record: RunRecord, evaluation: Evaluation) -> tuple[Sample, ...]:
    """The completions of an evaluation; none where they were not kept."""
    name = f"{evaluation.stage}-{evaluation.step}-{evaluation.decoding}.jsonl"
    return tuple(_lines(record.folder / "evaluations" / name, Sample)[0])


def _no_run(folder: Path) -> PlanError:
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        return PlanError(f"the folder {str(folder)!r} {problem}", path="folder", mend=_MEND)
    inner = [str(file.parent) for file in sorted(folder.glob(f"*/{_RUN}"))]
    mend = f"give one of the runs in it: {', '.join(inner[:5])}" if inner else _MEND
    return PlanError(f"the folder {str(folder)!r} holds no run", path="folder", mend=mend)


def _whole(file: Path, kind: type[_Any]) -> _Any:
    """A file that is one object."""
    try:
        return msgspec.convert(read_row(Line(1, _bytes(file))), kind)
    except (RowError, msgspec.ValidationError) as error:
        mend = "give another folder: this file is not as a run wrote it"
        raise PlanError(f"cannot be read: {error}", path=str(file), mend=mend) from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlanError(
            f"cannot be read: {error}", path=str(file), mend="look at the file's rights"
        ) from error


def _lines(file: Path, kind: type[_Any]) -> tuple[list[_Any], int]:
    """The lines of a file that can be read, and how many cannot; a file that is not there has none."""
    if not file.is_file():
        return [], 0
    texts = [text for text in _bytes(file).split(b"\n") if text.strip()]
    read = list(_readable(texts, kind))
    return read, len(texts) - len(read)


def _readable(texts: Sequence[bytes], kind: type[_Any]) -> Iterator[_Any]:
    for number, text in enumerate(texts, 1):
        try:
            yield msgspec.convert(read_row(Line(number, text)), kind)
        except (RowError, msgspec.ValidationError):
            continue


def _not_done_again(lines: Sequence[_Line], series: Callable[[_Line], Hashable]) -> tuple[_Line, ...]:
    """Without what stands before a line of the same series with the same or an earlier step.

    A resumed run goes back to a checkpoint, and writes the steps behind it a second time.
    """
    earliest: dict[Hashable, int] = {}
    kept = []
    for line in reversed(lines):
        known = series(line)
        if known not in earliest or line.step < earliest[known]:
            earliest[known] = line.step
            kept.append(line)
    return tuple(reversed(kept))
