"""The conformance of combiners: the same parts whatever the scores, all of them numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import Context
from toolverify.protocols import Combiner
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Subject, explore, same
from toolverify.testing.values import contexts

_CORNERS = (0.0, 0.5, 1.0)
_MOST_CORNERS = 200


def check_combiner(
    combiner: Combiner | str,
    *,
    rules: Sequence[str] = ("format", "calls"),
    gates: Sequence[str] | None = None,
    examples: int = 100,
) -> None:
    """Check a combiner: an instance, or the name of an installed one.

    Its parts have the same names in the same order whatever the scores and the context, and are finite numbers; where it
    says `only_gates`, they depend on nothing but whether every gate scores 1.

    Args:
        combiner: The combiner, with the options that a profile with these rules would set.
        rules: The names of a profile's rules.
        gates: Which of them are gates; by default all.
        examples: How many scores are tried.

    Raises:
        AssertionError: It does not, on scores that are shown.
    """
    tried = subject("combiner", combiner)
    before, chosen = state(tried.part), tuple(rules if gates is None else gates)
    bound = Subject("combiner", _bound(tried, chosen))
    names = tuple(_priced(bound, dict.fromkeys(rules, 0.0), Context()))
    corners = list(product(_CORNERS, repeat=len(rules)))[:_MOST_CORNERS]
    for corner in corners:
        _keeps(bound, names, dict(zip(rules, corner, strict=True)), Context(), chosen)
    explore(
        lambda scores, context: _keeps(bound, names, scores, context, chosen),
        _scores(rules),
        contexts(),
        examples=examples,
    )
    unchanged(tried, before)
    twin(tried)
    _survives_pickling(bound, [dict(zip(rules, corner, strict=True)) for corner in corners])


def _bound(tried: Subject, gates: Sequence[str]) -> Any:
    if not hasattr(tried.part, "bind"):
        return tried.part
    bound = tried.ask("bind", tried.part.bind, gates)
    tried.require(isinstance(bound, Combiner), f"bind gives {bound!r}, which is no Combiner")
    return bound


def _scores(rules: Sequence[str]) -> SearchStrategy[dict[str, float]]:
    number = st.one_of(st.sampled_from(_CORNERS), st.floats(0, 1))
    drawn = st.lists(number, min_size=len(rules), max_size=len(rules))
    return drawn.map(lambda scores: dict(zip(rules, scores, strict=True)))  # in the order of the rules


def _priced(tried: Subject, scores: Mapping[str, float], context: Context) -> dict[str, float]:
    on = (scores, context)
    parts: dict[str, float] = tried.ask("the combiner", tried.part, scores, context, on=on)
    tried.require(isinstance(parts, dict), f"it gives {type(parts).__name__}, not a dict of priced parts", on)
    for name, value in parts.items():
        number = isinstance(value, int | float) and math.isfinite(value)
        tried.require(
            isinstance(name, str) and number, f"the part {name!r} is {value!r}, no finite number", on
        )
    return parts


def _keeps(
    tried: Subject,
    names: tuple[str, ...],
    scores: Mapping[str, float],
    context: Context,
    gates: Sequence[str],
) -> None:
    parts = _priced(tried, scores, context)
    problem = f"its parts are {list(parts)} here and {list(names)} where all scores are 0"
    tried.require(tuple(parts) == names, problem, scores)
    if getattr(tried.part, "only_gates", False):
        passed = all(scores[gate] == 1 for gate in gates)
        plain = _priced(tried, {name: float(passed or name not in gates) for name in scores}, Context())
        problem = f"only_gates, yet other scores or another context make {plain} into {parts}"
        tried.require(parts == plain, problem, (scores, context))


def _survives_pickling(tried: Subject, corners: Sequence[Mapping[str, float]]) -> None:
    other = twin(tried)
    for scores in corners:
        results = [part(scores, Context()) for part in (tried.part, other)]
        tried.require(same(*results), "after pickling it prices otherwise", scores)
