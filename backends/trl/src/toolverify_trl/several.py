"""One profile as several reward functions, for trainers that normalise each before they add them up."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, Literal

from toolverify.calls import Context
from toolverify.errors import ProfileError
from toolverify.parts import assemble
from toolverify.plugins import registry
from toolverify.profile import Profile
from toolverify.protocols import Combiner
from toolverify.verifier import Verifier
from toolverify_trl.adapter import RewardFunction, default_name
from toolverify_trl.scoring import SharedScorer
from toolverify_trl.settings import make_settings

#: Steps at which the price of a score is asked: one that changes with them is no weight.
_STEPS = (0, 1, 2, 3, 7, 30, 31, 75, 105, 150, 151, 500, 1_000, 5_000, 100_000)


def rewards(
    profile: str | os.PathLike[str] | Profile,
    *,
    by: Literal["part", "rule"] = "part",
    name: str | None = None,
    **options: Any,
) -> list[RewardFunction]:
    """The profile's reward as a function for each priced part, or for each rule; they share one scoring pass.

    By part, they add up to the reward. By rule, they do so with the weights of `reward_weights`, each from 0 to 1.

    Args:
        profile: A profile's name, the path of a TOML file, or a Profile.
        by: What each function stands for.
        name: What their names begin with, instead of the profile's name.
        **options: As for `Reward`; `fallback` is none of them, for several would add up.

    Raises:
        ProfileError: An option is wrong, or the reward is no sum of the rules' scores.
    """
    if by not in {"part", "rule"}:
        raise ProfileError(f"by is {by!r}", path="by", mend="use 'part' or 'rule'")
    if options.get("fallback") is not None:
        mend = "leave it out: TRL takes None"
        raise ProfileError("several functions cannot have a fallback", path="fallback", mend=mend)
    shared = SharedScorer(make_settings(profile, **options))
    verifier, begin = shared.scorer.model.verifier, name or default_name(shared.scorer.settings, None)
    if by == "part":
        return [RewardFunction(shared, name=f"{begin}_{part}", part=part) for part in verifier.part_names]
    weights = rule_weights(verifier)
    return [
        RewardFunction(shared, name=f"{begin}_{rule}", rule=rule, weight=weight)
        for rule, weight in weights.items()
    ]


def reward_weights(functions: Sequence[Any]) -> list[float]:
    """The `reward_weights` of a trainer's config for these functions; 1 for those of others."""
    return [float(getattr(function, "weight", 1.0)) for function in functions]


def rule_weights(verifier: Verifier) -> dict[str, float]:
    """What a score of 1 is worth, by rule.

    Raises:
        ProfileError: The reward is no sum of scores with constant weights.
    """
    combiner, rules = assemble(verifier.profile, registry()).combiner, verifier.rules
    weights = {rule: _price(combiner, {**dict.fromkeys(rules, 0.0), rule: 1.0}, 0) for rule in rules}
    if not all([_is_sum(combiner, weights, step) for step in _STEPS]):
        raise ProfileError(
            f"the reward of profile {verifier.profile.name!r} is no sum of its rules' scores with constant weights",
            path="by",
            mend="use by='part', whose functions add up to any reward",
        )
    return weights


def _is_sum(combiner: Combiner, weights: dict[str, float], step: int) -> bool:
    """Whether scores add up to the price of each by itself: tried with all, none, half of each, one alone, one lacking."""
    tried = [dict.fromkeys(weights, score) for score in (0.0, 0.5, 1.0)]
    for rule in weights:
        tried.append({**dict.fromkeys(weights, 0.0), rule: 1.0})
        tried.append({**dict.fromkeys(weights, 1.0), rule: 0.5})
        tried.append({**dict.fromkeys(weights, 0.25), rule: 0.0})
    return all(
        [
            math.isclose(
                _price(combiner, scores, step),
                sum([score * weights[rule] for rule, score in scores.items()]),
                rel_tol=1e-9,
                abs_tol=1e-12,
            )
            for scores in tried
        ]
    )


def _price(combiner: Combiner, scores: dict[str, float], step: int) -> float:
    return float(sum(combiner(scores, Context(step=step)).values()))
