"""What a model may write to break a reward: never an exception, always a reason, and time that grows with the text."""

import json
import time

import pytest

import toolverify as tv
from toolverify.plugins import registry

SMALL, LARGE = 250_000, 1_000_000
#: In seconds: too little to tell how it grows; ten times what the design allows a verdict, for slow machines.
AT_ONCE, TOO_LONG = 0.3, 1.0
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
CALL = '{"name": "f", "arguments": {"y": 2}}'
THOUGHT = "<think>t</think>"


def _filled(piece, before="", after=""):
    """A text of a given size, made of one piece over and over."""
    return lambda size: before + piece * ((size - len(before) - len(after)) // len(piece)) + after


def _block(piece, after=""):
    return _filled(piece, f"{THOUGHT}<tool_call>", f"{after}</tool_call>")


def _call_with(argument):
    """Calls whose arguments are within the limit on one call, as many as the size has room for."""
    return lambda size: _list_of([argument(min(size, 60_000))] * max(1, size // 62_000))


def _list_of(arguments):
    calls = ", ".join(f'{{"name": "f", "arguments": {text}}}' for text in arguments)
    return f"{THOUGHT}<tool_call>[{calls}]</tool_call>"


HOSTILE = {
    "nothing but a's": _filled("a"),
    "spaces": _filled(" "),
    "think start markers": _filled("<think>"),
    "think end markers": _filled("</think>"),
    "thoughts": _filled("<think></think>"),
    "call start markers": _filled("<tool_call>"),
    "call end markers": _filled("</tool_call>"),
    "empty blocks": _filled("<tool_call></tool_call>", THOUGHT),
    "empty lists": _filled("<tool_call>[]</tool_call>", THOUGHT),
    "half markers": _filled("<tool_call", THOUGHT),
    "angle brackets": _filled("<", THOUGHT),
    "angle brackets in the thought": _filled("<", "<think>", f"</think><tool_call>[{CALL}]</tool_call>"),
    "drafts in the thought": _filled(f"<tool_call>[{CALL}]</tool_call>", "<think>"),
    "start markers in the thought": _filled(
        "<tool_call>", "<think>", f"</think><tool_call>[{CALL}]</tool_call>"
    ),
    "chat markers": _filled("<|im_start|>assistant", THOUGHT),
    "opening brackets": _block("["),
    "opening braces": _block('{"a":'),
    "closing brackets": _block("]"),
    "brackets in turn": _block("[]"),
    "nested calls": _block('[{"name": "f", "arguments": '),
    "calls": _block(f"{CALL}, ", after="]"),
    "list of calls": _filled(f", {CALL}", f"{THOUGHT}<tool_call>[{CALL}", "]</tool_call>"),
    "list of broken calls": _filled(', {"name": "f" oops}', f"{THOUGHT}<tool_call>[{CALL}", "]</tool_call>"),
    "list of cut calls": _filled(', {"name": "f', f"{THOUGHT}<tool_call>[{CALL}", "]</tool_call>"),
    "list of numbers": _filled(", 1", f"{THOUGHT}<tool_call>[1", "]</tool_call>"),
    "list of lists": _filled(", [{", f"{THOUGHT}<tool_call>[1", "]</tool_call>"),
    "commas": _block(","),
    "commas and braces": _block(", {"),
    "quotes": _block('"', after="[]"),
    "backslashes": _block("\\"),
    "backslashes in a string": _filled("\\", f'{THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'),
    "end markers in a string": _filled(
        "</tool_call>", f'{THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'
    ),
    "start markers in a string": _filled(
        "<tool_call>", f'{THOUGHT}<tool_call>[{{"name": "', '"}]</tool_call>'
    ),
    "strings never closed": _filled('<tool_call>["', THOUGHT),
    "objects never closed": _filled('<tool_call>[{"name": "f", "arguments": {"x": "', THOUGHT),
    "digits": _block("9"),
    "digits and points": _block("9."),
    "minus signs": _block("-"),
    "duplicate keys": _filled(', "a": 1', f'{THOUGHT}<tool_call>[{{"name": "f"', "}]</tool_call>"),
    "escaped quotes as keys": _filled(
        ', "\\u0022": 1', f'{THOUGHT}<tool_call>[{{"name": "f"', "}]</tool_call>"
    ),
    "lone surrogates": _block("\ud800"),
    "null characters": _block("\x00"),
    "every space there is": _filled("\u00a0\x1c\u2028\u3000\x85", THOUGHT),
    "one long argument": _call_with(lambda size: '{"y": "' + "a" * size + '"}'),
    "many arguments": _call_with(lambda size: json.dumps({str(i): 1 for i in range(size // 16)})),
    "many wrong elements": _call_with(
        lambda size: '{"y": 2, "x": [' + ", ".join(['"a"'] * (size // 5)) + "]}"
    ),
    "nested arguments": _call_with(lambda _: '{"y": 2, "node": ' + '{"a": ' * 100 + "5" + "}" * 100 + "}"),
}
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
    small, large = (_list_of([json.dumps({"y": "a", "x": [*range(count), {}]})]) for count in (400, 1600))
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
