"""The held-out tasks in the course of a run: when they are judged, by which processes, and what is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from toolverify.plan_sections import GrpoStage, SftStage
from toolverify_trl.train.held_out import Judging, figures, judge
from toolverify_trl.train.load import load_model
from toolverify_trl.train.run_folder import append, read_lines, write_rows
from toolverify_trl.train.show import clock, say
from toolverify_trl.train.surroundings import Surroundings

Stage = SftStage | GrpoStage
Say = Callable[[str], None]
_LONGEST = 1_024  # tokens of a completion that is judged, where no stage says where it is cut off


def judge_first(around: Surroundings) -> None:
    """Judge the model that the plan begins with, unless the run has gone on from there."""
    plan = around.run.plan
    if plan.evaluation.first and around.folder.checkpoint(plan.stages[0].label) is None:
        judge_loaded(around, plan.stages[0], plan.model_source(), 0, "start")


def judge_loaded(around: Surroundings, stage: Stage, source: str, step: int, at: str) -> None:
    """Judge a model from its folder, where that has not been done."""
    if around.held_out and _missing(around, stage, step, at):
        judge_model(around, stage, load_model(around.run.plan, source, around.device), step, at)


def judge_model(
    around: Surroundings, stage: Stage, model: Any, step: int, at: str, say_it: Say = say
) -> None:
    """Judge a model by what it writes here; every process takes its part of the tasks."""
    for decoding in _missing(around, stage, step, at) if around.held_out else ():
        judging = _judging(around, at)
        judged = judge(model, judging, decoding)
        rows = _from_all(around, judged.rows)
        write_down(around, stage, step, at, decoding, rows, judged.seconds, say_it)


def write_down(
    around: Surroundings,
    stage: Stage,
    step: int,
    at: str,
    decoding: str,
    rows: Sequence[dict[str, Any]],
    seconds: float,
    say_it: Say = say,
) -> None:
    """Write down what came of an evaluation, once for all processes."""
    if not around.first:
        return
    known = _known(around, stage, step, at, decoding)
    made = {**known, **figures(rows), "seconds": round(seconds, 3)}
    told = {**around.told, "stage": stage.label}
    write_rows(around.folder.evaluated(stage.label, step, decoding), [{**told, **row} for row in rows])
    append(around.folder.evaluations, made)
    say_it(_told(stage.label, step, decoding, made))


def _known(around: Surroundings, stage: Stage, step: int, at: str, decoding: str) -> dict[str, Any]:
    return {**around.told, "stage": stage.label, "step": step, "at": at, "decoding": decoding}


def _missing(around: Surroundings, stage: Stage, step: int, at: str) -> list[str]:
    """The decodings that have not been judged yet."""
    lines = read_lines(around.folder.evaluations)
    wanted = around.run.plan.evaluation.decoding
    return [
        decoding
        for decoding in wanted
        if not any(_known(around, stage, step, at, decoding).items() <= line.items() for line in lines)
    ]


def _from_all(around: Surroundings, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of all processes, in the order of the tasks."""
    if around.processes == 1:
        return rows
    from accelerate.utils import gather_object

    order = {task.id: index for index, task in enumerate(around.held_out)}
    return sorted(gather_object(rows), key=lambda row: order[row["id"]])


def tasks_at(around: Surroundings, at: str) -> int:
    """How many tasks are judged: fewer, perhaps, in the midst of a stage."""
    evaluation = around.run.plan.evaluation
    return (evaluation.tasks_between or evaluation.tasks) if at == "between" else evaluation.tasks


def _judging(around: Surroundings, at: str) -> Judging:
    plan = around.run.plan
    tries = [stage for stage in plan.stages if isinstance(stage, GrpoStage)]
    return Judging(
        texts=around.texts,
        tasks=around.held_out[: tasks_at(around, at)][around.rank :: around.processes],
        batch=plan.evaluation.batch,
        most=tries[-1].max_completion_tokens if tries else _LONGEST,
        temperature=tries[-1].temperature if tries else 1.0,
        top_p=tries[-1].top_p if tries else 1.0,
        seed=around.run.seed + around.rank,
    )


def _told(label: str, step: int, decoding: str, figures: dict[str, Any]) -> str:
    low, high = figures["low"], figures["high"]
    return (
        f"{label}, step {step}, held-out, {decoding}: {figures['passed']:.1%} of {figures['n']} passed "
        f"(95 %: {low:.1%} to {high:.1%}), {clock(figures['seconds'])}"
    )
