"""The two keyed comparisons say what another way of saying it says; that they are equivalences, the kit checks."""

import json
import math

from hypothesis import given

from toolverify.compare import JsonComparison, JsonTextComparison
from toolverify.testing import value_pairs


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


@given(pair=value_pairs())
def test_json_values_are_equal_by_kind_and_value(pair):
    assert JsonComparison().equal(*pair, {}) == _same_json(*pair)


@given(pair=value_pairs())
def test_json_texts_are_equal_where_their_sorted_texts_are(pair):
    assert JsonTextComparison().equal(*pair, {}) == (_text(pair[0]) == _text(pair[1]))
