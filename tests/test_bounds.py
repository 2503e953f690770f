"""At the bounds: an answer can be earned or is refused, and the caller's stack decides nothing."""

import datetime as dt
import decimal
import json
import math
import sys

import pytest

import toolverify as tv
from toolverify.errors import AnswerError

WIRES = {
    "tool-n1": tv.Verifier("tool-n1"),
    "hermes": tv.Verifier("typed", format="hermes"),
    "openai-message": tv.Verifier("typed", format="openai-message"),
    "tool-n1-release": tv.Verifier("tool-n1-v0"),
}
ROOM = 150  # frames that scoring may take


def _deep(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def _calls(value):
    return [{"name": "f", "arguments": {"x": value}}]


def _written(value):
    """JSON text, as short as can be; deep lists of one element without the help of the stack."""
    levels = 0
    while isinstance(value, list):
        value, levels = value[0], levels + 1
    return "[" * levels + json.dumps(value, ensure_ascii=False) + "]" * levels


def _reply(wire, value):
    """The shortest right reply there is."""
    arguments = f'{{"x":{_written(value)}}}'
    call = f'{{"name":"f","arguments":{arguments}}}'
    if wire == "openai-message":
        function = {"name": "f", "arguments": arguments}
        return {"role": "assistant", "reasoning_content": "t", "tool_calls": [{"function": function}]}
    return f"<think>t</think><tool_call>{call if wire == 'hermes' else f'[{call}]'}</tool_call>"


def _down(frames, do):
    """Do it that many frames further down the stack."""
    return do() if frames <= 0 else _down(frames - 1, do)


def _frames():
    frame, count = sys._getframe(), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


AT_THE_BOUNDS = {
    **{f"depth {levels}": _deep(levels) for levels in (*range(120, 131), *range(943, 953))},
    **{f"{digits} digits": int("9" * digits) for digits in (999, 1000, 1001, 4300)},
    **{f"{size} characters": "a" * size for size in (65_000, 65_480, 65_500, 65_520, 65_536, 66_000)},
    **{f"{size} two-byte characters": "é" * size for size in (32_700, 32_800, 65_400)},
    **{f"{size} quotes": '"' * size for size in (32_700, 32_740, 32_760, 32_768)},
}


@pytest.mark.parametrize("what", AT_THE_BOUNDS)
@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_at_the_bounds_can_be_earned_or_is_refused(wire, what):
    verifier, reply = WIRES[wire], _reply(wire, AT_THE_BOUNDS[what])
    try:
        case = verifier.compile(answer=_calls(AT_THE_BOUNDS[what]))
    except AnswerError:
        return
    assert verifier.score(reply, case=case).reward == 1
    assert verifier.rewards([reply], [case]) == [1]


@pytest.mark.parametrize("frames", [0, 300])
@pytest.mark.parametrize("wire", WIRES)
def test_a_right_answer_is_right_from_deep_in_the_stack(wire, frames):
    verifier, answer = WIRES[wire], _calls(_deep(100))
    text = _reply(wire, _deep(100))
    assert _down(frames, lambda: verifier.score(text, answer=answer)).passed
    assert _down(frames, lambda: verifier.rewards([text], [verifier.compile(answer=answer)])) == [1]


@pytest.mark.parametrize("levels", [10, 60, 120])
@pytest.mark.parametrize("wire", WIRES)
def test_the_reward_is_the_same_at_the_end_of_the_stack(wire, levels):
    verifier, text = WIRES[wire], _reply(wire, _deep(levels))
    case = verifier.compile(answer=_calls(_deep(levels)))
    frames = sys.getrecursionlimit() - _frames() - ROOM
    assert _down(frames, lambda: verifier.score(text, case=case)).reward == 1
    assert _down(frames, lambda: verifier.rewards([text], [case])) == [1]


def _arguments_that_hold_themselves():
    arguments = {}
    arguments["x"] = arguments
    return arguments


NO_JSON = {
    "infinity": math.inf,
    "nan": math.nan,
    "integer keys": {1: 2},
    "a date": dt.date(2020, 1, 1),
    "bytes": b"x",
    "a set": {1},
    "a decimal": decimal.Decimal("0.1"),
    "a lone surrogate": "\ud800",
    "an object": object(),
    "a key that is a lone surrogate": {"\ud800": 1},
    "itself": _arguments_that_hold_themselves(),
}


@pytest.mark.parametrize("what", NO_JSON)
@pytest.mark.parametrize("name", ["tool-n1", "typed"])
def test_an_answer_that_no_reply_can_equal_raises(name, what):
    with pytest.raises(AnswerError) as raised:
        tv.Verifier(name).compile(answer=_calls(NO_JSON[what]))
    assert raised.value.path.startswith("answer[0]")


@pytest.mark.parametrize("what", NO_JSON)
@pytest.mark.parametrize("name", ["tool-n1", "typed"])
def test_ready_made_calls_that_are_no_json_earn_nothing(name, what):
    verdict = tv.Verifier(name).score(calls=_calls(NO_JSON[what]), answer=_calls(1))
    assert verdict.reward == 0
    assert any(finding.level == "error" for finding in verdict.findings)
