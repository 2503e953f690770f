"""Depth and digits are bounded by the profile, not by where the caller's stack happens to be."""

import json
import sys

import n1_oracle
import pytest

import toolverify as tv
from toolverify.errors import AnswerError

PROFILES = sorted(n1_oracle.PROFILES.values())
ROOM = 60  # frames that scoring may take


def _deep(levels, leaf=1):
    for _ in range(levels):
        leaf = [leaf]
    return leaf


def _calls(value):
    return [{"name": "f", "arguments": {"x": value}}]


def _text(body):
    return f'<think>t</think><tool_call>[{{"name": "f", "arguments": {{"x": {body}}}}}]</tool_call>'


def _brackets(levels, leaf="1"):
    return "[" * levels + leaf + "]" * levels


TOO_DEEP = {
    "one level": _brackets(951),
    "far": _brackets(100_000),
    "far and not closed": "[" * 100_000,
    "far in objects": '{"a":' * 100_000,
}


def _down(frames, do):
    """Do it that many frames further down the stack."""
    return do() if frames == 0 else _down(frames - 1, do)


def _frames():
    frame, count = sys._getframe(), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


def _to_the_end_of_the_stack():
    return sys.getrecursionlimit() - _frames() - ROOM


@pytest.mark.parametrize("frames", [0, 300])
@pytest.mark.parametrize("levels", [400, 900, 945])
def test_a_deep_right_answer_is_right_from_deep_in_the_stack(levels, frames):
    verifier = tv.Verifier("tool-n1-v0")
    text, answer = _text(_brackets(levels)), _calls(_deep(levels))
    verdict = _down(frames, lambda: verifier.score(text, answer=answer))
    assert (verdict.reward, verdict.passed) == (1, True)
    assert _down(frames, lambda: verifier.rewards([text], [verifier.compile(answer=answer)])) == [1]


@pytest.mark.parametrize("frames", [0, 300])
def test_a_deep_gold_in_json_text_is_read_from_deep_in_the_stack(frames):
    verifier = tv.Verifier("tool-n1-v0")
    answer = _text(_brackets(900)).removeprefix("<think>t</think><tool_call>").removesuffix("</tool_call>")
    assert _down(frames, lambda: verifier.score(_text(_brackets(900)), answer=answer)).reward == 1


@pytest.mark.parametrize("levels", [10, 100, 500, 940])
@pytest.mark.parametrize(
    "leaf", ["1", "2", '{"a": 1, "b": [{}], "a": 2}', "nul", "1,", '"', "[", "{}}", '{"a" 1}', "NaN"]
)
def test_the_verdict_is_the_same_at_the_end_of_the_stack(levels, leaf):
    verifier = tv.Verifier("tool-n1-v4")
    text = _text(_brackets(levels, leaf))
    case = verifier.compile(answer=_calls(_deep(levels)))
    here = verifier.score(text, case=case)
    there, rewards = _down(
        _to_the_end_of_the_stack(),
        lambda: (verifier.score(text, case=case), verifier.rewards([text], [case])),
    )
    assert (there.reward, there.scores, there.passed) == (here.reward, here.scores, here.passed)
    assert [finding.code for finding in there.findings] == [finding.code for finding in here.findings]
    assert rewards == [here.reward]


def test_a_deep_wrong_answer_is_wrong():
    verifier = tv.Verifier("tool-n1-v0")
    assert verifier.score(_text(_brackets(900, "2")), answer=_calls(_deep(900))).reward == 0
    assert verifier.score(_text(_brackets(899)), answer=_calls(_deep(900))).reward == 0


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("body", TOO_DEEP.values(), ids=TOO_DEEP)
def test_beyond_the_depth_the_reward_is_zero_and_the_finding_tells(name, body):
    verifier = tv.Verifier(name)
    verdict = verifier.score(_text(body), answer=_calls(1))
    assert verdict.reward == 0
    found = {finding.code: finding.source_code for finding in verdict.findings}
    assert found.get("tool-n1.reference_raises") == "RecursionError"
    assert verifier.rewards([_text(body)], [verifier.compile(answer=_calls(1))]) == [0]


@pytest.mark.parametrize("name", PROFILES)
def test_four_thousand_three_hundred_digits_are_the_most(name):
    verifier = tv.Verifier(name)
    fits, beyond = 10**4299, "1" * 4301
    assert verifier.score(_text(str(fits)), answer=_calls(fits)).passed
    verdict = verifier.score(_text(beyond), answer=_calls(1))
    assert verdict.reward == 0
    found = {finding.code: finding.source_code for finding in verdict.findings}
    assert found.get("tool-n1.reference_raises") == "ValueError"


def test_a_gold_beyond_the_depth_raises():
    with pytest.raises(AnswerError) as raised:
        tv.Verifier("tool-n1-v0").compile(answer=_calls(_deep(960)))
    assert raised.value.path == "answer[0]"


# What `json.loads` reads, a gold may hold: the released code reads its golds with it.
ODD_GOLDS = {
    "a lone surrogate": '[{"name": "f", "arguments": {"x": "\\ud800"}}]',
    "NaN": '[{"name": "f", "arguments": {"x": NaN}}]',
    "Infinity": '[{"name": "f", "arguments": {"x": 1e999}}]',
    "equal keys": '[{"name": "f", "arguments": {"x": 1, "x": 2}}]',
}


@pytest.mark.parametrize("odd", ODD_GOLDS)
@pytest.mark.parametrize("as_text", [True, False], ids=["as JSON text", "as values"])
def test_a_gold_that_json_loads_reads_is_matched_by_itself(odd, as_text):
    gold = ODD_GOLDS[odd]
    text = f"<think>t</think><tool_call>{gold}</tool_call>"
    assert n1_oracle.reward("v0", text, gold) == 1
    answer = gold if as_text else json.loads(gold)
    verifier = tv.Verifier("tool-n1-v0")
    assert verifier.score(text, answer=answer).reward == 1
    assert verifier.rewards([text], [verifier.compile(answer=answer)]) == [1]


def test_a_gold_that_was_encoded_twice_is_read_twice():
    gold = json.dumps(json.dumps(_calls(1)))
    assert n1_oracle.reward("v0", _text("1"), json.dumps(_calls(1))) == 1
    assert tv.Verifier("tool-n1-v0").score(_text("1"), answer=gold).reward == 1
