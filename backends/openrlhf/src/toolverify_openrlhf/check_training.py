"""Checks of numbers that must go together, so that a reward can teach anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.checkup import Fault
from toolverify.errors import ProfileError
from toolverify.profile import Profile
from toolverify.training import RewardModel
from toolverify.verifier import Verifier
from toolverify_openrlhf.names import RESERVED
from toolverify_openrlhf.settings import Settings, as_numbers

_FILTERING, _RANGE = "algo.dynamic_filtering_enable", "algo.dynamic_filtering_range"
_SAMPLES, _ESTIMATOR = "rollout.n_samples_per_prompt", "algo.advantage.estimator"
_GROUPED = {"rloo", "reinforce_baseline", "group_norm", "dr_grpo"}


def check_groups(settings: Settings) -> Iterator[Fault]:
    """What compares the samples of one prompt needs several of them."""
    if not settings.given or (settings.number(_SAMPLES) or 1) > 1:
        return
    where, mend = settings.written(_SAMPLES), f"write {settings.written(_SAMPLES)} 8"
    if settings.on(_FILTERING):
        yield Fault(
            "openrlhf.filtering_one_sample", "dynamic filtering with one sample a prompt", mend, where=where
        )
    estimator = settings.text(_ESTIMATOR)
    if estimator in _GROUPED:
        yield Fault(
            "openrlhf.group_of_one",
            f"{estimator} with one sample a prompt: every advantage is 0",
            mend,
            where=where,
        )


def check_range(settings: Settings) -> Iterator[Fault]:
    """Dynamic filtering keeps prompts whose mean score lies strictly inside the range; our scores are 0 and 1."""
    numbers = as_numbers(settings.get(_RANGE))
    if not settings.on(_FILTERING) or len(numbers) != 2:
        return
    low, high = numbers
    where, mend = settings.written(_RANGE), f"write {settings.written(_RANGE)} 0 1"
    if low >= 1 or high <= 0 or low >= high:
        text = f"no mean of scores from 0 to 1 lies between {low:g} and {high:g}: every prompt is thrown away"
        yield Fault("openrlhf.filtering_range", text, mend, where=where)
    elif low < 0 or high > 1:
        text = f"between {low:g} and {high:g} lie groups that are all wrong or all right: nothing is filtered there"
        yield Fault("openrlhf.filtering_range", text, mend, "warning", where)


def check_lengths(settings: Settings) -> Iterator[Fault]:
    """The prompt needs room beside the response."""
    room = settings.room_for_prompt
    if room is not None and room <= 0:
        yield Fault(
            "openrlhf.no_room",
            f"{room:g} tokens are left for the prompt",
            f"make {settings.written('data.max_len')} longer than {settings.written('rollout.max_new_tokens')}",
            where=settings.written("data.max_len"),
        )


def check_profile(verifier: Verifier) -> Iterator[Fault]:
    """A profile that works where the trainer keeps names for itself, and tells no step."""
    try:
        RewardModel(verifier.profile, reserved=RESERVED)
    except ProfileError as error:
        yield Fault("openrlhf.reserved_name", error.problem, error.mend, where=error.path)
    for place in _schedules(verifier.profile):
        yield Fault(
            "openrlhf.no_step",
            "a number that changes with the step, and OpenRLHF tells its reward no step: it stays as at step 0",
            "write a number, and train one run for each",
            "warning",
            place,
        )


def _schedules(profile: Profile) -> Iterator[str]:
    named = [
        ("matcher", profile.matcher),
        ("combine", profile.combine),
        *((ref.use, ref) for ref in profile.rules),
    ]
    for name, ref in named:
        yield from (f"{name}.{path}" for path in _scheduled(ref.options))


def _scheduled(options: Any, path: Sequence[str] = ()) -> Iterator[str]:
    if not isinstance(options, Mapping):
        return
    if path and (options.keys() >= {"from", "to", "steps"} or "points" in options):
        yield ".".join(path)
        return
    for key, value in options.items():
        yield from _scheduled(value, (*path, str(key)))
