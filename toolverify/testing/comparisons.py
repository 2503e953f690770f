"""The conformance of comparisons: one answer for every pair, and keys that are equal where values are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.protocols import Comparison
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Subject, explore, same
from toolverify.testing.values import json_values

_ODD: list[Any] = [
    *(float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.0, 1e22, 5e-324, 10**400, -1, 0, 1, 2**53 + 1),
    *(False, True, None, "", "0", "1", "true", "null", "\ud800", "é", "e\u0301", " a", "A", "a"),
    *([], {}, [0], [False], ["list", 0], ["bool", True], [[]], [None], {"a": 1}, {"a": None}, {"": []}),
    *([math.nan], {"a": math.nan}, {"a": [1, {"b": True}]}, {"b": 2, "a": 1}, {"a": 1, "b": 2}),
]
_DEPTH = 100
_TWINS = (0, 1, 0.0, -0.0, 1.0, False, True)


def check_comparison(
    comparison: Comparison | str,
    *,
    options: Mapping[str, Any] | None = None,
    values: SearchStrategy[Any] | None = None,
    examples: int = 100,
) -> None:
    """Check a comparison: an instance, or the name of an installed one.

    It never raises on a pair of values, says True or False, the same twice. Where it offers `key`, it is an equivalence:
    every value that has a key equals itself, both ways give one answer, and keys are equal exactly where values are.

    Args:
        comparison: The comparison.
        options: What a task would set for one argument.
        values: A strategy for values that this comparison is about, beside JSON values of every kind.
        examples: How many pairs are tried.

    Raises:
        AssertionError: It does not, on a pair that is shown.
    """
    tried = subject("comparison", comparison)
    before, chosen = state(tried.part), dict(options or {})
    for got in [*_ODD, _deep()]:
        for want in [*_ODD, _deep()]:
            _compares(tried, got, want, chosen)
    explore(lambda pair: _compares(tried, pair[0], pair[1], chosen), value_pairs(values), examples=examples)
    unchanged(tried, before)
    other = twin(tried)
    for got in _ODD:
        for want in _ODD:
            results = [part.equal(got, want, chosen) for part in (tried.part, other)]
            tried.require(same(*results), "after pickling it says otherwise", (got, want))


def value_pairs(values: SearchStrategy[Any] | None = None) -> SearchStrategy[tuple[Any, Any]]:
    """Pairs of values: any two, and one that is written in another way here and there."""
    near = st.recursive(st.sampled_from(_ODD), lambda inner: st.lists(inner, max_size=2), max_leaves=4)
    drawn = st.one_of(*([] if values is None else [values]), json_values(), near)
    return st.one_of(
        st.tuples(drawn, drawn),
        st.builds(lambda value, swap: (value, _nearly(value, swap)), drawn, st.integers(0, len(_TWINS) - 1)),
    )


def _nearly(value: Any, swap: int) -> Any:
    """The same value, here and there written as a value that Python finds equal or nearly so."""
    if isinstance(value, dict):
        return {key: _nearly(member, swap) for key, member in reversed(value.items())}
    if isinstance(value, list):
        return [_nearly(item, swap) for item in value]
    alike = [number for number in _TWINS if number == value]
    return alike[swap % len(alike)] if alike else value


def _deep() -> Any:
    """A value nested as deep as the limits let through."""
    value: Any = 1
    for _ in range(_DEPTH):
        value = [{"a": value}] if len(repr(value)) % 2 else [value]
    return value


def _compares(tried: Subject, got: Any, want: Any, options: Mapping[str, Any]) -> None:
    pair = (got, want)
    equal = tried.ask("equal", tried.part.equal, got, want, options, on=pair)
    tried.require(isinstance(equal, bool), f"equal gives {equal!r}, not True or False", pair)
    if not hasattr(tried.part, "key"):
        return
    back = tried.ask("equal", tried.part.equal, want, got, options, on=(want, got))
    tried.require(
        back == equal, f"a comparison with a key goes both ways: {equal} one way, {back} the other", pair
    )
    keys = [_key(tried, value, options) for value in pair]
    if None in keys:
        mixed = equal and keys != [None, None]
        tried.require(not mixed, "values are equal of which only one has a key", pair)
        return
    tried.require(
        equal == (keys[0] == keys[1]), f"equal says {equal}, the keys are {keys[0]!r} and {keys[1]!r}", pair
    )
    hashes = keys[0] != keys[1] or hash(keys[0]) == hash(keys[1])
    tried.require(hashes, "equal keys have two hashes", pair)


def _key(tried: Subject, value: Any, options: Mapping[str, Any]) -> Any:
    key = tried.ask("key", tried.part.key, value, on=value)
    if key is None:
        return None
    try:
        hash(key)
    except TypeError:
        tried.fail(f"its key {key!r} cannot be hashed", value)
    itself = tried.part.equal(value, value, options)
    tried.require(bool(itself), "a value that has a key does not equal itself", value)
    return key
