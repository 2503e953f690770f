"""The language model, made from nothing."""

from __future__ import annotations

from typing import Any, Literal

from toolverify.errors import PlanError

Size = Literal["tiny", "large"]
_SHARED = {"tie_word_embeddings": True, "max_position_embeddings": 512, "attention_dropout": 0.0}
#: `initializer_range` is wide for the tiny one: with a narrow one it does not learn to copy.
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "head_dim": 32,
        "initializer_range": 0.08,
    },
    "large": {
        "hidden_size": 512,
        "intermediate_size": 1536,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "initializer_range": 0.03,
    },
}


def make_model(tokenizer: Any, size: Size = "tiny", seed: int = 0) -> Any:
    """A model with random weights for the tokenizer.

    Args:
        tokenizer: The tokenizer that `make_tokenizer` made.
        size: `tiny` has half a million parameters and learns on one CPU thread; `large` has forty million.
        seed: Decides the weights.

    Raises:
        PlanError: There is no such size.
    """
    if size not in SHAPES:
        raise PlanError(f"unknown size {size!r}", path="size", mend=f"use one of {', '.join(SHAPES)}")
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    torch.manual_seed(seed)
    config = Qwen3Config(vocab_size=len(tokenizer), bos_token_id=None, **ends, **_SHARED, **SHAPES[size])
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(**ends)
    return model
