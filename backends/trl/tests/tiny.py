"""A tokenizer and a model of a few thousand parameters, made on the spot; needs transformers and torch."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

torch.set_num_threads(1)
MARKERS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer(*, special_markers: bool = False) -> PreTrainedTokenizerFast:
    """A token a byte, and one for each marker."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    chat = ("<|pad|>", "<|im_start|>", "<|im_end|>")
    made.add_tokens([AddedToken(token, special=True, normalized=False) for token in chat])
    made.add_tokens([AddedToken(token, special=special_markers, normalized=False) for token in MARKERS])
    ends = {"pad_token": "<|pad|>", "eos_token": "<|im_end|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, padding_side="left", **ends)
    tokenizer.chat_template = CHAT
    return tokenizer


_SIZES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}


def make_model(tokenizer: PreTrainedTokenizerFast, kind: str = "qwen3") -> torch.nn.Module:
    """A model that knows nothing."""
    torch.manual_seed(0)
    known = {
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    sizes = {**_SIZES, "vocab_size": len(tokenizer), **known}
    if kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**sizes))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(head_dim=8, **sizes))
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model


def save(folder: Path, *, kind: str = "qwen3", special_markers: bool = False) -> Path:
    """Both in a folder, as a trainer on the command line wants them."""
    tokenizer = make_tokenizer(special_markers=special_markers)
    make_model(tokenizer, kind).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
