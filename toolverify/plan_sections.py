"""The sections of a training plan; every key with its meaning, from which docs/plan.md is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _listed(value: Any) -> Any:
    """One path may be written without brackets."""
    return (value,) if isinstance(value, str) else _as_tuple(value)


Paths = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Beta = Annotated[float, Field(ge=0, lt=1)]
Betas = Annotated[tuple[Beta, Beta], BeforeValidator(_as_tuple)]
#: A name that is a folder's too: no separators, and nothing that hides or climbs.
Name = Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]*)?$")]
Share = Annotated[tuple[float, float], BeforeValidator(_as_tuple)]


class Section(BaseModel):
    """What all sections have in common: frozen, strict, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ModelSection(Section):
    """The model that is trained."""

    path: str = Field(
        description="a folder, from the plan's own, or the name of a model on the Hugging Face hub"
    )
    tokenizer: str | None = Field(
        default=None, description="the same for the tokenizer, where it lies elsewhere"
    )
    revision: str | None = Field(default=None, description="the revision on the hub")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="of the weights; `auto`: 32 bits, computed with in bfloat16 on a GPU"
    )
    attention: str | None = Field(
        default=None, description="the implementation of attention, such as `flash_attention_2`"
    )
    trust_remote_code: bool = Field(
        default=False, description="whether code that comes with the model may run"
    )


class TasksSection(Section):
    """The tasks, as files of the form in docs/training.md."""

    train: Paths = Field(description="the files with the tasks to train on")
    held_out: Paths = Field(default=(), description="the files with the tasks that only judge")


class LoraSection(Section):
    """Adapters instead of all weights; needs peft."""

    rank: Count = Field(default=16, description="the rank")
    alpha: Rate = Field(default=32.0, description="the scale")
    dropout: Amount = Field(default=0.0, description="the dropout")
    modules: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=("all-linear",), description="the modules that get one"
    )


class StageSection(Section):
    """What SFT and GRPO have in common."""

    name: Name = Field(
        default="", description="the stage's name in logs and folders; `use` where there is none"
    )
    tasks: Paths = Field(default=(), description="other files than `tasks.train`")
    share: Share = Field(
        default=(0.0, 1.0),
        description="the part of the tasks, ordered by a hash of their ids, as `[0.0, 0.5]`",
    )
    steps: Count | None = Field(default=None, description="steps; this or `epochs`")
    epochs: Rate | None = Field(default=None, description="rounds over the tasks; this or `steps`")
    learning_rate: Rate = Field(default=1e-6, description="the greatest learning rate")
    schedule: Literal["constant", "linear", "cosine"] = Field(
        default="constant", description="how the learning rate falls after the warm-up"
    )
    warmup: Annotated[int, Field(ge=0)] = Field(
        default=0, description="steps in which the learning rate rises"
    )
    weight_decay: Amount = Field(default=0.0, description="AdamW's weight decay")
    betas: Betas = Field(default=(0.9, 0.999), description="AdamW's betas")
    clip_gradient: Rate = Field(default=1.0, description="the greatest norm of the gradient")
    evaluate_every: Count | None = Field(
        default=None, description="steps between evaluations; each stage is evaluated at its end in any case"
    )
    lora: LoraSection | None = Field(default=None, description="train adapters")

    @model_validator(mode="after")
    def _has_one_length(self) -> StageSection:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("a stage has either steps or epochs; write one of them")
        low, high = self.share
        if not 0 <= low < high <= 1:
            raise ValueError("share is a part of the tasks; write two numbers such as [0.0, 0.5]")
        return self

    @property
    def label(self) -> str:
        """The name of the stage."""
        return self.name or str(getattr(self, "use", ""))

    @property
    def length(self) -> str:
        """How long it is, in words."""
        return f"{self.steps} steps" if self.steps is not None else f"{self.epochs:g} epochs"


class SftStage(StageSection):
    """Supervised fine-tuning: the model imitates completions."""

    use: Literal["sft"] = Field(description="`sft`")
    batch: Count = Field(default=32, description="completions a step")
    reasoning: Literal["keep", "drop"] = Field(
        default="keep", description="`drop`: the reasoning is taken out of the completions"
    )
    max_tokens: Count | None = Field(default=None, description="longer rows are left out, and counted")

    def told(self) -> str:
        """The stage in a line."""
        return f"{self.length} of {self.batch} completions that are imitated"


