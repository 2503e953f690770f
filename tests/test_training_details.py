"""Details of the bridge to trainers that every adapter relies on."""

from __future__ import annotations

import json
import time

import pytest

from toolverify.rows import Line, score_lines
from toolverify.training import Gold, RewardModel, cut_ending, read_label

ENDS = ("<|im_end|>", "</s>")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "1180591620717411303424", "1e400", '"\\ud800"', "null"]
)
def test_an_answer_keeps_values_that_strict_json_has_not(number):
    calls = f'[{{"name": "f", "arguments": {{"x": {number}}}}}]'
    completion = f"<think>So.</think>\n<tool_call>{calls}</tool_call>"
    for profile in ("tool-n1-v0", "tool-n1"):
        model = RewardModel(profile)
        row = json.dumps({"completion": completion, "answer": json.loads(calls)}).encode()
        _, tally = score_lines(model.verifier, [Line(1, row)])
        scored = model.score(completion, Gold(json.loads(calls)))
        assert (scored.reward or 0.0) == tally.total
        assert model.score(completion, read_label(f'{{"answer": {calls}}}')).reward == scored.reward


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a<|im_end|>", "a"),
        ("a <|im_end|>\n", "a "),
        ("a</s> <|im_end|>\n</s>", "a"),
        ("a<|im_end|>b", "a<|im_end|>b"),
        ("a \n", "a \n"),
        ("<|im_end|>", ""),
        ("", ""),
        ("a</tool_call>", "a</tool_call>"),
    ],
)
def test_endings_are_cut_and_nothing_else(text, kept):
    assert cut_ending(text, ENDS) == kept
    assert cut_ending(text, ()) == text
    assert cut_ending(text, ("",)) == text


@pytest.mark.parametrize("piece", ["<|im_end|>", "<|im_end|></s>", "<|im_end|> ", " "])
def test_a_megabyte_of_endings_is_cut_in_one_pass(piece):
    start = time.perf_counter()
    cut_ending("a" + piece * (1_000_000 // len(piece)), ENDS)
    assert time.perf_counter() - start < 20.0  # where each cut copies the text, it is minutes
