"""Rows as verl carries them: the answer in `reward_model.ground_truth`, the tools and the rest in `extra_info`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from toolverify.calls import Context
from toolverify.errors import AnswerError, RowError
from toolverify.training import Gold, read_label

_MOST_GOLDS = 1_024
_NOT_EXTRA = {"tools", "compare", "category", "global_steps", "reasoning_open"}


def gold_of(ground_truth: Any, extra_info: Any) -> Gold:
    """What a row expects. Tools stay the text they are: whether a profile reads them, compiling shows.

    Raises:
        AnswerError: The comparisons are no JSON.
    """
    known = extra_info if isinstance(extra_info, Mapping) else {}
    tools, compare = known.get("tools"), _compare(known)
    if isinstance(ground_truth, str) and isinstance(tools, str | None) and isinstance(compare, str | None):
        return _gold_of_texts(ground_truth, tools, compare)
    return _gold(_listed(ground_truth), _listed(tools), compare)


@lru_cache(maxsize=_MOST_GOLDS)
def _gold_of_texts(ground_truth: str, tools: str | None, compare: str | None) -> Gold:
    """The same for the texts that data should hold: read once a prompt."""
    return _gold(ground_truth, tools, compare)


def _gold(ground_truth: Any, tools: Any, compare: Any) -> Gold:
    label = read_label(ground_truth)
    compared = _read(compare, "extra_info.compare") if label.compare is None else label.compare
    return Gold(label.answer, (tools or None) if label.tools is None else label.tools, compared)


def _compare(known: Mapping[str, Any]) -> Any:
    """Comparisons stand beside the answer, or in the task's `meta`; a column of nulls is none."""
    if known.get("compare"):
        return known["compare"]
    meta = known.get("meta")
    if isinstance(meta, str):
        meta = _read(meta, "extra_info.meta")
    return meta.get("compare") if isinstance(meta, Mapping) else None


def _read(value: Any, path: str) -> Any:
    """A JSON text's value, and any other value as it is."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as cause:
        raise AnswerError(f"not JSON: {cause}", path=path, mend="store it with json.dumps") from cause


def _listed(value: Any) -> Any:
    """Arrays of numpy, as pandas reads columns of lists, as lists."""
    return value.tolist() if hasattr(value, "tolist") else value


def row_gold(row: Mapping[str, Any]) -> Gold:
    """What a row of a data file expects.

    Raises:
        ToolverifyError: There is no ground truth in it, or its comparisons are no JSON.
    """
    held = row.get("reward_model")
    if not isinstance(held, Mapping) or "ground_truth" not in held:
        raise RowError(
            "no ground truth",
            path="reward_model.ground_truth",
            mend='write {"style": "rule", "ground_truth": json.dumps(answer)}',
        )
    return gold_of(held["ground_truth"], row.get("extra_info"))


def context_of(
    extra_info: Mapping[str, Any],
    data_source: Any,
    *,
    step: Any = None,
    finish_reason: str | None = None,
    reasoning_open: bool = False,
) -> Context:
    """What is known of a sample beside its answer."""
    extra = {key: value for key, value in extra_info.items() if key not in _NOT_EXTRA}
    category = extra_info.get("category")
    return Context(
        step=_step(extra_info.get("global_steps") if step is None else step),
        category=category if isinstance(category, str) else None,
        finish_reason=finish_reason,
        reasoning_open=reasoning_open,
        extra={**extra, "data_source": str(data_source)},
    )


def _step(value: Any) -> int:
    """A step as verl tells it, -1 or None where it does not; 0 then."""
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def turns_told(num_turns: Any) -> int | None:
    """How many turns the model took: verl counts the prompt, the model's turns and what came between them."""
    try:
        return max(1, int(num_turns) // 2)
    except (TypeError, ValueError, OverflowError):
        return None
