"""The reward with all switches off, case by case, and what the leaf adds: reading, refusing, rendering."""

from __future__ import annotations

import json
import time

import pytest

import toolverify as tv
from toolverify.errors import AnswerError, ProfileError, RenderError
from toolverify.limits import Limits
from toolverify.plugins import registry

TOO_LONG = 10.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks


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


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (None, "answer"),
        ([], "answer"),
        ("<tool_call>\nno json\n</tool_call>", "answer: line 1 of the block"),
        ('<tool_call>\n{"name": "f", "parameters": {}}\n[]\n</tool_call>', "answer: line 2 of the block"),
        ('<tool_call>\n{"name": "f"}\n</tool_call>', "answer: line 1 of the block"),
        ('<tool_call>\n{"name": "", "parameters": {}}\n</tool_call>', "answer: line 1 of the block"),
    ],
)
def test_a_gold_that_the_released_code_would_die_of_is_refused(answer, path):
    with pytest.raises(AnswerError) as caught:
        tv.Verifier("toolrl").compile(answer=answer)
    assert caught.value.path == path


# A completion, and its segments, whose pieces are told by the first letter of their kind.
CUTS = [
    ("", ""),
    ("only text", "c"),
    ("<think>so</think>", "r"),
    ("<think>so</think>\n<tool_call>\nx\n</tool_call>", "rcb"),
    ("<think>so</think>\n<tool_call>\nx\n</tool_call>\n<response>no</response>", "rcbc"),
    ("<think>so</think>\n<response>no</response>", "rc"),
    ("before<think>so</think>after", "crc"),
    ("<think>so", "r"),
    ("so</think>", "c"),
    ("<think>a</think><think>b</think>", "rr"),
    ("<think>a<think>b</think>", "r"),
    ("<think>a <tool_call>\nx\n</tool_call> b</think>", "rbc"),
    ("<think>a</think><tool_call>x<tool_call>y</tool_call>", "rbc"),
    ("<tool_call>x</tool_call><think>late</think>", "br"),
    ("</tool_call><think>a</think><tool_call>x", "crb"),
    ("<tool_call>x", "c"),
    ("system<|im_start|>assistant\n<think>so</think><|im_end|>\n", "crc"),
    ("<think>no</think><|im_start|>assistant\n<think>so</think>", "cr"),
    ("  <think>so</think>\n\n", "crc"),
]


@pytest.mark.parametrize(("completion", "kinds"), CUTS)
def test_a_completion_is_cut_into_pieces_that_are_it_again(completion, kinds):
    reply = tv.parse(completion, format="toolrl")
    assert "".join(segment.kind[0] for segment in reply.segments) == kinds
    assert "".join(segment.text for segment in reply.segments) == completion
    for attempt in reply.attempts:
        assert completion[slice(*attempt.span)] == attempt.raw


@pytest.mark.parametrize(
    ("completion", "reasoning", "content", "flags"),
    [
        (text(ONE, response="yes"), "hm", "\n\n<response>yes</response>", ()),
        ("no thought", None, "no thought", ()),
        ("<think></think>", "", "", ()),
        ("<think>a</think> b <think>c", "a\nc", " b ", ("reasoning_unclosed",)),
        (f"a prompt<|im_start|>assistant\n{GOLD}<|im_end|>more", "hm", "\n", ()),
        ("<think>a <tool_call>\n{}\n</tool_call> b</think>", "a ", " b</think>", ("reasoning_unclosed",)),
    ],
)
def test_thoughts_and_content_stand_apart(completion, reasoning, content, flags):
    reply = tv.parse(completion, format="toolrl")
    assert (reply.reasoning, reply.content, reply.flags) == (reasoning, content, flags)


def test_each_line_of_the_block_is_an_attempt_in_its_place():
    completion = text(ONE, "no json", '{"name": "g"}', ONE)
    reply = tv.parse(completion, format="toolrl")
    assert [attempt.status for attempt in reply.attempts] == ["ok", "invalid_json", "non_object_args", "ok"]
    assert [completion[slice(*attempt.span)] for attempt in reply.attempts] == [
        ONE,
        "no json",
        '{"name": "g"}',
        ONE,
    ]


