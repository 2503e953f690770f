"""What a model may write to break a reward: never an exception, always a reason, and time that grows with the text."""

import json
import time

import pytest

import toolverify as tv
from toolverify.plugins import registry
from toolverify.testing import HOSTILE, hostile_block

SMALL, LARGE = 250_000, 1_000_000
#: In seconds: too little to tell how it grows; ten times what the design allows a verdict, for slow machines.
AT_ONCE, TOO_LONG = 0.3, 5.0
MOST_FINDINGS = 101
TOOLS = [
    {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {
                "x": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
                "y": {"type": "integer"},
                "s": {"type": "string", "pattern": "^[a-z]*$"},
                "node": {"$ref": "#/$defs/node"},
            },
            "required": ["y"],
            "additionalProperties": False,
            "$defs": {"node": {"type": "object", "additionalProperties": {"$ref": "#/$defs/node"}}},
        },
    }
]
ANSWER = [{"name": "f", "arguments": {"y": 1}}]
VERIFIERS = {
    **{name: tv.Verifier(name) for name in registry().all("profile")},
    "typed-hermes": tv.Verifier("typed", format="hermes"),
    "typed-message": tv.Verifier("typed", format="openai-message"),
}


def _case(verifier):
    if verifier.profile.answers.use != "toolrl-text":
        return verifier.compile(answer=ANSWER, tools=TOOLS)
    return verifier.compile(
        answer=tv.render(ANSWER, format=verifier.profile.format.use, reasoning=""), tools=TOOLS
    )


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", VERIFIERS)
def test_hostile_text_does_not_pass_and_has_a_reason(name, what):
    verifier = VERIFIERS[name]
    case, text = _case(verifier), HOSTILE[what](8_000)
    for context in (tv.Context(), tv.Context(finish_reason="length", reasoning_open=True)):
        verdict = verifier.score(text, case=case, context=context)
        assert verdict.passed is False
        assert any(finding.level == "error" for finding in verdict.findings)
        assert verifier.rewards([text], [case], contexts=[context]) == [verdict.reward]
    assert verifier.rewards([text], [case]) == [verifier.score(text, case=case).reward]


def _seconds(verifier, text, case, *, times):
    """The processor's time for verdict and fast path, the least of some tries."""
    tries = []
    for _ in range(times):
        start = time.process_time()
        verifier.score(text, case=case)
        verifier.rewards([text], [case])
        tries.append(time.process_time() - start)
    return min(tries)


def _grows_with_its_length(verifier, case, small, large):
    """Four times the text may take eight times the time; sixteen times would be its square."""
    took = _seconds(verifier, large, case, times=1)
    assert took < TOO_LONG
    if took > AT_ONCE:
        before, took = (_seconds(verifier, text, case, times=3) for text in (small, large))
        assert took < 2 * before * len(large) / len(small)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize(
    "name", ["tool-n1", "typed", "typed-hermes", "typed-message", "tool-n1-v0", "toolrl"]
)
def test_the_time_for_hostile_text_grows_with_its_length(name, what):
    if name not in VERIFIERS:
        pytest.skip(f"the leaf with {name} is not installed")
    verifier = VERIFIERS[name]
    case = _case(verifier)
    _grows_with_its_length(verifier, case, HOSTILE[what](SMALL), HOSTILE[what](LARGE))


def test_the_time_for_arguments_that_break_their_schema_grows_with_their_length():
    verifier = VERIFIERS["typed"]
    small, large = (
        hostile_block([json.dumps({"y": "a", "x": [*range(count), {}]})]) for count in (400, 1600)
    )
    _grows_with_its_length(verifier, _case(verifier), small, large)


@pytest.mark.parametrize("name", ["tool-n1", "typed"])
def test_two_thousand_right_calls_are_right(name):
    verifier = VERIFIERS[name]
    tools = [{"name": "f", "parameters": {"type": "object"}}]
    answer = [{"name": "f", "arguments": {"y": number}} for number in range(2000)]
    text = tv.render(answer[::-1], format="tool-n1", reasoning="t")
    case = verifier.compile(answer=answer, tools=tools)
    assert verifier.score(text, case=case).passed
    assert verifier.rewards([text], [case]) == [1]
    assert _seconds(verifier, text, case, times=1) < TOO_LONG


@pytest.mark.parametrize("name", VERIFIERS)
def test_two_thousand_wrong_calls_cost_little_time(name):
    verifier = VERIFIERS[name]
    calls = [{"name": "f", "arguments": {"y": number}} for number in range(2000)]
    text = tv.render(calls, format=verifier.profile.format.use, reasoning="t")
    verdict = verifier.score(text, case=_case(verifier))
    assert not verdict.passed
    assert len(verdict.findings) <= MOST_FINDINGS
    assert _seconds(verifier, text, _case(verifier), times=1) < TOO_LONG
