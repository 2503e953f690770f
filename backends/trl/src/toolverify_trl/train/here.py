"""A run in this process: stage after stage, each from where the one before it ended."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.rendered import Run
from toolverify.tasks import Task, read_tasks
from toolverify.versions import installed_versions
from toolverify_trl.train.held_out import Judging, judge
from toolverify_trl.train.load import load_model, load_tokenizer, prepare_torch, resolved_device
from toolverify_trl.train.order import shared
from toolverify_trl.train.run_folder import RunFolder, append, read_lines, write_rows
from toolverify_trl.train.show import Display, clock, say
from toolverify_trl.train.stages import Staged, prepare_grpo, prepare_sft
from toolverify_trl.train.texts import Texts, make_texts
from toolverify_trl.train.watch import Watch, Watched

_NAMED = ("toolverify", "toolverify-trl", "trl", "transformers", "torch", "accelerate", "datasets")
_LONGEST = 1_024  # tokens of a completion that is judged, where no stage says where it is cut off


class Surroundings(Struct, frozen=True):
    """What all stages of a run share.

    Attributes:
        run: The run.
        folder: Its folder.
        texts: What turns tasks into texts.
        held_out: The tasks that judge.
        device: `cpu` or `cuda`.
        first: Whether this process writes what all processes of the run share.
        ends: When the budget is spent, by the clock that only goes forward.
    """

    run: Run
    folder: RunFolder
    texts: Texts
    held_out: Sequence[Task]
    device: str
    first: bool
    ends: float | None

    @property
    def told(self) -> dict[str, Any]:
        """What every line of a log begins with."""
        return {"hash": self.run.plan.hash, "seed": self.run.seed}


def run_here(run: Run) -> bool:
    """Train what is left of a run; False where its budget ended it before.

    Raises:
        PlanError: Something that the plan names is not there, or cannot be used.
    """
    around = _surroundings(run)
    if around.first:
        _begin(around)
    _judge_first(around)
    for index in range(len(run.plan.stages)):
        if not _stage(around, index):
            return False
    if around.first:
        seconds = {stage.label: around.folder.told(stage.label)["seconds"] for stage in run.plan.stages}
        around.folder.finish({"seconds": round(sum(seconds.values()), 3), "stages": seconds})
    return True


def _surroundings(run: Run) -> Surroundings:
    device = resolved_device(run.plan)
    prepare_torch(run.plan, run.seed)
    _quiet()
    held_out = [task for path in run.plan.tasks.held_out for task in read_tasks(run.plan.resolve(path))]
    hours = run.plan.budget.hours
    return Surroundings(
        run=run,
        folder=RunFolder(run.folder),
        texts=make_texts(run.plan, load_tokenizer(run.plan)),
        held_out=held_out,
        device=device,
        first=int(os.environ.get("RANK", "0")) == 0,
        ends=None if hours is None else time.monotonic() + hours * 3_600,
    )


def _quiet() -> None:
    """The libraries' own bars and hints would tear ours."""
    import warnings

    import datasets
    import transformers

    warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*")  # what TRL calls it, not the plan

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()


def _begin(around: Surroundings) -> None:
    """Write down what the run is, where that has not been done."""
    plan, verifier = around.run.plan, around.texts.verifier
    if around.folder.about() is None:
        profile = {
            "name": verifier.profile.name,
            "hash": verifier.hash,
            "format": verifier.profile.format.use,
        }
        about = {
            "plan": plan.name,
            "summary": plan.summary,
            **around.told,
            "backend": "trl",
            "profile": profile,
            "prompt": plan.prompt.use,
            "model": {"source": plan.model_source()},
            "versions": installed_versions(_NAMED),
            "device": around.device,
            "threads": plan.resources.threads,
            "stages": [
                {"name": stage.label, "use": stage.use, "steps": stage.steps} for stage in plan.stages
            ],
            "tasks": {"held_out": len(around.held_out)},
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "keys": plan.model_dump(mode="json"),
        }
        around.folder.begin(about)


# One stage.


def _stage(around: Surroundings, index: int) -> bool:
    """Train and judge a stage, or what is left of it; False where the budget ended it before."""
    stage = around.run.plan.stages[index]
    if around.folder.is_done(stage.label):
        return True
    model_folder = around.folder.model(stage.label)
    if model_folder.is_dir():  # it was trained, and the break came while it was judged
        model = load_model(around.run.plan, str(model_folder), around.device)
        seconds = around.folder.told_of_model(stage.label)
    else:
        model, seconds = _train(around, index)
        if model is None:
            return False
    if around.first:
        _judge(around, stage, model, steps_of(around, stage), "end", None)
        around.folder.done(stage.label, {"seconds": round(seconds, 3)})
        around.folder.drop_checkpoints(stage.label)
    return True


def steps_of(around: Surroundings, stage: SftStage | GrpoStage) -> int:
    """The steps a stage has had, by its log."""
    steps = [line["step"] for line in read_lines(around.folder.log) if line["stage"] == stage.label]
    return max(steps, default=0)


