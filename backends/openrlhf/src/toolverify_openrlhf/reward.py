"""The reward function: what OpenRLHF calls, for one sample at a time or for many."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolverify.calls import Context
from toolverify.errors import ProfileError, ToolverifyError
from toolverify.profile import Profile, load_profile
from toolverify.training import PASSED, Gold, RewardModel, Scored, cut_ending, read_label, think_marker
from toolverify_openrlhf.names import RESERVED, SPLIT_FAILED, SPLIT_REPAIRED
from toolverify_openrlhf.options import ENDINGS, Options, checked
from toolverify_openrlhf.sample_log import Once, SampleLog
from toolverify_openrlhf.splitting import opened, split
from toolverify_openrlhf.versions import installed, zero_score_is_lost

#: Below zero, so that a group of wrong samples is no better than 0; and so near that no sum ever shows it.
_ALMOST_ZERO = -1e-30
_MOST_FLOAT32 = 3.4e38
_MOST_ROWS = 4_096  # labels that are kept: more than the prompts of one step
_MOST_MODELS = 32  # profiles and formats that rows may ask for

RewardFunc = Callable[..., dict[str, Any]]


class Row(Struct, frozen=True):
    """A label, read: what it expects, and what it says about itself."""

    gold: Gold
    id: str | int | None = None
    category: str | None = None
    profile: str | None = None
    format: str | None = None


class Judge(Struct, frozen=True):
    """A reward model, and the marker that opens the reasoning in its format."""

    model: RewardModel
    marker: str


class Sample(Struct, frozen=True):
    """One sample as it goes to the trainer and into the log."""

    reward: float
    score: float
    logs: dict[str, float]
    scored: Scored
    id: str | int | None = None


class Reward:
    """What stands behind a reward function. It pickles, and threads may share it.

    Raises:
        ProfileError: The profile is unknown or malformed, or a rule has the name of one of OpenRLHF's metrics.
    """

    def __init__(self, options: Options, version: str | None = None) -> None:
        self.options = options
        self.version = version
        self.judge = _judge(options, options.profile, options.format)
        self._endings = (*ENDINGS, *options.endings)
        self._wrong = _ALMOST_ZERO if zero_score_is_lost(version) else 0.0
        self._once = Once()
        self._log = None if options.log is None else SampleLog(options.log, self._once)
        self._rows = lru_cache(maxsize=_MOST_ROWS)(read_row)
        self._judges = lru_cache(maxsize=_MOST_MODELS)(self._other_judge)

    def __reduce__(self) -> tuple[object, ...]:
        """Caches, locks and open files stay behind; that the profile is the same there, the model sees to."""
        return _again, (self.judge.model, self.options, self.version)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the log, the same on every sample."""
        return (*self.judge.model.names, SPLIT_REPAIRED, SPLIT_FAILED)

    def samples(self, queries: Sequence[Any], prompts: Any, labels: Any) -> list[Sample]:
        """Score every query; a prompt or a label that is not there is a row that cannot be read."""
        rows = zip(queries, _as_long(prompts, queries), _as_long(labels, queries), strict=True)
        return [self._written(self.sample(query, prompt, label)) for query, prompt, label in rows]

    def sample(self, query: Any, prompt: Any, label: Any) -> Sample:
        """Score one sample.

        Raises:
            ToolverifyError: The row is wrong, and `on_error` is "raise".
        """
        text = query if isinstance(query, str) else ""
        found = split(text, prompt)
        row = self._rows(label) if isinstance(label, str) else read_row(label)
        try:
            judge = self._judge_of(row)
            context = Context(category=row.category, reasoning_open=opened(prompt, found.way, judge.marker))
            scored = judge.model.score(cut_ending(found.response, self._endings), row.gold, context)
        except ToolverifyError as error:
            if self.options.on_error == "raise":
                self._once.tell(logging.CRITICAL, f"on_error is 'raise', so the training stops: {error}")
                raise
            scored = self.judge.model.failed("row.unreadable", str(error))
        logs = {SPLIT_REPAIRED: float(found.way == "repaired"), SPLIT_FAILED: float(found.way == "failed")}
        return self._priced(scored, {**scored.components, **logs}, row.id)

    def _priced(self, scored: Scored, logs: dict[str, float], id_: str | int | None) -> Sample:
        if scored.reward is None:
            for finding in scored.findings:
                self._once.tell(logging.WARNING, f"not scored: {finding.code}: {finding.message}")
        reward = self.options.fallback if scored.reward is None else scored.reward
        bounded = min(max(reward, -_MOST_FLOAT32), _MOST_FLOAT32)
        return Sample(bounded, scored.components[PASSED] or self._wrong, logs, scored, id_)

    def _written(self, sample: Sample) -> Sample:
        if self._log is not None:
            scored = sample.scored
            self._log.write(
                {
                    "id": sample.id,
                    "reward": sample.reward,
                    "components": sample.logs,
                    "parts": scored.parts,
                    "findings": [finding.code for finding in scored.findings],
                }
            )
        return sample

    def _judge_of(self, row: Row) -> Judge:
        if row.profile is None and row.format is None:
            return self.judge
        return self._judges(row.profile, row.format)

    def _other_judge(self, profile: str | None, format_: str | None) -> Judge:
        """The reward that a row asks for; all rows of a run have the same components."""
        options = self.options
        judge = _judge(options, profile or options.profile, format_ or (None if profile else options.format))
        got, due = judge.model.names, self.judge.model.names
        if got != due:
            raise ProfileError(
                f"its components are {list(got)}, those of this training are {list(due)}",
                path=f"label: meta.profile {profile!r}",
                mend="OpenRLHF needs the same ones on every sample: name the rules of both profiles alike",
            )
        return judge


