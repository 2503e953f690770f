"""One pass over the completions of a call: every function that needs its results shares it."""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Hashable
from threading import Lock
from typing import Any

from msgspec import Struct

from toolverify.errors import ToolverifyError
from toolverify.training import RewardModel, Scored
from toolverify_trl.call import Call, Reader
from toolverify_trl.rows import read_gold, read_id
from toolverify_trl.sample_log import SampleLog, sample_line, scored_by, tell_once
from toolverify_trl.settings import Settings

#: What TRL itself logs without a slash, and a rule's metric must not be called.
RESERVED = (
    *("reward", "reward_std", "frac_reward_zero_std", "entropy", "entropy_coef", "kl", "aux_loss"),
    *("cispo_clip_ratio", "num_tokens", "policy_loss", "loss", "grad_norm", "learning_rate", "epoch"),
    *("step_time", "total_flos", "train_runtime", "train_loss", "step"),
)
_MOST_PASSES = 4  # calls whose results are kept: one batch, and those that run beside it


class Scorer:
    """A profile, ready to score calls."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = RewardModel(
            settings.profile,
            format=settings.format,
            on_error=settings.on_error,
            reserved=() if settings.prefix else RESERVED,
        )
        self._reader = Reader(settings, self.model.verifier)
        self._log = None if settings.log is None else SampleLog(settings.log)

    def score(self, call: Call) -> list[Scored]:
        """Every completion of a call, scored; nothing raises unless `on_error` says so.

        Raises:
            ToolverifyError: With `on_error="raise"`: a row cannot be read.
        """
        results = [self._score(call, index) for index in range(len(call.completions))]
        for scored in results:
            tell_once(scored)
        if self._log is not None:
            self._log.write([self._line(call, index, scored) for index, scored in enumerate(results)])
        return results

    def _line(self, call: Call, index: int, scored: Scored) -> dict[str, Any]:
        """What is written down of a sample; of the first ones also what they were scored by."""
        known = read_id(call.row(index), self.settings.columns)
        line = {**self.settings.log_with, **sample_line(call.step, known, scored)}
        if index >= self.settings.log_completions:
            return line
        try:
            gold = read_gold(call.row(index), self.settings.columns)
            completion = self._reader.completion(call, index)
        except ToolverifyError:  # told in the line's findings; there is nothing to score again
            return line
        return {**line, **scored_by(completion, gold, self._reader.context(call, index))}

    def _score(self, call: Call, index: int) -> Scored:
        try:
            gold = read_gold(call.row(index), self.settings.columns)
            completion = self._reader.completion(call, index)
        except ToolverifyError as error:
            if self.settings.on_error == "raise":
                raise
            return self.model.failed("row.unreadable", str(error))
        return self.model.score(completion, gold, self._reader.context(call, index))


class Pass(Struct, eq=False):
    """The results of one call, who has asked for them, and what must stay alive while they are kept."""

    key: Hashable
    results: list[Scored]
    served: set[str]
    kept: Any


class SharedScorer:
    """A scorer for several functions that TRL asks one after the other, or at once, for the same call.

    A function that asks again for a call that it has been given begins a new pass: then it is another batch that
    happens to be equal, and is logged like any other. With `alone`, nobody shares it and nothing is kept.
    """

    def __init__(self, settings: Settings, *, alone: bool = False) -> None:
        self.scorer = Scorer(settings)
        self._alone = alone
        self._passes: deque[Pass] = deque(maxlen=_MOST_PASSES)
        self._lock = Lock()

    def __reduce__(self) -> tuple[object, ...]:
        """Results and lock stay behind."""
        return _rebuild, (self.scorer.settings, self._alone)

    def score(self, call: Call, asker: str) -> tuple[list[Scored], bool]:
        """The results of a call, and whether they were made for this asker."""
        if self._alone:
            return self.scorer.score(call), True
        key = _key(call)
        with self._lock:
            known = next((made for made in self._passes if made.key == key), None)
            if known is not None and asker not in known.served:
                known.served.add(asker)
                return known.results, False
            if known is not None:
                self._passes.remove(known)
            results = self.scorer.score(call)
            self._passes.append(Pass(key, results, {asker}, call))
            return results, True


def _rebuild(settings: Settings, alone: bool) -> SharedScorer:
    return SharedScorer(settings, alone=alone)


def _key(call: Call) -> Hashable:
    """What two calls have in common when, and only when, they must give the same results."""
    columns = tuple([(name, _print(values)) for name, values in call.columns.items()])
    return (call.step, _print(call.completions), _print(call.prompts), _print(call.ids), columns)


def _print(values: Any) -> bytes | int:
    """The content of plain values, or the identity of others: the pass keeps them alive, so no other can have it."""
    try:
        return marshal.dumps(values, 2)  # version 2 writes equal values alike, whatever refers to them
    except ValueError:
        return id(values)
