"""What a configuration of GRPOTrainer gets wrong about rewards, before a GPU is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.checkup import Fault
from toolverify.errors import ToolverifyError
from toolverify_trl.ready import known_profiles

#: Keys that GRPOConfig had once, and what to do instead.
REMOVED = {
    "max_prompt_length": "prompts are never cut: leave out the rows that are too long",
    "use_liger_loss": "write use_liger_kernel",
    "wandb_log_unique_prompts": "write log_unique_prompts",
    "vllm_guided_decoding_regex": "write vllm_structured_outputs_regex",
    "vllm_max_model_len": "write vllm_max_model_length",
}
_PACKAGE = "toolverify_trl."
#: The defaults of GRPOConfig.
_BATCH, _GENERATIONS, _ACCUMULATION = 8, 8, 1


def check_config(config: Mapping[str, Any]) -> Iterator[Fault]:
    """Every fault that the keys tell."""
    yield from _removed(config)
    yield from _columns_dropped(config)
    yield from _groups(config)
    yield from _functions(config)


def _removed(config: Mapping[str, Any]) -> Iterator[Fault]:
    for key, mend in REMOVED.items():
        if key in config:
            yield Fault("config.removed_key", f"GRPOConfig has no {key} any more", mend, where=key)


def _columns_dropped(config: Mapping[str, Any]) -> Iterator[Fault]:
    if _number(config, "remove_unused_columns", 0):
        message = "remove_unused_columns takes the answers away before the reward sees them"
        yield Fault("config.columns_removed", message, "leave it out", where="remove_unused_columns")


def _groups(config: Mapping[str, Any]) -> Iterator[Fault]:
    """A batch holds completions, and must hold whole groups of them."""
    generations = _number(config, "num_generations", _GENERATIONS)
    if generations < 2:
        message = f"num_generations is {generations}: a group of one has nothing to be compared with"
        yield Fault("config.group", message, "use at least 2", where="num_generations")
        return
    size, processes = _batch(config), _number(config, "num_processes", 1)
    if size * processes % generations:
        message = (
            f"{size * processes} completions a batch ({processes} process{'es' * (processes > 1)}) are no whole "
            f"groups of num_generations = {generations}: per_device_train_batch_size counts completions"
        )
        known = "num_processes" in config or "generation_batch_size" in config
        mend = f"make it a multiple of {generations}"
        yield Fault("config.batch", message, mend, "error" if known else "warning", _batch_key(config))


def _batch(config: Mapping[str, Any]) -> int:
    """Completions of one process for which rewards are asked at once."""
    if _number(config, "generation_batch_size", 0):
        return _number(config, "generation_batch_size", 0)
    steps = _number(
        config, "steps_per_generation", _number(config, "gradient_accumulation_steps", _ACCUMULATION)
    )
    return _number(config, "per_device_train_batch_size", _BATCH) * steps


def _batch_key(config: Mapping[str, Any]) -> str:
    keys = ("generation_batch_size", "per_device_train_batch_size")
    return next((key for key in keys if key in config), keys[1])


def _functions(config: Mapping[str, Any]) -> Iterator[Fault]:
    named = config.get("reward_funcs")
    if named is None:
        return
    functions = named.split() if isinstance(named, str) else [str(name) for name in named]
    yield from _weights(config.get("reward_weights"), functions)
    yield from _twins(functions)
    for function in functions:
        yield from _unknown(function)
    if sum([function.startswith(_PACKAGE) for function in set(functions)]) > 1:
        message = "two profiles log their metrics under the same names, so each is the mean of both"
        mend = 'use a script with Reward(…, prefix="typed/")'
        yield Fault("config.shared_metrics", message, mend, "warning", "reward_funcs")


def _weights(weights: Any, functions: Sequence[str]) -> Iterator[Fault]:
    if isinstance(weights, list | tuple) and len(weights) != len(functions):
        message = f"{len(weights)} reward_weights for {len(functions)} reward functions"
        yield Fault("config.weights", message, "give one weight a function", where="reward_weights")


def _twins(functions: Sequence[str]) -> Iterator[Fault]:
    for name, times in Counter([function.rpartition(".")[2] for function in functions]).items():
        if times > 1:
            message = f"{times} reward functions are named {name!r}: TRL logs them as one"
            mend = "use one, or a script with Reward(…, name=…)"
            yield Fault("config.same_name", message, mend, where="reward_funcs")


def _unknown(function: str) -> Iterator[Fault]:
    """Whether a ready reward is there; rewards of others are none of our business."""
    name = function.removeprefix(_PACKAGE)
    if name == function:
        return
    import toolverify_trl

    try:
        getattr(toolverify_trl, name)
    except (AttributeError, ToolverifyError) as error:
        mend = f"use one of: {', '.join(sorted(known_profiles()))}"
        yield Fault("config.unknown_reward", str(error), mend, where="reward_funcs")


def _number(config: Mapping[str, Any], key: str, default: int) -> int:
    """A number of the configuration, which may come as text."""
    value = config.get(key)
    if isinstance(value, str):
        value = {"true": 1, "false": 0}.get(value.lower(), value)
    try:
        return default if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        return default