class GrpoStage(StageSection):
    """Group relative policy optimisation: the model tries, and the profile rewards."""

    use: Literal["grpo"] = Field(description="`grpo`")
    prompts: Count = Field(default=16, description="tasks a step")
    group: Annotated[int, Field(ge=2)] = Field(default=8, description="completions a task")
    updates: Count = Field(
        default=1,
        description="updates a step, each with its part of the completions; more than one is off policy",
    )
    iterations: Count = Field(default=1, description="how often the completions of a step are gone through")
    temperature: Rate = Field(default=1.0, description="the temperature of completions")
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(default=1.0, description="the nucleus of completions")
    max_prompt_tokens: Count | None = Field(
        default=None, description="tasks with a longer prompt are left out, and counted"
    )
    max_completion_tokens: Count = Field(default=1024, description="where a completion is cut off")
    kl: Amount = Field(default=0.0, description="the weight of the divergence from the stage's first model")
    clip: Rate = Field(default=0.2, description="how far the policy may move in an update")
    clip_high: Rate | None = Field(default=None, description="the same upwards, where it is another number")
    entropy: float = Field(default=0.0, description="the weight of an entropy bonus")
    loss: Literal["grpo", "dr-grpo", "bnpo", "dapo"] = Field(
        default="dapo", description="how the tokens of a step are weighed"
    )
    scale: Literal["group", "batch", "none"] = Field(
        default="group", description="over what the spread of rewards is taken out of advantages"
    )
    rewards: Literal["whole", "parts", "rules"] = Field(
        default="whole", description="the profile as one reward, or each of its parts or rules as one"
    )
    aggregate: Literal["sum-then-normalize", "normalize-then-sum"] = Field(
        default="sum-then-normalize", description="for several rewards: what is done first"
    )
    skip_cut_off: bool = Field(
        default=False, description="leave completions that were cut off out of the update"
    )

    def told(self) -> str:
        """The stage in a line."""
        size = self.prompts * self.group
        return f"{self.length} of {self.prompts} tasks, {self.group} completions each: {size} a step"


class EvaluationSection(Section):
    """How the held-out tasks are judged."""

    tasks: Count = Field(default=200, description="at most so many tasks at the end of a stage")
    tasks_between: Count | None = Field(
        default=None, description="at most so many in the midst of one; else as many"
    )
    decoding: Annotated[tuple[Literal["sampled", "greedy"], ...], BeforeValidator(_as_tuple)] = Field(
        default=("sampled", "greedy"),
        description="`sampled` at the temperature of the GRPO stage, `greedy`, or both",
    )
    batch: Count = Field(default=64, description="tasks at once")
    first: bool = Field(default=True, description="whether the model is judged before the first stage")


class CheckpointsSection(Section):
    """What `--resume` goes on from."""

    every: Count = Field(default=50, description="steps between checkpoints")
    keep: Count = Field(default=2, description="checkpoints that are kept")


class BudgetSection(Section):
    """Where a run stops, to go on with `--resume`."""

    hours: Rate | None = Field(
        default=None, description="hours after which a checkpoint is written and the run ends"
    )


class VllmSection(Section):
    """Completions by vLLM."""

    mode: Literal["colocate", "server"] = Field(
        default="colocate", description="in the trainer's processes, or a server"
    )
    memory: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.3, description="the part of a GPU's memory it may take"
    )
    tensor_parallel: Count = Field(default=1, description="GPUs that share one copy of the model")
    max_length: Count | None = Field(
        default=None, description="the longest prompt with its completion, in tokens"
    )
    sleep: bool = Field(default=False, description="whether it gives its memory back while the model learns")
    server: str | None = Field(
        default=None, description="the server's address, such as `http://localhost:8000`"
    )


class ResourcesSection(Section):
    """Where the run runs."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="`auto`: a GPU where there is one"
    )
    gpus: Count = Field(default=1, description="GPUs, or processes on a CPU, of each node")
    nodes: Count = Field(default=1, description="machines")
    threads: Count = Field(
        default=1, description="threads of each process on a CPU; more wait for each other on a busy one"
    )
    micro_batch: Count | None = Field(
        default=None,
        description="completions that a device works on at once; else as many as a step has for it",
    )
    sharding: Literal["none", "fsdp", "zero-2", "zero-3"] = Field(
        default="none", description="how weights and optimiser are spread over GPUs"
    )
    gradient_checkpointing: bool = Field(
        default=False, description="compute again what would not fit in memory"
    )
    vllm: VllmSection | None = Field(default=None, description="let vLLM write the completions")


class LogsSection(Section):
    """What a run leaves behind, beside its models."""

    every: Count = Field(default=1, description="steps between lines of the log")
    completions: Annotated[int, Field(ge=0)] = Field(
        default=256, description="completions of each step that are kept"
    )
    tensorboard: bool = Field(default=True, description="write TensorBoard's files, where it is installed")
    wandb: str | None = Field(default=None, description="the project at Weights & Biases")
