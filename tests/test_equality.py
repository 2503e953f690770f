"""Laws of the two keyed comparisons: an equivalence, of which a key names the class."""

import json
import math

import generate as gen
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolverify.compare import JsonComparison, JsonTextComparison

COMPARISONS = [JsonComparison(), JsonTextComparison()]
ODD_FLOATS = st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.0, 1e22, 5e-324])
NEAR = st.sampled_from(
    [0, 1, 0.0, -0.0, 1.0, False, True, None, "", "0", [], {}, [0], [False], ["list", 0], ["bool", True]]
)
VALUES = st.one_of(
    gen.values, NEAR, ODD_FLOATS, st.recursive(NEAR, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
)


def _nearly(value, swap):
    """The same value, here and there written as a value that Python finds equal or nearly so."""
    if isinstance(value, dict):
        return {key: _nearly(member, swap) for key, member in reversed(value.items())}
    if isinstance(value, list):
        return [_nearly(item, swap) for item in value]
    twins = [twin for twin in (0, 1, 0.0, -0.0, 1.0, False, True) if twin == value]
    return twins[swap % len(twins)] if twins else value


PAIRS = st.one_of(
    st.tuples(VALUES, VALUES),
    st.builds(lambda value, swap: (value, _nearly(value, swap)), VALUES, st.integers(0, 6)),
)


def _text(value):
    return json.dumps(value, sort_keys=True)


def _same_json(got, want):
    """Equality of JSON values, said another way than the code says it."""
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(map(_same_json, got, want))
    if isinstance(got, dict) and isinstance(want, dict):
        return sorted(got) == sorted(want) and all(_same_json(got[key], want[key]) for key in got)
    if any(isinstance(value, float) and not math.isfinite(value) for value in (got, want)):
        return False  # no JSON value, and equal to none
    kinds = [
        type(value) if isinstance(value, bool | str | list | dict | None) else float for value in (got, want)
    ]
    return kinds[0] is kinds[1] and got == want


@given(pair=PAIRS)
def test_json_values_are_equal_by_kind_and_value(pair):
    assert JsonComparison().equal(*pair, {}) == _same_json(*pair)


@given(pair=PAIRS)
def test_json_texts_are_equal_where_their_sorted_texts_are(pair):
    assert JsonTextComparison().equal(*pair, {}) == (_text(pair[0]) == _text(pair[1]))


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
@given(pair=PAIRS)
def test_keys_are_equal_where_values_are(comparison, pair):
    keys = [comparison.key(value) for value in pair]
    if None in keys:
        assert not all(comparison.equal(value, value, {}) for value in pair)
    else:
        assert (keys[0] == keys[1]) == comparison.equal(*pair, {})
        assert keys[0] != keys[1] or hash(keys[0]) == hash(keys[1])


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
@given(pair=PAIRS)
def test_equality_goes_both_ways(comparison, pair):
    assert comparison.equal(*pair, {}) == comparison.equal(*reversed(pair), {})