def _judge(options: Options, profile: str | Profile, format_: str | None) -> Judge:
    model = RewardModel(profile, format=format_, on_error=options.on_error, reserved=RESERVED)
    return Judge(model, think_marker(model.verifier.format))


def _again(model: RewardModel, options: Options, version: str | None) -> Reward:
    return Reward(replace(options, profile=model.verifier.profile), version)


def read_row(label: Any) -> Row:
    """A label as it comes: one JSON text, a value, or an answer alone. Nothing raises; a wrong answer shows when it is used."""
    value = _decoded(label) if isinstance(label, str) else label
    if not isinstance(value, Mapping) or "answer" not in value:
        return Row(read_label(label))
    meta = value.get("meta")
    told = meta if isinstance(meta, Mapping) else {}
    named = {key: told[key] for key in ("category", "profile", "format") if isinstance(told.get(key), str)}
    id_ = value.get("id")
    return Row(read_label(value), id_ if isinstance(id_, str | int) else None, **named)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_long(values: Any, queries: Sequence[Any]) -> list[Any]:
    """As many values as queries; None where there are fewer."""
    given = list(values) if isinstance(values, list | tuple) else []
    return [*given[: len(queries)], *[None] * (len(queries) - len(given))]


def reward_func_of(options: Options) -> RewardFunc:
    """A plain function: OpenRLHF up to 0.9.0 makes a Ray task of it, which no other callable can become.

    Raises:
        ProfileError: The options do not hold.
    """
    reward = Reward(options, installed("openrlhf"))

    def reward_func(queries: Any, prompts: Any = None, labels: Any = None, **_: Any) -> dict[str, Any]:
        """Rewards, scores and logs of the queries, each a tensor with one number a query."""
        return _as_tensors(reward.samples(queries, prompts, labels), reward.names)

    return reward_func


def _as_tensors(samples: Sequence[Sample], names: Sequence[str]) -> dict[str, Any]:
    """The one shape that every version takes: float32, one dimension."""
    import torch

    def tensor(values: list[float]) -> Any:
        return torch.tensor(values, dtype=torch.float32)

    return {
        "rewards": tensor([sample.reward for sample in samples]),
        "scores": tensor([sample.score for sample in samples]),
        "extra_logs": {name: tensor([sample.logs[name] for sample in samples]) for name in names},
    }


def make_reward_func(
    profile: str | Path | Profile,
    *,
    format: str | None = None,  # noqa: A002  # the name that every adapter uses
    on_error: str = "zero",
    fallback: float = 0.0,
    log: str | Path | None = None,
    endings: Sequence[str] = (),
) -> RewardFunc:
    """The reward function for a reward file of one's own.

    Args:
        profile: A profile's name, the path of a TOML file, or a Profile.
        format: The wire format the model speaks, where it is not the profile's own.
        on_error: What a row that cannot be read does: `zero` counts it and goes on, `raise` stops the training.
        fallback: The reward of a sample that cannot be scored.
        log: A JSON Lines file with a line a sample.
        endings: Tokens that end a turn, beside the usual ones.

    Raises:
        ProfileError: The profile is unknown or malformed, or an option does not hold.
    """
    loaded = load_profile(profile)  # a path is read here and now, not in the folder of some worker
    return reward_func_of(
        checked(loaded, format=format, on_error=on_error, fallback=fallback, log=log, endings=tuple(endings))
    )
