"""The settings of TRL's trainers that a plan asks for; nothing here needs TRL."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from toolverify.errors import PlanError
from toolverify.plan import Plan
from toolverify.plan_sections import GrpoStage, SftStage, StageSection
from toolverify.rendered import Run

_LOSSES = {"grpo": "grpo", "dr-grpo": "dr_grpo", "bnpo": "bnpo", "dapo": "dapo"}
_SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
_PATIENCE = (
    7_200  # seconds that processes wait for each other: held-out tasks of long completions take their time
)


class Split(Struct, frozen=True):
    """How the completions of an update are spread.

    Attributes:
        micro: What a device works on at once.
        accumulated: How often it does so for an update.
    """

    micro: int
    accumulated: int


def processes(plan: Plan) -> int:
    """How many processes train together."""
    return plan.resources.gpus * plan.resources.nodes


def split(plan: Plan, size: int, key: str) -> Split:
    """Spread the completions of an update over all devices.

    Raises:
        PlanError: They cannot be spread evenly.
    """
    count = processes(plan)
    each, left = divmod(size, count)
    if left or not each:
        mend = f"make it a multiple of {count}: resources.gpus times resources.nodes"
        raise PlanError(f"{size} completions do not spread over {count} processes", path=key, mend=mend)
    micro = min(plan.resources.micro_batch or each, each)
    if each % micro:
        mend = f"use a divisor of {each}, the completions of an update that each device gets"
        raise PlanError(f"{each} is no multiple of {micro}", path="resources.micro_batch", mend=mend)
    return Split(micro, each // micro)


def stage_seed(run: Run, index: int) -> int:
    """The seed of a stage: stages of a run differ, and a stage begun anew does not."""
    return run.seed * 1_000 + index


def sft_arguments(run: Run, index: int, stage: SftStage, steps: int | str, device: str) -> dict[str, Any]:
    """What SFTConfig is made with."""
    part = split(run.plan, stage.batch, f"stages[{index}].batch")
    return {
        **_shared_arguments(run, index, stage, device),
        "max_steps": steps,
        "per_device_train_batch_size": part.micro,
        "gradient_accumulation_steps": part.accumulated,
        "save_steps": run.plan.checkpoints.every,
        "completion_only_loss": True,  # TRL cannot tell it from rows that are tokens already
        "max_length": None,  # too long rows are left out before
        "train_sampling_strategy": "sequential",  # the rows stand in their order
        "shuffle_dataset": False,
    }


def grpo_arguments(run: Run, index: int, stage: GrpoStage, steps: int | str, device: str) -> dict[str, Any]:
    """What GRPOConfig is made with."""
    size = stage.prompts * stage.group
    if size % stage.updates:
        mend = "use a divisor of prompts times group"
        raise PlanError(
            f"{size} completions do not split into {stage.updates} updates",
            path=f"stages[{index}].updates",
            mend=mend,
        )
    part = split(run.plan, size // stage.updates, f"stages[{index}].prompts")
    beats = updates_a_step(stage)
    return {
        **_shared_arguments(run, index, stage, device),
        "max_steps": steps * beats if isinstance(steps, int) else steps,
        "logging_steps": run.plan.logs.every * beats,
        "per_device_train_batch_size": part.micro,
        "gradient_accumulation_steps": part.accumulated,
        "steps_per_generation": part.accumulated * stage.updates,
        "num_iterations": stage.iterations,
        "num_generations": stage.group,
        "num_generations_eval": 1,
        "save_steps": run.plan.checkpoints.every * beats,
        "shuffle_dataset": False,
        "temperature": stage.temperature,
        "top_p": stage.top_p,
        "max_completion_length": stage.max_completion_tokens,
        "beta": stage.kl,
        "epsilon": stage.clip,
        "epsilon_high": stage.clip_high,
        "entropy_coef": stage.entropy,
        "loss_type": _LOSSES[stage.loss],
        "scale_rewards": stage.scale,
        "multi_objective_aggregation": stage.aggregate.replace("-", "_"),
        "mask_truncated_completions": stage.skip_cut_off,
        "remove_unused_columns": False,
        **_vllm(run.plan),
    }


def updates_a_step(stage: GrpoStage) -> int:
    """What TRL counts as steps for one step of the plan."""
    return stage.updates * stage.iterations


def _shared_arguments(run: Run, index: int, stage: StageSection, device: str) -> dict[str, Any]:
    plan = run.plan
    return {
        "output_dir": str(run.folder / "stages" / stage.label),
        "run_name": f"{plan.name}-{stage.label}-{run.seed}-{plan.hash}",
        "seed": stage_seed(run, index),
        "learning_rate": stage.learning_rate,
        "lr_scheduler_type": _SCHEDULES[stage.schedule],
        "warmup_steps": stage.warmup,
        "weight_decay": stage.weight_decay,
        "adam_beta1": stage.betas[0],
        "adam_beta2": stage.betas[1],
        "max_grad_norm": stage.clip_gradient,
        "logging_steps": plan.logs.every,
        "save_strategy": "steps",
        "save_total_limit": plan.checkpoints.keep,
        "report_to": reporters(plan),
        "disable_tqdm": True,  # the run shows its own progress
        "ddp_timeout": _PATIENCE,
        "logging_nan_inf_filter": False,  # a loss that is no number is told, not shown as 0
        "model_init_kwargs": model_options(plan),
        "gradient_checkpointing": plan.resources.gradient_checkpointing,
        **_device(plan, device),
        **_sharding(plan),
    }


def reporters(plan: Plan) -> list[str]:
    """Where TRL reports to; TensorBoard only where it is installed."""
    from importlib.util import find_spec

    wanted = ["wandb"] if plan.logs.wandb else []
    return [*wanted, "tensorboard"] if plan.logs.tensorboard and find_spec("tensorboard") else wanted


def model_options(plan: Plan) -> dict[str, Any]:
    """What a model is loaded with; a reference model too."""
    known = {
        "dtype": "float32" if plan.model.dtype == "auto" else plan.model.dtype,
        "attn_implementation": plan.model.attention,
        "revision": plan.model.revision,
        "trust_remote_code": plan.model.trust_remote_code or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _device(plan: Plan, device: str) -> dict[str, Any]:
    """On a GPU, weights of 32 bits are computed with in bfloat16; a CPU has no use for that."""
    if device == "cpu":
        return {"use_cpu": True, "bf16": False, "dataloader_pin_memory": False}
    return {"bf16": plan.model.dtype in {"auto", "bfloat16"}, "fp16": plan.model.dtype == "float16"}


def _sharding(plan: Plan) -> dict[str, Any]:
    kind = plan.resources.sharding
    if kind == "none":
        return {}
    if kind == "fsdp":
        return {"fsdp": True, "fsdp_config": {"version": 2}}
    stage = int(kind[-1])
    return {
        "deepspeed": {
            "zero_optimization": {
                "stage": stage,
                "overlap_comm": True,
                # Without it, what is saved of a model in parts cannot be loaded by the next stage.
                **({"stage3_gather_16bit_weights_on_model_save": True} if stage == 3 else {}),
            },
            "bf16": {"enabled": "auto"},
            "train_micro_batch_size_per_gpu": "auto",
            "gradient_accumulation_steps": "auto",
            "gradient_clipping": "auto",
        }
    }


def _vllm(plan: Plan) -> dict[str, Any]:
    vllm = plan.resources.vllm
    if vllm is None:
        return {}
    known = {
        "use_vllm": True,
        "vllm_mode": vllm.mode,
        "vllm_gpu_memory_utilization": vllm.memory,
        "vllm_tensor_parallel_size": vllm.tensor_parallel,
        "vllm_max_model_length": vllm.max_length,
        "vllm_enable_sleep_mode": vllm.sleep,
    }
    return known if vllm.server is None else {**known, "vllm_server_base_url": vllm.server}
