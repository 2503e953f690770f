"""A run in this process, or in this one of its processes: stage after stage, each from where the one before it ended."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolverify.errors import PlanError, ToolverifyError
from toolverify.plan import Plan
from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.rendered import Run
from toolverify.tasks import read_tasks
from toolverify.versions import installed_versions
from toolverify_trl.train.by_trainer import is_needed, judge_by_trainer
from toolverify_trl.train.judging import judge_first, judge_loaded, judge_model
from toolverify_trl.train.load import prepare_torch
from toolverify_trl.train.order import shared
from toolverify_trl.train.run_folder import read_lines
from toolverify_trl.train.show import Display, say
from toolverify_trl.train.stages import Staged, prepare_grpo, prepare_sft
from toolverify_trl.train.surroundings import Surroundings, surroundings_of
from toolverify_trl.train.watch import Watch, Watched

_NAMED = ("toolverify", "toolverify-trl", "trl", "transformers", "torch", "accelerate", "datasets", "vllm")
Stage = SftStage | GrpoStage
#: A checkpoint: its step as TRL counts, its folder, what was told with it.
Checkpoint = tuple[int, Path, dict[str, Any]]


def run_here(run: Run) -> bool:
    """Train what is left of a run; False where its budget ended it before.

    Raises:
        PlanError: Something that the plan names is not there, or cannot be used.
    """
    around = surroundings_of(run)
    if around.first:
        _begin(around)
    judge_first(around)
    for index in range(len(run.plan.stages)):
        if not _stage(around, index):
            return False
    if around.first:
        seconds = {stage.label: around.folder.told(stage.label)["seconds"] for stage in run.plan.stages}
        around.folder.finish({"seconds": round(sum(seconds.values()), 3), "stages": seconds})
    return True


def _begin(around: Surroundings) -> None:
    """Write down what the run is; where that has been done, look whether it still is.

    Raises:
        PlanError: A file of tasks is another than the run was begun with.
    """
    known, digests = around.folder.about(), _digests(around)
    if known is None:
        around.folder.begin({**_about(around), "digests": digests})
        return
    for path, digest in digests.items():
        if known["digests"].get(path) != digest:
            mend = "give the run the file that it was begun with, or begin another one"
            raise PlanError(f"the file {path!r} has changed since the run was begun", path="tasks", mend=mend)


def _digests(around: Surroundings) -> dict[str, str]:
    """What the files of tasks hold, in short."""
    plan = around.run.plan
    digests = {}
    for path in [*_trained_on(plan), *plan.tasks.held_out]:
        with plan.resolve(path).open("rb") as stream:
            digests[path] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def _about(around: Surroundings) -> dict[str, Any]:
    """What the run is."""
    plan, verifier = around.run.plan, around.texts.verifier
    return {
        "plan": plan.name,
        "summary": plan.summary,
        **around.told,
        "backend": "trl",
        "profile": {
            "name": verifier.profile.name,
            "hash": verifier.hash,
            "format": verifier.profile.format.use,
        },
        "prompt": plan.prompt.use,
        "model": {"source": plan.model_source()},
        "versions": {name: version for name, version in installed_versions(_NAMED).items() if version},
        "device": around.device,
        "threads": plan.resources.threads,
        "stages": [{"name": stage.label, "use": stage.use, "steps": stage.steps} for stage in plan.stages],
        "tasks": {
            "train": _counts(around, _trained_on(plan)),
            "held_out": _counts(around, plan.tasks.held_out),
        },
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "keys": plan.model_dump(mode="json"),
    }


def _trained_on(plan: Plan) -> list[str]:
    """The files that some stage learns from."""
    return list(dict.fromkeys([path for stage in plan.stages for path in stage.tasks or plan.tasks.train]))


def _counts(around: Surroundings, paths: Sequence[str]) -> dict[str, int]:
    """How many tasks each file holds.

    Raises:
        PlanError: The profile cannot read the answer of one: told before anything is trained, for it would earn nothing.
    """
    return {path: _checked(around, path) for path in paths}


def _checked(around: Surroundings, path: str) -> int:
    file = around.run.plan.resolve(path)
    tasks = read_tasks(file)
    for task in tasks:
        compare = task.meta.get("compare")
        try:
            around.texts.verifier.compile(answer=task.answer, tools=list(task.tools), compare=compare)
        except ToolverifyError as error:
            mend = error.mend or "mend it, or leave the task out"
            raise PlanError(
                f"task {task.id!r} cannot be scored: {error.problem}", path=f"{file}: {error.path}", mend=mend
            ) from error
    return len(tasks)


def _stage(around: Surroundings, index: int) -> bool:
    """Train and judge a stage, or what is left of it; False where the budget ended it before."""
    stage, folder = around.run.plan.stages[index], around.folder
    if folder.is_done(stage.label):
        return True
    if not folder.model(stage.label).is_dir() and not _train(around, index):
        return False
    if not (
        isinstance(stage, GrpoStage) and is_needed(around.run.plan)
    ):  # that one has been judged by its trainer
        judge_loaded(around, stage, str(folder.model(stage.label)), _steps_of(around, stage), "end")
    if around.first:
        seconds = folder.told_of_model(stage.label) + _judged_for(around, stage.label)
        folder.done(stage.label, {"seconds": round(seconds, 3)})
        folder.drop_checkpoints(stage.label)
    return True


def _judged_for(around: Surroundings, label: str) -> float:
    """How long a stage's last evaluation took; those in between count as training."""
    lines = read_lines(around.folder.evaluations)
    return float(sum([line["seconds"] for line in lines if (line["stage"], line["at"]) == (label, "end")]))


