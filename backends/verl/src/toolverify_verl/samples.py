"""One sample out of verl's batch: token ids and what the row says, without torch being named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from toolverify_verl.scorer import merged

_PROMPT_TAIL = 16


class Sample(Struct, frozen=True):
    """What a reward manager sees of one sample.

    Attributes:
        ids: The tokens of the response, without padding.
        mask: 1 for each token of the model's own, where the batch tells.
        prompt: The last tokens of the prompt.
        known: `extra_info` of the row, and what the agent loop added.
        ground_truth: The answer; None where the row has none.
        data_source: The row's `data_source`.
        step: The global step, where the batch tells.
        num_turns: Turns, as verl counts them.
        identity: What names the sample in a log.
    """

    ids: list[int]
    mask: list[int] | None
    prompt: list[int]
    known: Mapping[str, Any]
    ground_truth: Any
    data_source: Any
    step: Any
    num_turns: Any
    identity: tuple[Any, ...]


def read_sample(data: Any) -> Sample:
    """The sample of a batch of one; of several sequences of one trajectory the last, as verl itself takes it."""
    batch, row = data.batch, data.non_tensor_batch
    known = merged(_last(row, "extra_info"), _last(row, "tool_extra_fields"))
    held = _last(row, "reward_model")
    ids = _response(batch, row)
    return Sample(
        ids=ids,
        mask=_mask(batch, known, len(ids)),
        prompt=_prompt_tail(batch, row),
        known=known,
        ground_truth=held.get("ground_truth") if isinstance(held, Mapping) else None,
        data_source=_last(row, "data_source"),
        step=_last(row, "global_steps"),
        num_turns=_last(row, "__num_turns__"),
        identity=_identity(row, known),
    )


def _last(row: Mapping[str, Any], key: str) -> Any:
    values = row.get(key)
    return values[-1] if values is not None and len(values) else None


def _identity(row: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, ...]:
    uid = _last(row, "uid")
    return (known.get("index") if uid is None else uid, _last(row, "session_id"))


def _response(batch: Any, row: Mapping[str, Any]) -> list[int]:
    """The response as long as verl says; where it does not say, as the attention mask does."""
    response = batch["responses"][-1]
    size = _last(row, "response_len")
    if size is None:
        size = sum(batch["attention_mask"][-1, -response.shape[0] :].tolist())
    return list(response[: int(size)].tolist())


def _prompt_tail(batch: Any, row: Mapping[str, Any]) -> list[int]:
    """The end of the prompt, which is padded on the left unless its length is told."""
    if "prompts" not in batch.keys():  # noqa: SIM118  # a TensorDict is no mapping: `in` would ask its values
        return []
    prompt, size = batch["prompts"][-1], _last(row, "prompt_len")
    whole = prompt if size is None else prompt[: int(size)]
    return list(whole[-_PROMPT_TAIL:].tolist())


def _mask(batch: Any, known: Mapping[str, Any], size: int) -> list[int] | None:
    """The response mask, where the batch or the agent loop gives one."""
    if "response_mask" in batch.keys():  # noqa: SIM118  # as above
        return list(batch["response_mask"][-1][:size].tolist())
    told = known.get("response_mask")
    return list(told) if isinstance(told, list | tuple) and len(told) == size else None
