"""Intervals of shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from toolverify.intervals import wilson


@given(st.integers(1, 2_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_it_is_wilsons_interval(pair):
    hits, count = pair
    known = binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits, count) == pytest.approx((known.low, known.high), abs=1e-12)


def test_where_nothing_was_counted_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)
