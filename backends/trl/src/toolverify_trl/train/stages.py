"""TRL's trainers, made for a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from toolverify.errors import PlanError
from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.rendered import Run
from toolverify.tasks import Task
from toolverify_trl.adapter import Reward, RewardFunction
from toolverify_trl.several import reward_weights, rewards
from toolverify_trl.train.arguments import grpo_arguments, sft_arguments, stage_seed, updates_a_step
from toolverify_trl.train.by_trainer import is_needed, switched
from toolverify_trl.train.load import adapters
from toolverify_trl.train.order import bucketed, count_steps, shuffled
from toolverify_trl.train.run_folder import RunFolder
from toolverify_trl.train.texts import Texts, grpo_row, not_longer, sft_row


class Staged(Struct, frozen=True):
    """A stage, ready to be trained.

    Attributes:
        make: Makes the trainer of the model in a folder, or of that name on the hub.
        steps: How many steps of the plan it has.
        beats: What TRL counts as steps for one of them.
        components: The metrics of its reward.
        used: How many tasks it uses.
        left_out: How many are too long.
    """

    make: Any
    steps: int
    beats: int
    components: tuple[str, ...]
    used: int
    left_out: int


def prepare_sft(
    run: Run, index: int, stage: SftStage, texts: Texts, tasks: Sequence[Task], device: str
) -> Staged:
    """Supervised fine-tuning, over tokens that stand in the order of the whole stage."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    made = [sft_row(texts, task, reasoning=stage.reasoning == "keep") for task in tasks]
    rows = not_longer(made, [len(row["input_ids"]) for row in made], stage.max_tokens)
    _refuse_none(rows, made, index, "max_tokens")
    steps = count_steps(stage.steps, stage.epochs, len(rows), stage.batch)
    seed = stage_seed(run, index)
    order = shuffled(len(rows), steps * stage.batch, seed)
    order = bucketed(order, [len(row["input_ids"]) for row in rows], stage.batch, seed)
    data = Dataset.from_list(rows).select(order)

    def make(source: str, callbacks: list[Any]) -> Any:
        return SFTTrainer(
            model=source,
            processing_class=texts.tokenizer,
            train_dataset=data,
            callbacks=callbacks,
            peft_config=adapters(stage),
            args=SFTConfig(**sft_arguments(run, index, stage, steps, device)),
        )

    return Staged(make, steps, 1, (), len(rows), len(made) - len(rows))


def prepare_grpo(
    run: Run, index: int, stage: GrpoStage, texts: Texts, tasks: Sequence[Task], device: str
) -> Staged:
    """Group relative policy optimisation, over tasks that stand in the order of the whole stage."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    made = [grpo_row(texts, task) for task in tasks]
    rows = not_longer(made, _prompt_lengths(texts, made, stage.max_prompt_tokens), stage.max_prompt_tokens)
    _refuse_none(rows, made, index, "max_prompt_tokens")
    steps = count_steps(stage.steps, stage.epochs, len(rows), stage.prompts)
    data = Dataset.from_list(rows).select(shuffled(len(rows), steps * stage.prompts, stage_seed(run, index)))
    functions = reward_functions(run, stage)

    def make(source: str, callbacks: list[Any]) -> Any:
        return GRPOTrainer(
            model=source,
            processing_class=texts.tokenizer,
            reward_funcs=functions,
            train_dataset=data,
            callbacks=callbacks,
            peft_config=adapters(stage),
            args=GRPOConfig(
                reward_weights=reward_weights(functions), **grpo_arguments(run, index, stage, steps, device)
            ),
        )

    return Staged(make, steps, updates_a_step(stage), functions[0].names, len(rows), len(made) - len(rows))


def reward_functions(run: Run, stage: GrpoStage) -> list[Any]:
    """The plan's profile as TRL takes it: one function, or one for each part or rule."""
    functions = _trained_by(run, stage)
    if not is_needed(run.plan):
        return list(functions)
    return switched(run.plan, functions, stage, run.folder / "held-out.unfinished.jsonl")


def _trained_by(run: Run, stage: GrpoStage) -> list[RewardFunction]:
    folder = RunFolder(run.folder)
    folder.stage(stage.label).mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {
        "log": folder.completions(stage.label),
        "log_completions": run.plan.logs.completions,
        "log_with": {"hash": run.plan.hash, "seed": run.seed, "stage": stage.label},
        "max_completion_length": stage.max_completion_tokens,
    }
    profile = run.plan.verifier().profile
    if stage.rewards == "whole":
        return [Reward(profile, name="reward", **options)]
    return rewards(profile, by="part" if stage.rewards == "parts" else "rule", name="reward", **options)


def _prompt_lengths(texts: Texts, rows: Sequence[dict[str, Any]], most: int | None) -> list[int]:
    """How long the prompts are, in tokens; where nothing depends on it, nothing is counted."""
    if most is None:
        return [0] * len(rows)
    return [len(ids) for ids in texts.tokenizer([row["prompt"] for row in rows])["input_ids"]]


def _refuse_none(rows: Sequence[Any], made: Sequence[Any], index: int, key: str) -> None:
    if not made:
        raise PlanError(
            "no task to learn from",
            path=f"stages[{index}]",
            mend="its files, or its share of them, are empty",
        )
    if not rows:
        mend = f"raise {key}, or give it other tasks"
        raise PlanError(
            f"all of its {len(made)} tasks are too long", path=f"stages[{index}].{key}", mend=mend
        )
