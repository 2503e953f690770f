"""Every hostile input through every profile: time, and what must hold whatever a model writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from statistics import median
from time import process_time_ns
from typing import Any, Literal, TypeVar

from msgspec import Struct

from toolverify.bench.contenders import verifier_or_none
from toolverify.bench.hostile_inputs import TOOLS, Hostile
from toolverify.bench.measure import STEP, at_depth, cpu_ns, own_garbage_only
from toolverify.calls import Verdict
from toolverify.verifier import Verifier

T = TypeVar("T")

#: A profile, and the wire format to read where it is not the profile's own.
JUDGES: tuple[tuple[str, str | None], ...] = (
    ("tool-n1", None),
    ("typed", None),
    ("typed", "hermes"),
    ("tool-n1-v0", None),
    ("tool-n1-v4", None),
    ("tool-n1-llama", None),
)
_REPEATS = 3
#: A trainer calls a reward from this deep; whatever depends on the interpreter's stack would show.
_FRAMES = 100


class Trial(Struct, frozen=True):
    """One input through one profile."""

    judge: str
    score_ms: float
    rewards_ms: float
    late: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def worst_ms(self) -> float:
        """The slower of both ways."""
        return max(self.score_ms, self.rewards_ms)


class Trials(Struct, frozen=True):
    """One input through all profiles."""

    name: str
    size: int
    limit_ms: float
    trials: tuple[Trial, ...]

    @property
    def worst(self) -> Trial:
        """The slowest trial."""
        return max(self.trials, key=lambda trial: trial.worst_ms)

    def named(self, kind: Literal["late", "broken"]) -> list[str]:
        """What came too late, or what did not hold, each with its profile."""
        return [f"{trial.judge}: {problem}" for trial in self.trials for problem in getattr(trial, kind)]


def judges() -> dict[str, Verifier]:
    """The verifiers of all profiles that are installed."""
    named = {
        profile if wire is None else f"{profile} ({wire})": verifier_or_none(profile, wire)
        for profile, wire in JUDGES
    }
    return {name: verifier for name, verifier in named.items() if verifier is not None}


def try_all(
    inputs: Iterable[Hostile], verifiers: Mapping[str, Verifier], progress: Callable[[str], None]
) -> list[Trials]:
    """Every input through every profile."""
    results = []
    for hostile in inputs:
        with own_garbage_only():
            trials = tuple([_trial(name, verifier, hostile) for name, verifier in verifiers.items()])
        results.append(Trials(hostile.name, hostile.size, hostile.limit_ms, trials))
        for problem in results[-1].named("late") + results[-1].named("broken"):
            progress(f"{hostile.name}: {problem}")
    return results


def _trial(name: str, verifier: Verifier, hostile: Hostile) -> Trial:
    case = verifier.compile(answer=hostile.answer, tools=TOOLS)
    contexts = None if hostile.context is None else [hostile.context]
    score_ms, verdict = _timed(
        lambda: verifier.score(hostile.completion, case=case, context=hostile.context), hostile
    )
    rewards_ms, reward = _timed(
        lambda: verifier.rewards([hostile.completion], [case], contexts=contexts)[0], hostile
    )
    ways = {"score": score_ms, "rewards": rewards_ms}
    late = [
        f"{way} took {ms:.0f} ms of {hostile.limit_ms:.0f}"
        for way, ms in ways.items()
        if ms > hostile.limit_ms
    ]
    return Trial(name, score_ms, rewards_ms, tuple(late), tuple(_broken_promises(verdict, reward)))


def _timed(run: Callable[[], T], hostile: Hostile) -> tuple[float, T | Exception]:
    """The median of a few runs, or the first one where that is far from the limit, whichever side."""
    outcome: list[T | Exception] = []

    def once() -> None:
        outcome[:] = [_caught(run)]

    # The clock of the process: work that is handed to another thread counts as well.
    timed = partial(cpu_ns, once, process_time_ns)
    times = [at_depth(_FRAMES, timed) / 1e6]
    if hostile.limit_ms / 4 < times[0] < hostile.limit_ms * 40:
        times += [at_depth(_FRAMES + STEP * repeat, timed) / 1e6 for repeat in range(1, _REPEATS)]
    return round(median(times), 3), outcome[0]


def _caught(run: Callable[[], T]) -> T | Exception:
    try:
        return run()
    except Exception as error:  # noqa: BLE001  # whether anything raises is the question here
        return error


def _broken_promises(verdict: Verdict | Exception, reward: float | Exception) -> list[str]:
    """What a scorer promises for any completion, and this one did not keep."""
    raised = [
        f"{way} raised {type(outcome).__name__}: {str(outcome)[:100]}"
        for way, outcome in (("score", verdict), ("rewards", reward))
        if isinstance(outcome, Exception)
    ]
    if isinstance(verdict, Exception) or isinstance(reward, Exception):
        return raised
    if verdict.reward is None:
        return [f"not scorable: {verdict.findings[0].message[:160]}"]
    broken = []
    if verdict.reward != reward:
        broken.append(f"score says {verdict.reward:g}, rewards {reward:g}")
    if not verdict.passed and not any(finding.level == "error" for finding in verdict.findings):
        broken.append("not passed, and no finding says why")
    return broken


def summarise(results: Iterable[Trials]) -> list[dict[str, Any]]:
    """The results as JSON, the slowest measured against its limit first."""
    ordered = sorted(results, key=lambda trials: trials.worst.worst_ms / trials.limit_ms, reverse=True)
    return [
        {
            "input": trials.name,
            "characters": trials.size,
            "limit_ms": trials.limit_ms,
            "worst_ms": trials.worst.worst_ms,
            "worst_profile": trials.worst.judge,
            "late": trials.named("late"),
            "broken": trials.named("broken"),
        }
        for trials in ordered
    ]
