"""A tokenizer made on the spot."""

from __future__ import annotations

from openrlhf_samples import END
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer(normalizer=None) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with ChatML's tokens, made on the spot."""
    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    model.train_from_iterator(["what is the weather in the city"] * 10, trainer)
    if normalizer is not None:
        model.normalizer = normalizer
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=model, eos_token=END, pad_token="<|endoftext|>")  # noqa: S106
    tokenizer.chat_template = CHATML
    return tokenizer
