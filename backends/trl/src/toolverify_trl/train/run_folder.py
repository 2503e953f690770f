"""The folder of a run: what stands in it, what is written when, and what a resumed run finds there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from toolverify.errors import PlanError
from toolverify.rows import to_json

_COMPLETE = "complete.json"  # the last file of a checkpoint: without it, the writing was cut off
_CHECKPOINT = "checkpoint-"
_TOLD = "training.json"


class RunFolder:
    """Everything that a run writes, under one folder; docs/training.md lists the files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def log(self) -> Path:
        """A line for each logged step."""
        return self.path / "log.jsonl"

    @property
    def evaluations(self) -> Path:
        """A line for each evaluation."""
        return self.path / "evaluations.jsonl"

    def stage(self, label: str) -> Path:
        """The folder of a stage."""
        return self.path / "stages" / label

    def model(self, label: str) -> Path:
        """The model at the end of a stage."""
        return self.stage(label) / "model"

    def completions(self, label: str) -> Path:
        """The completions of a stage's steps, as `toolverify score` reads them."""
        return self.stage(label) / "completions.jsonl"

    def evaluated(self, label: str, step: int, decoding: str) -> Path:
        """The completions of an evaluation."""
        return self.path / "evaluations" / f"{label}-{step}-{decoding}.jsonl"

    # What a run is, and how far it has come.

    def about(self) -> dict[str, Any] | None:
        """What the run is; None where there is none yet."""
        return _read_json(self.path / "run.json")

    def begin(self, about: Mapping[str, Any]) -> None:
        """Write down what the run is."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.path / "run.json", about)

    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return (self.path / "finished.json").is_file()

    def finish(self, told: Mapping[str, Any]) -> None:
        """Write down that the run has come to its end."""
        write_whole(self.path / "finished.json", told)

    def is_done(self, label: str) -> bool:
        """Whether a stage has been trained and judged."""
        return (self.stage(label) / "done.json").is_file()

    def done(self, label: str, told: Mapping[str, Any]) -> None:
        """Write down that a stage has been trained and judged."""
        write_whole(self.stage(label) / "done.json", told)

    def told(self, label: str) -> dict[str, Any]:
        """What was written down when a stage was done."""
        return _read_json(self.stage(label) / "done.json") or {}

    def tell_of_model(self, unfinished: Path, seconds: float) -> None:
        """Write down, beside the model of a stage, what it took."""
        write_whole(unfinished / _TOLD, {"seconds": round(seconds, 3)})

    def told_of_model(self, label: str) -> float:
        """What the model of a stage took, in seconds."""
        told = _read_json(self.model(label) / _TOLD) or {}
        return float(told.get("seconds", 0.0))

    # Checkpoints.

    def seal(self, label: str, step: int, told: Mapping[str, Any]) -> None:
        """Mark a checkpoint as whole."""
        write_whole(self.stage(label) / f"{_CHECKPOINT}{step}" / _COMPLETE, told)

    def checkpoint(self, label: str) -> tuple[int, Path, dict[str, Any]] | None:
        """The last whole checkpoint of a stage: its step, its folder, and what was told with it."""
        found = [
            (step, folder, told)
            for step, folder in self._checkpoints(label)
            if (told := _read_json(folder / _COMPLETE)) is not None
        ]
        return max(found, key=lambda one: one[0], default=None)

    def drop_unsealed(self, label: str) -> None:
        """Remove checkpoints whose writing was cut off."""
        for _, folder in self._checkpoints(label):
            if not (folder / _COMPLETE).is_file():
                shutil.rmtree(folder)

    def drop_checkpoints(self, label: str) -> None:
        """Remove the checkpoints of a stage that needs them no more."""
        for _, folder in self._checkpoints(label):
            shutil.rmtree(folder)

    def _checkpoints(self, label: str) -> Iterator[tuple[int, Path]]:
        for folder in self.stage(label).glob(f"{_CHECKPOINT}*"):
            step = folder.name.removeprefix(_CHECKPOINT)
            if step.isdecimal() and folder.is_dir():
                yield int(step), folder

    # Going back to a checkpoint.

    def rewind(self, label: str, step: int, later: list[str]) -> None:
        """Take out of the logs what was written after a step of a stage, and in later stages."""
        keep_lines(
            self.log,
            lambda line: line["stage"] not in later and (line["stage"] != label or line["step"] <= step),
        )
        keep_lines(self.evaluations, lambda line: _evaluated_before(line, label, step, later))
        keep_lines(self.completions(label), lambda line: line["step"] < step)
        for stage in later:
            shutil.rmtree(self.stage(stage), ignore_errors=True)


def _evaluated_before(line: Mapping[str, Any], label: str, step: int, later: list[str]) -> bool:
    if line["stage"] in later:
        return False
    if line["stage"] != label or line["at"] == "start":
        return True
    return bool(line["at"] == "between" and line["step"] <= step)


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line to a log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.write(to_json(line) + b"\n")


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file of lines that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, b"".join([to_json(row) + b"\n" for row in rows]))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log; the last one may have been cut off, and is none then."""
    if not path.is_file():
        return []
    lines = []
    for text in path.read_bytes().split(b"\n"):
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def keep_lines(path: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Take every other line out of a log."""
    if path.is_file():
        kept = [line for line in read_lines(path) if wanted(line)]
        _replace(path, b"".join([to_json(line) + b"\n" for line in kept]))


def write_whole(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")


def _replace(path: Path, text: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise PlanError(
            f"not JSON: {error}", path=str(path), mend="remove the folder and start again"
        ) from error
    return value if isinstance(value, dict) else None
