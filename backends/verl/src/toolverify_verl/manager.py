"""The reward manager `toolverify`: it sees token ids, the prompt and the whole row.

Importing this module registers it; verl 0.9 and later does so by the entry point `verl.plugins`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from verl.experimental.reward_loop.reward_manager import register
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from toolverify_verl.options import KEY, look_up, read_options
from toolverify_verl.rows import context_of, turns_told
from toolverify_verl.samples import Sample, read_sample
from toolverify_verl.scorer import SCORE, messages, scorer_for
from toolverify_verl.tokens import Decoder, marks_of
from toolverify_verl.turns import by_mask, own_turns

_LONG = 8_192  # tokens from which on a sample is scored beside the event loop
_THREADS = 2


class ToolverifyRewardManager(RewardManagerBase):  # type: ignore[misc]  # verl has no types
    """Scores one sample at a time by a profile. Nothing that a model wrote makes it raise.

    Raises:
        ProfileError: An option, the profile or the log is wrong.
    """

    def __init__(self, config: Any, tokenizer: Any, compute_score: Any = None, *_: Any, **__: Any) -> None:
        super().__init__(config, tokenizer, compute_score)
        options = read_options(look_up(config, KEY) or {})
        template_options = look_up(config, "data.apply_chat_template_kwargs") or {}
        self.scorer = scorer_for(options)
        self._decoder = Decoder(tokenizer, self.scorer.think_start)
        self._marks = marks_of(tokenizer, template_options, options.endings)
        self._longest = _longest_response(config)

    async def run_single(self, data: Any) -> dict[str, Any]:
        """The reward of one sample, and its components as verl's extras.

        Raises:
            ToolverifyError: With `on_error="raise"`: the answer or the tools of the row are wrong.
        """
        sample = read_sample(data)
        if len(sample.ids) < _LONG:
            result = self.score(sample)
        else:
            result = await asyncio.get_running_loop().run_in_executor(_threads(), self.score, sample)
        return {"reward_score": result[SCORE], "reward_extra_info": result}

    def score(self, sample: Sample) -> dict[str, float]:
        """Score what the model wrote in a sample."""
        open_ = self.scorer.options.reasoning_open
        ended = bool(sample.ids) and sample.ids[-1] in self._marks.endings
        full = not ended and self._longest is not None and len(sample.ids) >= self._longest
        context = context_of(
            {**sample.known, "num_turns": sample.num_turns},
            sample.data_source,
            step=sample.step,
            finish_reason="length" if full else "stop" if ended else None,
            reasoning_open=self._decoder.opens_reasoning(sample.prompt) if open_ is None else open_,
        )
        turns = self._turns(sample, full=full)
        if turns is None:
            message = "what the model wrote cannot be told from what tools wrote"
            return self.scorer.unscorable("verl.turns", message, context, identity=sample.identity)
        completion = messages([self._decoder.text(turn) for turn in turns])
        return self.scorer.score(
            completion, sample.ground_truth, sample.known, context, identity=sample.identity
        )

    def _turns(self, sample: Sample, *, full: bool) -> list[list[int]] | None:
        if sample.mask is not None:
            return by_mask(sample.ids, sample.mask, self._marks.endings)
        return own_turns(sample.ids, self._marks, turns_told(sample.num_turns), full=full)


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="toolverify")


def _longest_response(config: Any) -> int | None:
    """The length at which verl cuts a response off."""
    for path in ("actor_rollout_ref.rollout.response_length", "data.max_response_length"):
        length = look_up(config, path)
        if length is not None:
            return int(length)
    return None


register("toolverify")(ToolverifyRewardManager)