def _train(around: Surroundings, index: int) -> tuple[Any, float]:
    """Train a stage to its end; no model where the budget ended it before."""
    stage, folder = around.run.plan.stages[index], around.folder
    checkpoint = folder.checkpoint(stage.label)
    staged = _prepared(around, index)
    if around.first:
        folder.drop_unsealed(stage.label)
        later = [other.label for other in around.run.plan.stages[index + 1 :]]
        folder.rewind(stage.label, (checkpoint[0] if checkpoint else 0) // staged.beats, later)
    _tell(stage.label, staged, checkpoint)
    display = Display(stage.label, staged.steps, (checkpoint[0] if checkpoint else 0) // staged.beats)
    watch = Watch(_watched(around, stage, staged, checkpoint), display)
    prepare_torch(around.run.plan, around.run.seed)
    model = load_model(around.run.plan, _source(around, index), around.device)
    trainer = staged.make(model, [watch])
    _without_own_printing(trainer)
    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint[1]))
    finally:
        display.close()
    if watch.out_of_budget:
        say(f"{stage.label}: the budget is spent at step {trainer.state.global_step // staged.beats}")
        return None, watch.seconds
    return _saved(around, stage.label, trainer, watch.seconds), watch.seconds


def _prepared(around: Surroundings, index: int) -> Staged:
    plan = around.run.plan
    stage = plan.stages[index]
    files = [plan.resolve(path) for path in stage.tasks or plan.tasks.train]
    tasks = shared([task for file in files for task in read_tasks(file)], stage.share)
    if isinstance(stage, SftStage):
        return prepare_sft(around.run, index, stage, around.texts, tasks, around.device)
    return prepare_grpo(around.run, index, stage, around.texts, tasks, around.device)


def _tell(label: str, staged: Staged, checkpoint: tuple[int, Path, Any] | None) -> None:
    left_out = f", {staged.left_out} left out as too long" if staged.left_out else ""
    resumed = "" if checkpoint is None else f", from step {checkpoint[0] // staged.beats} on"
    say(f"{label}: {staged.steps} steps over {staged.used} tasks{left_out}{resumed}")


def _source(around: Surroundings, index: int) -> str:
    """Where a stage's first model comes from: the stage before it, or the plan."""
    if index == 0:
        return around.run.plan.model_source()
    return str(around.folder.model(around.run.plan.stages[index - 1].label))


def _watched(
    around: Surroundings,
    stage: SftStage | GrpoStage,
    staged: Staged,
    checkpoint: tuple[int, Path, dict[str, Any]] | None,
) -> Watched:
    def evaluate(model: Any, step: int, display: Display) -> None:
        if around.first:
            _judge(around, stage, model, step, "between", display)

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


def _saved(around: Surroundings, label: str, trainer: Any, seconds: float) -> Any:
    """Write the model of a stage, whole or not at all; adapters are merged into it."""
    folder = around.folder.model(label)
    unfinished = folder.with_name("model.unfinished")
    model = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
        if around.first:
            model.save_pretrained(unfinished)
    else:
        trainer.save_model(str(unfinished))  # every process has its part in it
    trainer.accelerator.wait_for_everyone()
    if around.first:
        around.texts.tokenizer.save_pretrained(unfinished)
        around.folder.tell_of_model(unfinished, seconds)
        unfinished.replace(folder)
    trainer.accelerator.wait_for_everyone()
    return model


# Judging.


def _judge_first(around: Surroundings) -> None:
    """Judge the model that the plan begins with."""
    plan = around.run.plan
    if not (plan.evaluation.first and around.first) or around.folder.stage(plan.stages[0].label).exists():
        return
    model = load_model(plan, plan.model_source(), around.device)
    _judge(around, plan.stages[0], model, 0, "start", None)


def _judge(
    around: Surroundings,
    stage: SftStage | GrpoStage,
    model: Any,
    step: int,
    at: str,
    display: Display | None,
) -> None:
    """Judge a model with every decoding of the plan, and write down what came of it."""
    if not around.held_out:
        return
    judging = _judging(around, at)
    for decoding in around.run.plan.evaluation.decoding:
        known = {**around.told, "stage": stage.label, "step": step, "at": at, "decoding": decoding}
        if _is_known(around, known):
            continue
        judged = judge(model, judging, decoding)
        write_rows(around.folder.evaluated(stage.label, step, decoding), judged.rows)
        append(around.folder.evaluations, {**known, **judged.figures})
        told = _told(stage.label, step, decoding, judged.figures)
        (display.say if display else say)(told)


def _is_known(around: Surroundings, known: dict[str, Any]) -> bool:
    lines = read_lines(around.folder.evaluations)
    return any(known.items() <= line.items() for line in lines)


def _judging(around: Surroundings, at: str) -> Judging:
    plan = around.run.plan
    most = plan.evaluation.tasks
    if at == "between":
        most = plan.evaluation.tasks_between or most
    tries = [stage for stage in plan.stages if isinstance(stage, GrpoStage)]
    return Judging(
        texts=around.texts,
        tasks=around.held_out[:most],
        batch=plan.evaluation.batch,
        most=tries[-1].max_completion_tokens if tries else _LONGEST,
        temperature=tries[-1].temperature if tries else 1.0,
        top_p=tries[-1].top_p if tries else 1.0,
        seed=around.run.seed,
    )


def _told(label: str, step: int, decoding: str, figures: dict[str, Any]) -> str:
    low, high = figures["low"], figures["high"]
    return (
        f"{label}, step {step}, held-out, {decoding}: {figures['passed']:.1%} of {figures['n']} passed "
        f"(95 %: {low:.1%} to {high:.1%}), {clock(figures['seconds'])}"
    )
