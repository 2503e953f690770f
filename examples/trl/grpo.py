"""Train a tiny model with GRPO on a CPU, rewarded by toolverify; it needs `pip install 'toolverify-trl[train]'`.

The model knows nothing and two steps teach it nothing: the script shows how the reward gets in, and what TRL logs.
For a model of your own, put its name in the place of `tiny_model` and a dataset with the same columns in that of `DATA`.
"""

import argparse
import json
import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # on a busy machine more threads wait for each other

import torch
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
from trl import GRPOConfig, GRPOTrainer

from toolverify_trl import Reward

TOOL = {
    "name": "get_weather",
    "description": "The weather of the next days.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}
SYSTEM = (
    'Think between <think> and </think>. Then call tools: <tool_call>[{"name": …, "arguments": {…}}]</tool_call>. '
    f"The tools: {json.dumps([TOOL])}"
)
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def row(city: str, days: int) -> dict[str, object]:
    """A prompt with the tools in its system message; answer and tools as JSON text, which Arrow cannot bend."""
    answer = [{"name": "get_weather", "arguments": {"city": city, "days": days}}]
    question = f"What will the weather in {city} be for {days} days?"
    prompt = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    return {
        "prompt": prompt,
        "answer": json.dumps(answer),
        "tools": json.dumps([TOOL]),
        "id": f"{city}-{days}",
    }


DATA = Dataset.from_list([row(city, days) for city in ("Oslo", "Bergen", "Turku") for days in (1, 2, 3)])


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A token a byte; the markers of reasoning and calls are ordinary tokens, so that TRL leaves them in the text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    for special, tokens in (
        (True, ["<|pad|>", "<|im_start|>", "<|im_end|>"]),
        (False, ["<think>", "</think>", "<tool_call>", "</tool_call>"]),
    ):
        made.add_tokens([AddedToken(token, special=special, normalized=False) for token in tokens])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<|pad|>", eos_token="<|im_end|>")  # noqa: S106
    tokenizer.chat_template = CHAT
    return tokenizer


def tiny_model(tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """A model of a few thousand parameters."""
    ends = {
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        **ends,
    )
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model


def main() -> None:
    """Train, and print what the reward has put into TRL's log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="typed", help="a profile's name, or the path of a TOML file")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--log", help="a file of JSON Lines that gets a line for each completion")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    reward = Reward(options.profile, log=options.log, max_completion_length=16)
    with tempfile.TemporaryDirectory() as folder:
        config = GRPOConfig(
            output_dir=folder,
            max_steps=options.steps,
            per_device_train_batch_size=8,  # completions: two groups of four
            num_generations=4,
            max_completion_length=16,
            logging_steps=1,
            report_to=[],
            save_strategy="no",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            disable_tqdm=True,
        )
        trainer = GRPOTrainer(
            model=tiny_model(tokenizer),
            processing_class=tokenizer,
            reward_funcs=[reward],
            train_dataset=DATA,
            args=config,
        )
        trainer.train()
    for entry in trainer.state.log_history:
        if "reward" in entry:
            print(json.dumps({name: entry[name] for name in ("step", "reward", *reward.names)}))


if __name__ == "__main__":
    main()
