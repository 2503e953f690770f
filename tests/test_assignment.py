"""The best pairing: against brute force, against scipy, against the greedy way."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from toolverify.assignment import align, assign

WEIGHTS = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 1.0]) | st.floats(0, 1)


@st.composite
def matrices(draw, most=6):
    rows, columns = draw(st.integers(0, most)), draw(st.integers(1, most))
    return draw(st.lists(st.lists(WEIGHTS, min_size=columns, max_size=columns), min_size=rows, max_size=rows))


def worth(weights, found):
    return sum(weights[row][column] for row, column in enumerate(found) if column is not None)


def greedy(weights):
    """The largest weight first, then the largest of what is left."""
    cells = sorted(((-weight, i, j) for i, row in enumerate(weights) for j, weight in enumerate(row)))
    rows, columns, total = set(), set(), 0.0
    for weight, i, j in cells:
        if i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            total -= weight
    return total


def is_a_pairing(weights, found):
    used = [column for column in found if column is not None]
    return len(found) == len(weights) and len(used) == len(set(used))


@given(matrices(most=5))
def test_no_permutation_is_worth_more(weights):
    found = assign(weights)
    assert is_a_pairing(weights, found)
    size = min(len(weights), len(weights[0]) if weights else 0)
    best = (
        max(
            (
                sum(weights[row][column] for row, column in zip(rows, columns, strict=True))
                for rows in itertools.combinations(range(len(weights)), size)
                for columns in itertools.permutations(range(len(weights[0])), size)
            ),
            default=0.0,
        )
        if weights
        else 0.0
    )
    assert worth(weights, found) == pytest.approx(best)


@given(matrices(most=12))
def test_the_assignment_is_never_worse_than_the_greedy_one(weights):
    assert worth(weights, assign(weights)) >= greedy(weights) - 1e-9


def test_random_matrices_are_assigned_as_scipy_assigns_them():
    seeded = random.Random(7)
    for _ in range(300):
        shape = (seeded.randint(1, 20), seeded.randint(1, 20))
        weights = [
            [seeded.choice([seeded.random(), 0.5, 0, 1]) for _ in range(shape[1])] for _ in range(shape[0])
        ]
        rows, columns = linear_sum_assignment(np.array(weights), maximize=True)
        assert worth(weights, assign(weights)) == pytest.approx(np.array(weights)[rows, columns].sum())


def test_nothing_is_assigned_to_nothing():
    assert assign([]) == []
    assert assign([[], []]) == [None, None]
    assert align([]) == []


@given(matrices(most=5))
def test_no_alignment_without_crossings_is_worth_more(weights):
    found = align(weights)
    used = [column for column in found if column is not None]
    assert is_a_pairing(weights, found)
    assert used == sorted(used)
    assert worth(weights, found) == pytest.approx(best_alignment(weights, 0, 0))


def best_alignment(weights, row, column):
    if row == len(weights) or column == len(weights[0]):
        return 0.0
    together = weights[row][column] + best_alignment(weights, row + 1, column + 1)
    return max(together, best_alignment(weights, row + 1, column), best_alignment(weights, row, column + 1))
