"""One sample of verl, scored: a dictionary of finite numbers with the same keys every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from toolverify.calls import Context
from toolverify.errors import ToolverifyError
from toolverify.training import Gold, RewardModel, Scored, think_marker
from toolverify_verl.options import Options
from toolverify_verl.rows import gold_of
from toolverify_verl.sample_log import LOGGER, SampleLog

#: The key of the reward, which verl prescribes.
SCORE = "score"
#: Keys that verl writes itself, or reads as something else.
RESERVED = (SCORE, "reward", "pred", "acc_success_only", "uid", "input", "output", "gts", "step")
_MOST_TOLD = 100  # different complaints that are logged; a million alike are one
_LONGEST_TOLD = 2_000


class Scorer:
    """The options, made ready. Safe to share between threads.

    Raises:
        ProfileError: The profile, the format or the log cannot be used.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.model = RewardModel(
            options.profile, format=options.format, on_error=options.on_error, reserved=RESERVED
        )
        self._log = None if options.log is None else SampleLog(options.log)
        self._told: set[tuple[str, str]] = set()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of every result."""
        return (SCORE, *self.model.names)

    @property
    def think_start(self) -> str:
        """The marker that opens the reasoning in the format at hand."""
        return think_marker(self.model.verifier.format)

    def score(
        self,
        completion: Any,
        ground_truth: Any,
        extra_info: Any,
        context: Context,
        *,
        identity: Sequence[Any] = (),
    ) -> dict[str, float]:
        """Score one completion.

        Raises:
            ToolverifyError: With `on_error="raise"`: the answer or the tools of the row are wrong.
        """
        try:
            gold = gold_of(ground_truth, extra_info)
        except ToolverifyError as error:
            if self.options.on_error == "raise":
                raise
            return self.unscorable("row.unreadable", str(error), context, identity=identity)
        return self._given(self._scored(completion, gold, context), context, identity)

    def unscorable(
        self, code: str, message: str, context: Context, *, identity: Sequence[Any] = ()
    ) -> dict[str, float]:
        """A sample without a verdict: the fallback, and what counts it."""
        return self._given(self.model.failed(code, message), context, identity)

    def _scored(self, completion: Any, gold: Gold, context: Context) -> Scored:
        return self.model.score(completion, gold, context)

    def _given(self, scored: Scored, context: Context, identity: Sequence[Any]) -> dict[str, float]:
        """What verl gets, after the complaint and the log."""
        if scored.reward is None:
            self._tell(scored)
        reward = self.options.fallback if scored.reward is None else scored.reward
        if self._log is not None:
            source = context.extra.get("data_source")
            self._log.write(scored, reward=reward, step=context.step, identity=identity, source=source)
        return {SCORE: reward, **scored.components}

    def _tell(self, scored: Scored) -> None:
        """A complaint is logged once; the metrics count the rest."""
        finding = scored.findings[-1]
        told = (finding.code, finding.message[:_LONGEST_TOLD])
        if told not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(told)
            LOGGER.warning("a sample cannot be scored: %s: %s (told once)", *told)


@lru_cache(maxsize=16)
def scorer_for(options: Options) -> Scorer:
    """The scorer of some options, made once a process."""
    return Scorer(options)


def messages(turns: Sequence[str]) -> Any:
    """Turns as a completion: one as its text, several as the assistant's messages."""
    if len(turns) == 1:
        return turns[0]
    return [{"role": "assistant", "content": turn} for turn in turns]


def merged(extra_info: Any, *more: Any) -> Mapping[str, Any]:
    """The mappings among some values as one; the last one counts."""
    known: dict[str, Any] = {}
    for value in (extra_info, *more):
        if isinstance(value, Mapping):
            known.update(value)
    return known
