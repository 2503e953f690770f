"""OpenRLHF's own classes, put together as a training puts them together, on a CPU and without Ray.

The engine's answers are given; everything behind them is the trainer's code: the executor that calls the reward, the
samples it makes of it, the advantages, and the batch that the actor gets.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace as Space
from unittest import mock

import torch
from openrlhf.trainer.ppo_utils.experience import (
    make_experience_batch,
    remove_padding_in_sequences,
    split_experience_batch,
)
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker
from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator
from openrlhf.utils.agent import SingleTurnAgentExecutor
from openrlhf_samples import PROMPT

SAMPLES = 4


class Says:
    """An engine that answers what it is told to, one text after the other."""

    def __init__(self, tokenizer, texts) -> None:
        self._tokenizer, self._texts = tokenizer, iter(texts)

    async def generate(self, tokens, params, multi_modal_data=None):
        text = next(self._texts)
        made = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return Space(outputs=[Space(token_ids=made, text=text, finish_reason="stop", logprobs=None)])


def rolled_out(path, tokenizer, texts, labels, prompts=None, *, room=1_000_000, at_once=64):
    """What the executor makes of each text, many at a time as in a rollout."""
    executor = SingleTurnAgentExecutor(str(path))
    params = Space(max_tokens=64, logprobs=None)
    rows = list(zip(texts, labels, prompts or [PROMPT] * len(texts), strict=True))

    async def one(text, label, prompt):
        engine = Says(tokenizer, [text])
        return await executor.execute(prompt, label, params, room, tokenizer, engine)

    async def every():
        made = []
        for start in range(0, len(rows), at_once):
            made += await asyncio.gather(*[one(*row) for row in rows[start : start + at_once]])
        return made

    return asyncio.run(every())


def arguments(micro_batch=SAMPLES, estimator="group_norm"):
    """The trainer's arguments, as far as the advantages need them."""
    advantage = Space(estimator=estimator, gamma=1.0, lambd=1.0, no_std_norm=False, is_correction_level="off")
    return Space(
        actor=Space(num_nodes=1, num_gpus_per_node=1),
        algo=Space(advantage=advantage, kl=Space(use_loss=True)),
        data=Space(max_len=512),
        ds=Space(ring_attn_size=1, tensor_parallel_size=1),
        reward=Space(clip_range=(-10, 10), overlong_buffer_len=None, stop_properly_penalty_coef=None),
        rollout=Space(n_samples_per_prompt=SAMPLES, micro_batch_size=micro_batch, max_new_tokens=64),
        train=Space(dynamic_batch_enable=False),
    )


def trained_on(responses, tokenizer, micro_batch=SAMPLES):
    """The experiences with their advantages, and the batch for the actor."""
    given = arguments(micro_batch)
    generator = SamplesGenerator.__new__(SamplesGenerator)
    generator.args = given
    samples = [generator._process_response_into_experience(response, max_len=512) for response in responses]
    maker = RemoteExperienceMaker.__new__(RemoteExperienceMaker)
    maker.strategy, maker.args, maker.tokenizer = Space(args=given), given, tokenizer
    maker.advantage_estimator, maker.kl_ctl = given.algo.advantage.estimator, Space(value=0.0)
    experiences = maker.split_rollout_samples(samples)
    if experiences[0].rewards is None:  # what the trainer does then, up to where it would need models
        maker.reward_model_group = None
        with mock.patch("ray.put", lambda value: value):
            maker.make_experience(experiences)
    for experience in experiences:
        experience.kl = torch.zeros_like(experience.action_mask, dtype=torch.float)
    experiences = maker.compute_advantages_and_returns(experiences)
    items = [
        item
        for experience in experiences
        for item in remove_padding_in_sequences(split_experience_batch(experience))
    ]
    return experiences, make_experience_batch(items)


def filtered(groups, low=0.0, high=1.0):
    """The groups that dynamic filtering keeps, by the generator's own loop; the engines' answers are given."""
    given = arguments()
    given.algo.dynamic_filtering_range = (low, high)
    generator = SamplesGenerator.__new__(SamplesGenerator)
    generator.args = given
    generator._dispatch_prompts_to_vllm = lambda *_, **__: list(groups)
    rows = iter([("data", [PROMPT] * len(groups), [""] * len(groups), [None] * len(groups))])
    waits = mock.patch("ray.wait", lambda refs, **_: (refs[:1], refs[1:]))
    with waits, mock.patch("ray.get", lambda group: group):
        kept, _, _ = generator._generate_vllm(rows, len(groups), dynamic_filtering=True, max_len=512)
    return len(kept) // SAMPLES
