"""What the folder of a training run holds, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct


class ProfileInfo(Struct, frozen=True):
    """The reward of a run."""

    name: str = ""
    hash: str = ""
    format: str = ""


class ModelInfo(Struct, frozen=True):
    """The model of a run."""

    source: str = ""
    parameters: int | None = None


class StageInfo(Struct, frozen=True):
    """A stage as it was planned."""

    name: str
    use: str
    steps: int | None = None


class RunInfo(Struct, frozen=True):
    """`run.json`: what was run, with what, and where; `tasks` are counted by use, or by use and file."""

    plan: str
    hash: str = ""
    summary: str = ""
    backend: str = ""
    seed: int = 0
    profile: ProfileInfo = ProfileInfo()
    prompt: str = ""
    model: ModelInfo = ModelInfo()
    versions: Mapping[str, str] = {}
    device: str = ""
    threads: int | None = None
    stages: tuple[StageInfo, ...] = ()
    tasks: Mapping[str, Mapping[str, int] | int] = {}
    started: str = ""


class Step(Struct, frozen=True):
    """A line of `log.jsonl`; what a stage does not measure is None."""

    stage: str
    use: str
    step: int
    seconds: float = 0.0
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    token_accuracy: float | None = None
    reward: float | None = None
    passed: float | None = None
    components: Mapping[str, float | None] = {}
    completion_tokens: float | None = None
    cut_off: float | None = None
    entropy: float | None = None
    equal_groups: float | None = None
    kl: float | None = None


class CategoryRate(Struct, frozen=True):
    """How many of a category's tasks there are, and which share passed."""

    n: int
    passed: float


class Evaluation(Struct, frozen=True):
    """A line of `evaluations.jsonl`: held-out tasks, decoded in one way; `low` and `high` bound `passed`."""

    stage: str
    step: int
    at: str
    decoding: str
    n: int
    passed: float
    low: float
    high: float
    reward: float | None = None
    categories: Mapping[str, CategoryRate] = {}
    codes: Mapping[str, int] = {}
    seconds: float = 0.0


class SampleFinding(Struct, frozen=True):
    """Why a completion scored less, or a note on it."""

    code: str
    level: str = "error"
    path: str = ""
    message: str = ""
    expected: Any = None
    got: Any = None


class Sample(Struct, frozen=True):
    """A completion of an evaluation, with its task and what it was worth."""

    id: Any = None
    completion: Any = None
    answer: Any = None
    category: str | None = None
    question: Any = None
    reward: float | None = None
    passed: bool | None = None
    findings: tuple[SampleFinding, ...] = ()


class Finished(Struct, frozen=True):
    """`finished.json`: how long it took to compute."""

    seconds: float
    stages: Mapping[str, float] = {}


class RunRecord(Struct, frozen=True):
    """A run, as far as it has come.

    Attributes:
        folder: Where it lies.
        run: What was run.
        steps: The log, without the steps that a resumed run did again.
        evaluations: The evaluations, in the order in which they were made.
        finished: None while the run is not.
        skipped: How many lines could not be read: a run that was stopped may have left half of one.
    """

    folder: Path
    run: RunInfo
    steps: tuple[Step, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    finished: Finished | None = None
    skipped: int = 0

    def stage_seconds(self) -> dict[str, float]:
        """How long each stage took; of an unfinished run, as far as its log goes."""
        if self.finished is not None:
            return dict(self.finished.stages)
        return {step.stage: step.seconds for step in self.steps}

    def seconds(self) -> float:
        """How long all took to compute; of an unfinished run, as far as its log goes."""
        return sum(self.stage_seconds().values()) if self.finished is None else self.finished.seconds

    def stages_of(self, use: str) -> tuple[str, ...]:
        """The names of the stages of one kind, in order."""
        return tuple([stage.name for stage in self.run.stages if stage.use == use])
