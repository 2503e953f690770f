"""The released ToolRL reward: vectors, the parity matrix's own cases, and what the leaf adds."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.errors import AnswerError, RenderError

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
VECTORS = SHARED / "vectors" / "toolrl.jsonl.gz"


def line(name: str, **parameters: object) -> str:
    return json.dumps({"name": name, "parameters": parameters})


def text(*lines: str, response: str = "") -> str:
    block = "\n".join(["\n<tool_call>", *lines, "</tool_call>"]) if lines else ""
    said = f"\n<response>{response}</response>" if response else ""
    return f"<think>hm</think>{block}{said}"


GET = {"city": "New York", "days": 3, "temp": 1.5, "flag": True, "tags": ["a", "b"], "opt": {"u": "x"}}
GOLD = text(line("get", **GET))
ONE = line("f", a=1, b=1)

# What was made, what is expected, the reward.
CASES = [
    ("exact", GOLD, GOLD, 4.0),
    ("argument order", text(line("get", **dict(reversed(GET.items())))), GOLD, 4.0),
    ("3 and 3.0 are equal", text(line("get", **{**GET, "days": 3.0})), GOLD, 4.0),
    ("true and 1 are equal", text(line("get", **{**GET, "flag": 1})), GOLD, 4.0),
    ("one wrong value", text(line("get", **{**GET, "city": "new york"})), GOLD, 3.25),
    ("one argument missing", text(line("get", **{k: v for k, v in GET.items() if k != "opt"})), GOLD, 3.125),
    ("one argument more", text(line("get", **GET, more=1)), GOLD, 3.892857142857143),
    ("no arguments", text(line("get")), GOLD, -1.25),
    ("another function", text(line("put", **GET)), GOLD, -2.0),
    ("a call more", text(line("get", **GET), line("junk")), GOLD, 3.625),
    ("one of two calls", text(ONE), text(ONE, line("g", c=2)), None),
    ("broken JSON", text('{"name": "get"'), GOLD, -2.0),
    ("a JSON list", text(f"[{line('get', **GET)}]"), GOLD, -2.0),
    ("arguments for parameters", text('{"name": "get", "arguments": {}}'), GOLD, -2.0),
    ("a name that is a list", text('{"name": [], "parameters": {}}'), GOLD, -2.0),
    ("no name", text('{"parameters": {}}'), GOLD, -2.0),
    ("an unopened call may lack parameters", text(line("get", **GET), '{"name": "junk"}'), GOLD, 3.625),
    (
        "nesting beyond all bounds",
        text('{"name": "get", "parameters": {"a": ' + "[" * 100_000 + "}}"),
        GOLD,
        -2.0,
    ),
    ("five thousand digits", text('{"name": "get", "parameters": {"a": ' + "1" * 5000 + "}}"), GOLD, -2.0),
    ("a response where one is due", text(response="no"), text(response="so"), 1.0),
    ("a call where a response is due", text(ONE), text(response="so"), 0.0),
    ("both blocks", text(ONE, response="a"), text(ONE, response="b"), 4.0),
    ("a blank line between", text(ONE).replace("</think>\n", "</think>\n\n"), text(ONE), 3.0),
    ("only a thought", "<think>a</think>", "<think>b</think>", 1.0),
    ("chat markers", f"<|im_start|>assistant\n{GOLD}<|im_end|> and more", GOLD, 4.0),
    (
        "greedy, not optimal",
        text(line("f", a=1, b=1), line("f", a=2, b=1)),
        text(line("f", a=9, b=1), line("f", a=1, b=1)),
        2.2857142857142856,
    ),
]


@pytest.mark.parametrize(("says", "completion", "answer", "reward"), CASES, ids=[case[0] for case in CASES])
def test_the_reward_is_the_released_one(says, completion, answer, reward):
    verifier = tv.Verifier("toolrl")
    case = verifier.compile(answer=answer)
    verdict = verifier.score(completion, case=case)
    if reward is not None:
        assert verdict.reward == pytest.approx(reward, abs=1e-9)
    assert verdict.reward == pytest.approx(sum(verdict.parts.values()))
    assert set(verdict.parts) == {"format", "correctness"}
    assert verifier.rewards([completion], [case]) == [verdict.reward]


@pytest.mark.skipif(not VECTORS.exists(), reason="no shared vectors")
def test_the_vectors_agree_in_the_reward_and_in_each_part():
    verifier = tv.Verifier("toolrl")
    with gzip.open(VECTORS, "rt", encoding="utf-8") as stream:
        rows = [json.loads(row) for row in stream]
    for row in rows:
        verdict = verifier.score(
            row["completion"], answer=row["answer"], context=tv.Context(step=row["step"])
        )
        found = [verdict.reward, verdict.parts["format"], verdict.parts["correctness"]]
        assert found == pytest.approx(row["expected"]["default"][:3], abs=1e-9), row["id"]


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (None, "answer"),
        ([], "answer"),
        ("<tool_call>\nno json\n</tool_call>", "answer: line 1 of the block"),
        ('<tool_call>\n{"name": "f", "parameters": {}}\n[]\n</tool_call>', "answer: line 2 of the block"),
        ('<tool_call>\n{"name": "f"}\n</tool_call>', "answer: line 1 of the block"),
    ],
)
def test_a_gold_that_the_released_code_would_die_of_is_refused(answer, path):
    with pytest.raises(AnswerError) as caught:
        tv.Verifier("toolrl").compile(answer=answer)
    assert caught.value.path == path


def test_what_is_rendered_reads_back_and_scores():
    calls = [{"name": "f", "arguments": {"a": [1, "ü"]}}, {"name": "g", "arguments": {}}]
    written = tv.render(calls, format="toolrl", reasoning="so", content="done")
    reply = tv.parse(written, format="toolrl")
    assert [{"name": call.name, "arguments": call.arguments} for call in reply.calls] == calls
    assert tv.Verifier("toolrl").score(written, answer=written).reward == 4.0
    with pytest.raises(RenderError):
        tv.render([], format="toolrl", content="<tool_call>")


def test_calls_that_came_ready_made_are_judged_without_their_form():
    verifier = tv.Verifier("toolrl")
    calls = [{"name": "f", "arguments": {"a": 1, "b": 1}}]
    assert verifier.score(calls=calls, answer=text(ONE)).reward == 4.0
    assert verifier.score(calls=[{"name": "f"}], answer=text(ONE)).parts["correctness"] == -3.0


def test_the_length_rule_counts_the_words_of_the_last_thought(tmp_path):
    path = tmp_path / "long.toml"
    path.write_text(
        'extends = "toolrl"\nrules = [{ use = "toolrl-format", name = "format" }, '
        '{ use = "toolrl-judged", name = "judged" }, { use = "toolrl-correctness", name = "correctness" }, '
        '{ use = "toolrl-length", name = "length" }]\n',
        encoding="utf-8",
    )
    verifier = tv.Verifier(path)
    thought = f"<think>{'word ' * 256}</think>"
    assert verifier.score(thought, answer="<think></think>").parts["length"] == 0.5
    assert verifier.score("no thought", answer="<think></think>").parts["length"] == 0.0
    assert verifier.score(thought * 3, answer="<think></think>").parts["length"] == 0.5