def _steps_of(around: Surroundings, stage: Stage) -> int:
    """The steps a stage has had, by its log."""
    steps = [line["step"] for line in read_lines(around.folder.log) if line["stage"] == stage.label]
    return max(steps, default=0)


def _train(around: Surroundings, index: int) -> bool:
    """Train a stage to its end, and write down its model; False where the budget ended it before."""
    stage = around.run.plan.stages[index]
    checkpoint = around.folder.checkpoint(stage.label)
    staged = _prepared(around, index)
    done = 0 if checkpoint is None else checkpoint[0] // staged.beats
    if around.first:
        _rewind(around, index, done)
        _tell(stage.label, staged, done)
    display = Display(stage.label, staged.steps, done, shown=around.first)
    watch = Watch(_watched(around, stage, staged, checkpoint), display)
    prepare_torch(around.run.plan, around.run.seed)
    trainer = _made(around, index, staged, watch)
    watch.trainer = trainer
    _without_own_printing(trainer)
    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint[1]))
    finally:
        display.close()
    if watch.out_of_budget:
        say(f"{stage.label}: the budget is spent at step {trainer.state.global_step // staged.beats}")
        return False
    if isinstance(stage, GrpoStage) and is_needed(around.run.plan):
        judge_by_trainer(around, stage, trainer, staged.steps, "end")
    _save(around, stage.label, trainer, watch.seconds)
    return True


def _made(around: Surroundings, index: int, staged: Staged, watch: Watch) -> Any:
    """The trainer of a stage.

    Raises:
        PlanError: TRL refuses the settings.
    """
    try:
        return staged.make(_source(around, index), [watch])
    except (ValueError, ImportError) as error:
        problem = f"TRL refuses the stage: {str(error).strip().splitlines()[0]}"
        raise PlanError(problem, path=f"stages[{index}]", mend="mend the key it is about") from error


def _prepared(around: Surroundings, index: int) -> Staged:
    plan = around.run.plan
    stage = plan.stages[index]
    files = [plan.resolve(path) for path in stage.tasks or plan.tasks.train]
    tasks = shared([task for file in files for task in read_tasks(file)], stage.share)
    if isinstance(stage, SftStage):
        return prepare_sft(around.run, index, stage, around.texts, tasks, around.device)
    return prepare_grpo(around.run, index, stage, around.texts, tasks, around.device)


def _rewind(around: Surroundings, index: int, done: int) -> None:
    """Take back whatever was written after the checkpoint from which the stage goes on."""
    stage = around.run.plan.stages[index]
    around.folder.drop_unsealed(stage.label)
    around.folder.rewind(stage.label, done, [later.label for later in around.run.plan.stages[index + 1 :]])


def _tell(label: str, staged: Staged, done: int) -> None:
    left_out = f", {staged.left_out} left out as too long" if staged.left_out else ""
    resumed = f", from step {done} on" if done else ""
    say(f"{label}: {staged.steps} steps over {staged.used} tasks{left_out}{resumed}")


def _source(around: Surroundings, index: int) -> str:
    """Where a stage's first model comes from: the stage before it, or the plan."""
    if index == 0:
        return around.run.plan.model_source()
    return str(around.folder.model(around.run.plan.stages[index - 1].label))


def _watched(around: Surroundings, stage: Stage, staged: Staged, checkpoint: Checkpoint | None) -> Watched:
    def evaluate(trainer: Any, model: Any, step: int, display: Display) -> None:
        if isinstance(stage, GrpoStage) and is_needed(around.run.plan):
            judge_by_trainer(around, stage, trainer, step, "between", display.say)
        elif not is_needed(around.run.plan):  # a model in parts is judged at the end of its stage
            judge_model(around, stage, model, step, "between", display.say)

    return Watched(
        folder=around.folder,
        told={**around.told, "stage": stage.label, "use": stage.use},
        label=stage.label,
        beats=staged.beats,
        components=staged.components,
        evaluate_every=stage.evaluate_every,
        evaluate=evaluate,
        seconds_left=None if around.ends is None else around.ends - time.monotonic(),
        seconds_before=0.0 if checkpoint is None else checkpoint[2].get("seconds", 0.0),
    )


def _without_own_printing(trainer: Any) -> None:
    """Transformers prints every log where its bar is off; the run shows its own progress."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _save(around: Surroundings, label: str, trainer: Any, seconds: float) -> None:
    """Write the model of a stage, whole or not at all; adapters are merged into it."""
    folder = around.folder.model(label)
    unfinished = folder.with_name("model.unfinished")
    model = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(model, "merge_and_unload"):
        merged = model.merge_and_unload()
        if around.first:
            merged.save_pretrained(unfinished)
    else:
        trainer.save_model(str(unfinished))  # every process has its part in it
    trainer.accelerator.wait_for_everyone()
    if around.first:
        around.texts.tokenizer.save_pretrained(unfinished)
        around.folder.tell_of_model(unfinished, seconds)
        unfinished.replace(folder)
    trainer.accelerator.wait_for_everyone()
