"""Turns of the model's own, told from what tools said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolverify_verl.turns import Marks, by_marks, by_mask, by_words, own_turns, without_ending

END, PAD, BEGIN, ROLE, LINE = 1, 0, 2, 3, 4
HEADER = (BEGIN, ROLE, LINE)
MARKS = Marks(frozenset({END, PAD}), HEADER, BEGIN)
TOOL = [END, LINE, BEGIN, 9, LINE, 50, 51, END, LINE, *HEADER]

words = st.lists(st.integers(10, 40), max_size=6)


def test_only_endings_at_the_end_are_cut():
    assert without_ending([7, END, 8, END, PAD, PAD], MARKS.endings) == [7, END, 8]
    assert without_ending([END, PAD], MARKS.endings) == []


@settings(max_examples=60)
@given(turns=st.lists(words, min_size=1, max_size=5))
def test_turns_with_tool_output_between_them_are_found_by_marks_and_by_mask(turns):
    ids, mask = [], []
    for number, turn in enumerate(turns):
        if number:
            ids += TOOL[1:]
            mask += [0] * (len(TOOL) - 1)
        ids += [*turn, END]
        mask += [1] * (len(turn) + 1)
    assert own_turns(ids, MARKS, len(turns), full=False) == turns
    assert by_mask(ids, mask, MARKS.endings) == turns


def test_one_turn_is_taken_whole_whatever_stands_in_it():
    ids = [7, *TOOL, 8, END]
    assert own_turns(ids, MARKS, 1, full=False) == [ids[:-1]]


@pytest.mark.parametrize(
    ("ids", "told", "why"),
    [
        ([7, *TOOL, 8, END], 3, "a turn is missing"),
        ([7, *TOOL, 8, *TOOL, 9, END], 2, "a tool wrote a header"),
        ([7, *TOOL[1:], 8, END], 2, "the model's turn has no ending, so the tool's text would be in it"),
        ([7, BEGIN, 9, *TOOL, 8, END], 2, "the model wrote the mark that begins turns"),
    ],
)
def test_turns_that_cannot_be_told_are_none(ids, told, why):
    assert own_turns(ids, MARKS, told, full=False) is None, why


def test_a_response_that_was_cut_off_may_lack_turns():
    assert own_turns([7, *TOOL[:5]], MARKS, 2, full=True) == [[7]]
    assert own_turns([7, *TOOL[:5]], MARKS, 2, full=False) is None


def test_without_a_header_there_is_but_the_first_turn():
    assert by_marks([7, *TOOL, 8, END], Marks(frozenset({END}))) == [[7]]
    assert own_turns([7, *TOOL, 8, END], Marks(frozenset({END})), 2, full=False) is None
    assert own_turns([7, *TOOL, 8, END], MARKS, None, full=False) == [[7], [8]]


def test_nothing_at_all_is_one_empty_turn():
    assert by_mask([], [], MARKS.endings) == [[]]
    assert own_turns([], MARKS, 1, full=False) == [[]]


@pytest.mark.parametrize("role", ["user", "tool"])
def test_turns_by_words(role):
    between = f"\n{role}\n<tool_response>x</tool_response>\nassistant\n"
    assert by_words(f"a{between}b", 2) == ["a", "b"]
    assert by_words(f"a{between}b", 1) == [f"a{between}b"]
    assert by_words(f"a{between}b", None) == [f"a{between}b"]
    assert by_words(f"a{between}b", 3) is None
    assert by_words(f"a{between}b{between}c", 2) is None
    assert by_words(f"a\n{role}\nassistant\nb", 2) == ["a", "b"]