def test_many_thoughts_are_cut_in_bounds():
    completion = "<think>a</think>" * 50_000
    reply = tv.parse(completion, format="toolrl", limits=Limits(text=len(completion)))
    assert len(reply.segments) <= 300
    assert "".join(segment.text for segment in reply.segments) == completion


def test_what_is_rendered_reads_back_and_scores():
    calls = [{"name": "f", "arguments": {"a": [1, "ü"]}}, {"name": "g", "arguments": {}}]
    written = tv.render(calls, format="toolrl", reasoning="so", content="done")
    reply = tv.parse(written, format="toolrl")
    assert [{"name": call.name, "arguments": call.arguments} for call in reply.calls] == calls
    assert tv.Verifier("toolrl").score(written, answer=written).reward == 4.0
    with pytest.raises(RenderError):
        tv.render([], format="toolrl", content="<tool_call>")


@pytest.mark.parametrize(
    ("reasoning", "content", "argument"),
    [
        ("<|im_start|>assistant", "", 1),
        ("so", "<|im_end|>", 1),
        ("so", "", "<|im_end|>"),
        ("so</think>", "", 1),
        ("so", "<think>", 1),
    ],
)
def test_what_would_not_be_read_back_is_not_written(reasoning, content, argument):
    calls = [{"name": "f", "arguments": {"a": argument}}]
    with pytest.raises(RenderError):
        tv.render(calls, format="toolrl", reasoning=reasoning, content=content)


def test_calls_that_came_ready_made_are_judged_without_their_form():
    verifier = tv.Verifier("toolrl")
    calls = [{"name": "f", "arguments": {"a": 1, "b": 1}}]
    assert verifier.score(calls=calls, answer=text(ONE)).reward == 4.0
    assert verifier.score(calls=[{"name": "f"}], answer=text(ONE)).parts["correctness"] == -3.0
    parts = tv.Verifier("toolrl-withlength").score(calls=calls, answer=text(ONE)).parts
    assert parts == {"format": 1.0, "correctness": 3.0, "length": 0.0}


def test_rules_of_the_core_read_the_leafs_format(tmp_path):
    (tmp_path / "own.toml").write_text(
        'format = "toolrl"\nrules = ["reasoning", "calls", { use = "length", least = 4 }]\ncombine = "product"\n',
        encoding="utf-8",
    )
    answer = [{"name": "f", "arguments": {"a": 1, "b": 1}}]
    verdict = tv.Verifier(tmp_path / "own.toml").score(text(ONE), answer=answer)
    assert verdict.scores == {"reasoning": 1.0, "calls": 1.0, "length": 0.25}


def test_the_options_of_the_leaf_may_be_schedules(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "toolrl-withlength"\n'
        'combine = { use = "toolrl-scale", format_most = { points = [[0, 1.0], [9, 4.0]] } }\n',
        encoding="utf-8",
    )
    verdict = tv.Verifier(path).score(GOLD, answer=GOLD, context=tv.Context(step=3))
    assert verdict.parts == {"format": 2.0, "correctness": 3.0, "length": 0.0}
    path.write_text(
        'extends = "toolrl"\ncombine = { use = "toolrl-scale", format_most = { from = 1 } }\n',
        encoding="utf-8",
    )
    with pytest.raises(ProfileError, match="option 'format_most': 'to', 'steps' missing"):
        tv.Verifier(path)


@pytest.mark.parametrize(
    "name", sorted(name for name in registry().all("profile") if name.startswith("toolrl"))
)
@pytest.mark.parametrize(("made", "wanted"), [(2000, 20), (25_000, 1)])
def test_thousands_of_calls_to_one_tool_cost_little_time(name, made, wanted):
    verifier = tv.Verifier(name)
    case = verifier.compile(answer=text(*[line("f", a=number, b=number) for number in range(wanted)]))
    completion = text(*[line("f", a=number, b=-1) for number in range(10_000, 10_000 + made)])
    start = time.process_time()
    verdict = verifier.score(completion, case=case)
    assert time.process_time() - start < TOO_LONG
    assert verdict.passed is False
