"""The parity matrix that compares the field's scorers: its column for ToolRL, rounded to two places as it is there."""

from __future__ import annotations

import json

import pytest
import toolrl_oracle

import toolverify as tv

GET = {"city": "New York", "days": 3, "temp": 1.5, "flag": True, "tags": ["a", "b"], "opt": {"u": "x"}}


def get(**changes: object) -> dict[str, object]:
    return {"name": "get", "parameters": {**GET, **changes}}


def text(*calls: object) -> str:
    lines = [call if isinstance(call, str) else json.dumps(call) for call in calls]
    return "\n".join(["<think>t</think>", "<tool_call>", *lines, "</tool_call>"])


F, G = {"name": "f", "parameters": {"a": 1}}, {"name": "g", "parameters": {"b": 1}}
NO_CALL = "<think>t</think>\n<response>no</response>"
GUESSES = [*[get(days=number) for number in range(10, 29)], get()]

# What the row is about, the reply, the gold, the reward.
ROWS = [
    ("exact", text(get()), text(get()), 4.0),
    ("argument order", text({"name": "get", "parameters": dict(reversed(GET.items()))}), text(get()), 4.0),
    ("call order", text(G, F), text(F, G), 4.0),
    ("3 and 3.0", text(get(days=3.0)), text(get()), 4.0),
    ("1.5 as text", text(get(temp="1.5")), text(get()), 3.25),
    ("an integer for 2.0", text(get(temp=2)), text(get(temp=2.0)), 4.0),
    ("true and 1", text(get(flag=1)), text(get()), 4.0),
    ("3 as text", text(get(days="3")), text(get()), 3.25),
    ("1 and true", text(get(days=True)), text(get(days=1)), 4.0),
    ("case", text(get(city="new york")), text(get()), 3.25),
    ("punctuation", text(get(city="New-York.")), text(get()), 3.25),
    ("more text", text(get(city="x New York y")), text(get()), 3.25),
    ("wrong integer", text(get(days=99)), text(get()), 3.25),
    ("wrong boolean", text(get(flag=False)), text(get()), 3.25),
    ("list order", text(get(tags=["b", "a"])), text(get()), 3.25),
    ("wrong inside an object", text(get(opt={"u": "y"})), text(get()), 3.25),
    (
        "argument missing",
        text({"name": "get", "parameters": {**dict(list(GET.items())[:-1])}}),
        text(get()),
        3.12,
    ),
    ("argument more", text(get(more=1)), text(get()), 3.89),
    ("another function", text({"name": "put", "parameters": GET}), text(get()), -2.0),
    ("one of two calls", text(F), text(F, G), 1.0),
    ("a call more", text(get(), {"name": "junk", "parameters": {}}), text(get()), 3.62),
    ("the right call twice", text(get(), get()), text(get()), 3.62),
    ("20 guesses", text(*GUESSES), text(get()), 3.29),
    ("no call due, none made", NO_CALL, NO_CALL, 1.0),
    ("no call due, one made", text(get()), NO_CALL, 0.0),
    ("null for text", text(get(city=None)), text(get()), 3.25),
    ("no arguments", text({"name": "get", "parameters": {}}), text(get()), -1.25),
    ("broken JSON", text('{"name": "get", '), text(get()), -2.0),
    ("a bare number", text("5"), text(get()), -2.0),
    ("nested 100,000 deep", text("[" * 100_000), text(get()), -2.0),
    ("5,000 digits", text(f'{{"name": "get", "parameters": {{"days": {"1" * 5000}}}}}'), text(get()), -2.0),
]


@pytest.mark.parametrize(("says", "made", "gold", "reward"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_matrix_has_its_reward(says, made, gold, reward):
    verifier = tv.Verifier("toolrl")
    verdict = verifier.score(made, answer=gold)
    assert verdict.reward == pytest.approx(reward, abs=0.0051)
    assert verifier.rewards([made], [verifier.compile(answer=gold)]) == [verdict.reward]
    assert verdict.reward == pytest.approx(toolrl_oracle.rewards("default", made, gold, 0)[0], abs=1e-9)
