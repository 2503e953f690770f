"""The reward function that TRL calls."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolverify.errors import ProfileError
from toolverify.profile import Profile
from toolverify.suggest import closest
from toolverify.training import OnError, Scored
from toolverify_trl.call import make_call
from toolverify_trl.sample_log import codes
from toolverify_trl.scoring import SharedScorer
from toolverify_trl.settings import Settings, make_settings

LogExtra = Callable[[str, list[Any]], None]
LogMetric = Callable[[str, float], None]


class RewardFunction:
    """What TRL calls: one number of a scoring pass for each completion, None where there is none.

    `Reward` makes one for a profile; several made by `rewards` share their pass. It pickles, and functions that share a
    pass share it also where they are unpickled together.
    """

    def __init__(
        self,
        shared: SharedScorer,
        *,
        name: str | None = None,
        part: str | None = None,
        rule: str | None = None,
        weight: float = 1.0,
    ) -> None:
        model = shared.scorer.model
        _check_choice(part, rule, model.verifier.part_names, model.verifier.rules)
        self._shared, self.part, self.rule, self.weight = shared, part, rule, weight
        self.__name__ = name or default_name(shared.scorer.settings, part or rule)
        self.__qualname__ = self.__name__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__name__!r}, {self._shared.scorer.model.verifier!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics, without their prefix."""
        return self._shared.scorer.model.names

    @property
    def settings(self) -> Settings:
        """All that it was set to."""
        return self._shared.scorer.settings

    def __call__(
        self,
        /,
        prompts: Any = None,
        completions: Any = None,
        completion_ids: Any = None,
        *,
        completions_ids: Any = None,
        trainer_state: Any = None,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        environments: Any = None,
        **columns: Any,
    ) -> list[float | None]:
        """A reward for each completion."""
        del environments  # instances of the trainer's, no data of the rows
        if completions is None:
            raise TypeError("a reward function is called with completions")
        ids = completions_ids if completion_ids is None else completion_ids
        call = make_call(completions, prompts, ids, columns, trainer_state)
        results, fresh = self._shared.score(call, self.__name__)
        if fresh and results:
            self._report(results, log_extra, log_metric)
        return [self._value(scored) for scored in results]

    def _value(self, scored: Scored) -> float | None:
        if scored.reward is None:
            return self.settings.fallback
        if self.part is not None:
            return scored.parts[self.part]
        return scored.reward if self.rule is None else scored.components[self.rule]

    def _report(
        self, results: Sequence[Scored], log_extra: LogExtra | None, log_metric: LogMetric | None
    ) -> None:
        """The mean of every component, and a column that tells what cost something."""
        if log_metric is not None:
            for name in self.names:
                total = sum([scored.components[name] for scored in results])
                log_metric(f"{self.settings.prefix}{name}", total / len(results))
        if log_extra is not None:
            log_extra(f"{self.__name__}/findings", [", ".join(codes(scored)) for scored in results])


class Reward(RewardFunction):
    """A profile as a reward function of TRL: `GRPOTrainer(reward_funcs=[Reward("typed")], …)`.

    It gives a number for every completion, and None for one that cannot be scored. It never raises in a step,
    pickles, and is safe to share between threads.

    Args:
        profile: A profile's name, the path of a TOML file, or a Profile.
        format: The wire format the model speaks, where it is not the profile's own.
        on_error: What a row that cannot be read does: `zero` counts it and goes on, `raise` raises.
        fallback: What stands in for a reward that there is not; None leaves the sample out of the update.
        log: A file of JSON Lines that gets a line for each sample.
        log_completions: For so many samples of each call, the line also holds all that `toolverify score` reads.
        log_with: What every line of the log also says, such as the name of a run.
        name: What TRL calls it in its log; two functions of a trainer need two names.
        part: Give this priced part instead of the reward.
        rule: Give the score of this rule instead of the reward.
        columns: The dataset's columns, where they have other names: `{"answer": "ground_truth"}`.
        tokenizer: A tokenizer or its folder: then the text is read from the tokens, as the model wrote it.
        reasoning_open: Whether the prompt opens the reasoning, where its own end does not tell.
        max_completion_length: The trainer's, so that a reply which was cut off is known as such.
        endings: Marks that end a turn and are no special tokens, such as `<|im_end|>`.
        prefix: What stands before the names of the metrics, where several profiles share a trainer.

    Raises:
        ProfileError: The profile or an option is wrong.
    """

    def __init__(
        self,
        profile: str | os.PathLike[str] | Profile = "typed",
        *,
        format: str | None = None,  # noqa: A002
        on_error: OnError = "zero",
        fallback: float | None = None,
        log: str | os.PathLike[str] | None = None,
        log_completions: int = 0,
        log_with: Mapping[str, Any] | None = None,
        name: str | None = None,
        part: str | None = None,
        rule: str | None = None,
        columns: Mapping[str, str] | None = None,
        tokenizer: Any = None,
        reasoning_open: bool | None = None,
        max_completion_length: int | None = None,
        endings: Sequence[str] = (),
        prefix: str = "",
    ) -> None:
        settings = make_settings(
            profile,
            format=format,
            on_error=on_error,
            fallback=fallback,
            log=log,
            log_completions=log_completions,
            log_with=dict(log_with or {}),
            columns=columns,
            tokenizer=tokenizer,
            reasoning_open=reasoning_open,
            max_completion_length=max_completion_length,
            endings=endings,
            prefix=prefix,
        )
        super().__init__(SharedScorer(settings, alone=True), name=name, part=part, rule=rule)


def _check_choice(part: str | None, rule: str | None, parts: Sequence[str], rules: Sequence[str]) -> None:
    if part is not None and rule is not None:
        raise ProfileError("a part and a rule are asked for", path="part", mend="ask for one of them")
    if part is not None and part not in parts:
        raise ProfileError(f"the profile has no part {part!r}", path="part", mend=closest(part, parts))
    if rule is not None and rule not in rules:
        raise ProfileError(f"the profile has no rule {rule!r}", path="rule", mend=closest(rule, rules))


def default_name(settings: Settings, choice: str | None) -> str:
    """A name for TRL's log that says what is scored: `typed`, `typed_hermes`, `toolrl_format`."""
    profile = settings.profile
    source = profile.name if isinstance(profile, Profile) else os.path.basename(profile).removesuffix(".toml")  # noqa: PTH119  # a name, mostly
    named = [source, settings.format, choice]
    return re.sub(r"\W", "_", "_".join([name for name in named if name]))
