"""Held-out tasks judged by the trainer's own way of writing, where the model is spread over GPUs or vLLM holds it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolverify.plan import Plan
from toolverify.plan_sections import GrpoStage
from toolverify.tasks import Task
from toolverify_trl.adapter import Reward, RewardFunction
from toolverify_trl.train.held_out import apart
from toolverify_trl.train.judging import Say, tasks_at, write_down
from toolverify_trl.train.run_folder import read_lines
from toolverify_trl.train.show import say
from toolverify_trl.train.surroundings import Surroundings
from toolverify_trl.train.texts import grpo_row, question

_EVERYTHING = 2**31


def is_needed(plan: Plan) -> bool:
    """Whether no process holds the whole model in a form that writes."""
    return plan.resources.vllm is not None or plan.resources.sharding != "none"


class Switched:
    """A reward function that lets another one answer while held-out tasks are judged."""

    def __init__(self, training: RewardFunction, judging: RewardFunction) -> None:
        self.training, self.judging = training, judging
        self.is_judging = False
        self.__name__ = training.__name__
        self.weight = training.weight

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics."""
        return self.training.names

    def __call__(self, **given: Any) -> list[float | None]:
        """A reward for each completion."""
        return self.judging(**given) if self.is_judging else self.training(**given)


def switched(plan: Plan, functions: Sequence[RewardFunction], stage: GrpoStage, file: Path) -> list[Any]:
    """The functions, the first of which can also judge and leave all it was scored by in a file."""
    judging = Reward(
        plan.verifier().profile,
        name="held_out",
        log=file,
        log_completions=_EVERYTHING,
        max_completion_length=stage.max_completion_tokens,
    )
    return [Switched(functions[0], judging), *functions[1:]]


def judge_by_trainer(
    around: Surroundings, stage: GrpoStage, trainer: Any, step: int, at: str, say_it: Say = say
) -> None:
    """Let the trainer write a sampled completion for each held-out task."""
    from datasets import Dataset

    function = trainer.reward_funcs[0]
    tasks = around.held_out[: tasks_at(around, at)]
    if not tasks or not isinstance(function, Switched):
        return
    file = Path(function.judging.settings.log or "")
    if around.first:
        file.unlink(missing_ok=True)
    trainer.accelerator.wait_for_everyone()
    began, function.is_judging = time.monotonic(), True
    try:
        with apart(around.run.seed + around.rank):
            trainer.evaluate(Dataset.from_list([grpo_row(around.texts, task) for task in tasks]))
    finally:
        function.is_judging = False
    trainer.accelerator.wait_for_everyone()
    if around.first:
        rows = _rows(tasks, read_lines(file))
        file.unlink(missing_ok=True)
        write_down(around, stage, step, at, "sampled", rows, time.monotonic() - began, say_it)


def _rows(tasks: Sequence[Task], lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each task; processes that had one too few have judged some task twice."""
    by_id = {line["id"]: line for line in lines}
    return [_row(task, by_id[task.id]) for task in tasks if task.id in by_id]


def _row(task: Task, line: dict[str, Any]) -> dict[str, Any]:
    findings = [
        {"code": code, "level": "error", "path": "", "message": "", "expected": None, "got": None}
        for code in line["findings"]
    ]
    return {
        **line,
        "question": question(task),
        "answer": task.answer,
        "tools": list(task.tools),
        "passed": bool(line["components"]["acc"]),
        "findings": findings,
    }
