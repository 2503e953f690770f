"""A world in which verl's own parts run: a tokenizer made on the spot, its configuration, and batches as it makes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="tv-verl-"))
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from hydra import compose, initialize_config_module
from tensordict import TensorDict
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from verl import DataProto
from verl_rows import RIGHT, workload

MARKERS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
KWARGS = "reward.custom_reward_function.reward_kwargs"
BY_NAME = ("reward.reward_manager.name=toolverify", f"+{KWARGS}.profile=typed")
TEMPLATE = (
    "{%- for message in messages %}"
    "{%- if message.role == 'tool' %}"
    "{{ '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}"
    "{%- else %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{%- if opens %}{{ '<think>\\n' }}{%- endif %}{%- endif %}"
)


@lru_cache(maxsize=2)
def tokenizer(*, special_markers: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE in the manner of Qwen, whose markers may be special tokens."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    texts = [RIGHT, *[text for _, text in workload(300)]]
    trainer = trainers.BpeTrainer(
        vocab_size=2_000,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    made.add_tokens([AddedToken(text, special=special_markers, normalized=False) for text in MARKERS])
    ends = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=1 << 20, **ends)
    fast.chat_template = TEMPLATE
    return fast


def config(*overrides: str) -> Any:
    """verl's own configuration, composed as its program does."""
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose(
            "ppo_trainer",
            overrides=[
                "actor_rollout_ref.rollout.name=vllm",
                "reward.num_workers=2",
                "data.filter_overlong_prompts_workers=1",
                "data.max_response_length=4096",
                *overrides,
            ],
        )


def prompt_ids(given: Mapping[str, Any], made: Any, **template: Any) -> list[int]:
    """The prompt of a row, as the agent loop renders it."""
    text = made.apply_chat_template(given["prompt"], add_generation_prompt=True, tokenize=False, **template)
    return list(made.encode(text, add_special_tokens=False))


def response_ids(text: str, made: Any, *, ended: bool = True) -> list[int]:
    """The response a model might have written, with the token that ends its turn."""
    return [*made.encode(text, add_special_tokens=False), *([made.eos_token_id] if ended else [])]


def streamed(
    given: Mapping[str, Any],
    ids: Sequence[int],
    made: Any,
    *,
    num_turns: int = 2,
    added: Mapping[str, Any] | None = None,
    template: Mapping[str, Any] | None = None,
) -> DataProto:
    """One trajectory as the agent loop of verl 0.9 sends it to be scored: nothing is padded."""
    prompt = prompt_ids(given, made, **(template or {}))
    whole = torch.tensor([[*prompt, *ids]])
    tensors = {
        "prompts": torch.tensor([prompt]),
        "responses": torch.tensor([list(ids)], dtype=torch.int64),
        "attention_mask": torch.ones_like(whole),
        "input_ids": whole,
        "position_ids": torch.arange(whole.shape[1])[None],
    }
    columns = {
        **_columns(given),
        "__num_turns__": np.array([num_turns]),
        "global_steps": np.array([7]),
        "session_id": np.array([1]),
        "tool_extra_fields": _objects(
            [{"turn_scores": [], "tool_rewards": [], "global_steps": 7, **(added or {})}]
        ),
        "prompt_len": np.array([len(prompt)]),
        "response_len": np.array([len(ids)]),
    }
    return DataProto(batch=TensorDict(tensors, batch_size=1), non_tensor_batch=columns)


def padded(samples: Sequence[tuple[Mapping[str, Any], str]], made: Any) -> DataProto:
    """Trajectories as one batch: prompts padded on the left, responses on the right."""
    prompts = [prompt_ids(given, made) for given, _ in samples]
    responses = [response_ids(text, made) for _, text in samples]
    left, right = max(map(len, prompts)), max(map(len, responses))
    pad = made.pad_token_id
    tensors = {
        "prompts": torch.tensor([[pad] * (left - len(ids)) + ids for ids in prompts]),
        "responses": torch.tensor([ids + [pad] * (right - len(ids)) for ids in responses]),
        "attention_mask": torch.tensor(
            [
                [0] * (left - len(prompt)) + [1] * (len(prompt) + len(ids)) + [0] * (right - len(ids))
                for prompt, ids in zip(prompts, responses, strict=True)
            ]
        ),
    }
    each = [_columns(given) for given, _ in samples]
    columns = {key: _objects([one[key][0] for one in each]) for key in each[0]}
    columns["__num_turns__"] = np.array([2] * len(samples))
    return DataProto(batch=TensorDict(tensors, batch_size=len(samples)), non_tensor_batch=columns)


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "data_source": _objects([given["data_source"]]),
        "reward_model": _objects([dict(given["reward_model"])]),
        "extra_info": _objects([dict(given["extra_info"])]),
        "uid": _objects([f"u{given['extra_info']['index']}"]),
    }


def _objects(values: Sequence[Any]) -> Any:
    return np.fromiter(values, dtype=object, count=len(values))


def parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """A data file of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([dict(one) for one in rows]), path)
    return str(path)
