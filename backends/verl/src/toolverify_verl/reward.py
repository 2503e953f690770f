"""The reward as a function, for `reward.custom_reward_function.path=pkg://toolverify_verl.reward`.

A function sees less than the manager: text without special tokens, neither the prompt nor how the response ended.
"""

# No dataclass stands here: verl may load this file by its path, without a place in `sys.modules`.
from __future__ import annotations

from functools import lru_cache
from typing import Any

from toolverify_verl.options import options_key, read_options
from toolverify_verl.rows import context_of, turns_told
from toolverify_verl.scorer import Scorer, merged, messages, scorer_for
from toolverify_verl.turns import by_words

__all__ = ["compute_score"]


def compute_score(
    data_source: Any = None,
    solution_str: Any = "",
    ground_truth: Any = None,
    extra_info: Any = None,
    **reward_kwargs: Any,
) -> dict[str, float]:
    """Score one sample as verl asks for it: `score` and the components, finite numbers under the same keys always.

    Args:
        data_source: The row's `data_source`.
        solution_str: The response as text.
        ground_truth: The answer as a JSON text, or a label of answer, tools and comparisons.
        extra_info: The row's `extra_info` with what verl adds; `tools` in it is a JSON text.
        **reward_kwargs: The options: `profile`, `format`, `on_error`, `fallback`, `log`, `reasoning_open`.

    Raises:
        ProfileError: The options are wrong.
        ToolverifyError: With `on_error="raise"`: the answer or the tools of the row are wrong.
    """
    scorer = _ready(options_key(reward_kwargs))
    known = merged(extra_info)
    reasoning_open = known.get("reasoning_open", scorer.options.reasoning_open)
    context = context_of(known, data_source, reasoning_open=bool(reasoning_open))
    identity = (known.get("index"),)
    turns = (
        by_words(solution_str, turns_told(known.get("num_turns"))) if isinstance(solution_str, str) else None
    )
    if turns is None:
        message = "what the model wrote cannot be told from what tools wrote; use the reward manager"
        return scorer.unscorable("verl.turns", message, context, identity=identity)
    return scorer.score(messages(turns), ground_truth, known, context, identity=identity)


@lru_cache(maxsize=16)
def _ready(key: tuple[tuple[str, Any], ...]) -> Scorer:
    return scorer_for(read_options(dict(key)))
