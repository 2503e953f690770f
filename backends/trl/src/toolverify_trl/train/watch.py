"""What happens beside the training: its log, its checkpoints' seals, evaluations in between, and the end of its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from msgspec import Struct
from transformers import TrainerCallback

from toolverify.errors import PlanError
from toolverify_trl.train.run_folder import RunFolder, append
from toolverify_trl.train.show import Display

#: What TRL calls a figure, and what the log calls it.
_NAMES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "mean_token_accuracy": "token_accuracy",
    "reward": "reward",
    "acc": "passed",
    "completions/mean_length": "completion_tokens",
    "completions/clipped_ratio": "cut_off",
    "entropy": "entropy",
    "frac_reward_zero_std": "equal_groups",
    "kl": "kl",
}


class Watched(Struct, frozen=True):
    """A stage, as far as its watch must know it.

    Attributes:
        folder: The run's folder.
        told: What every line of the log says: the plan's hash, the seed, the stage.
        label: The stage's name.
        beats: What TRL counts as steps for one of the plan's.
        components: The metrics of the reward.
        evaluate_every: Steps between evaluations.
        evaluate: Judges the model at a step.
        seconds_left: What is left of the budget when the stage begins.
        seconds_before: What the stage has taken before it was resumed.
    """

    folder: RunFolder
    told: Mapping[str, Any]
    label: str
    beats: int
    components: Sequence[str]
    evaluate_every: int | None
    evaluate: Callable[[Any, Any, int, Display], None]
    seconds_left: float | None
    seconds_before: float


class Watch(TrainerCallback):  # type: ignore[misc]
    """TRL tells it of every step."""

    def __init__(self, watched: Watched, display: Display) -> None:
        self.watched, self.display = watched, display
        self.trainer: Any = None  # it is made with its callbacks, so they hear of it later
        self.out_of_budget = False
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """What the stage has taken, breaks left out."""
        return self.watched.seconds_before + time.monotonic() - self._began

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """A line of the log."""
        del args, control
        if not state.is_world_process_zero or logs is None or "loss" not in logs:
            return  # the last line of all is a summary of the trainer's own
        step = state.global_step // self.watched.beats
        line = {**self.watched.told, "step": step, "seconds": round(self.seconds, 3), **_renamed(logs)}
        if self.watched.components:
            line["components"] = {name: _number(logs.get(name)) for name in self.watched.components}
        append(self.watched.folder.log, line)
        self.display.step(step, line)
        self._refuse_divergence(step, line)

    def _refuse_divergence(self, step: int, line: Mapping[str, Any]) -> None:
        """A model whose loss is no number any more writes nothing that could be rewarded.

        Raises:
            PlanError: The training has diverged.
        """
        lost = [name for name in ("loss", "grad_norm") if _is_lost(line.get(name))]
        if lost:
            problem = f"the training has diverged: {lost[0]} is {line[lost[0]]} at step {step}"
            mend = "lower learning_rate, or raise warmup; --resume goes on from the last checkpoint"
            raise PlanError(problem, path=f"stage {self.watched.label}", mend=mend)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """An evaluation, where one is due; the end, where the budget is spent."""
        del args
        step, left_over = divmod(state.global_step, self.watched.beats)
        every = self.watched.evaluate_every
        if every and not left_over and step % every == 0 and state.global_step < state.max_steps:
            self.watched.evaluate(self.trainer, model, step, self.display)
        spent = time.monotonic() - self._began
        if self.watched.seconds_left is not None and spent > self.watched.seconds_left and not left_over:
            self.out_of_budget = state.global_step < state.max_steps
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint is whole only now."""
        del args, control
        if state.is_world_process_zero:
            self.watched.folder.seal(self.watched.label, state.global_step, {"seconds": self.seconds})


def _renamed(logs: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: _number(logs[key]) for key, name in _NAMES.items() if key in logs}


def _is_lost(value: Any) -> bool:
    return isinstance(value, float) and not isfinite(value)


def _number(value: Any) -> float | None:
    """A figure; TRL writes some as text."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
