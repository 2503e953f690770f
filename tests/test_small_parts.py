"""Small parts that no table reaches: decorated rules, odd combiners, coercions and readers of plugins."""

from __future__ import annotations

import pytest

import toolverify as tv
from toolverify.calls import Change, Coerced, Expected, ToolCall
from toolverify.coerce import NoCoercion
from toolverify.compile import compile_case
from toolverify.errors import AnswerError, ProfileError
from toolverify.parts import assemble
from toolverify.plugins import Part, registry
from toolverify.profile import Profile
from toolverify.schema import read_tool
from toolverify.verify import verify

TOOLS = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]
ANSWER = [{"name": "f", "arguments": {"a": 1}}]


class Halves:
    """A registry with one part replaced by another's."""

    def __init__(self, kind: str, value: object) -> None:
        self.kind, self.value = kind, value

    def get(self, kind: str, name: str, *, path: str = "") -> Part:
        part = registry().get(kind, name, path=path)
        return Part(name, self.value, part.plugin) if kind == self.kind else part


def parts_with(kind: str, value: object, **keys: object):
    profile = Profile.model_validate({"name": "own", "format": "hermes", "rules": ["calls"], **keys})
    return assemble(profile, Halves(kind, value))


def score(parts, calls: list[object], answer: object = ANSWER, tools: object = None) -> tv.Verdict:
    from toolverify.reading import ReadyCalls

    return verify(parts, ReadyCalls(calls), compile_case(parts, answer, tools), tv.Context())


@pytest.mark.parametrize(
    ("returned", "score_", "codes"),
    [
        (0.25, 0.25, []),
        (True, 1.0, []),
        (tv.Outcome(0.5, (tv.Finding("a.b", "note", "", "m"),)), 0.5, ["a.b"]),
        ([tv.Finding("a.b", "note", "", "m")], 1.0, ["a.b"]),
        ([tv.Finding("a.b", "error", "", "m")], 0.0, ["a.b"]),
        ([], 1.0, []),
    ],
)
def test_a_decorated_function_may_return_a_score_an_outcome_or_findings(returned, score_, codes):
    made = tv.rule("own", gate=True, reads_tools=True)(lambda _: returned)
    assert (made.gate, made.reads_tools) == (True, True)
    outcome = made(None)
    assert (outcome.score, [finding.code for finding in outcome.findings]) == (score_, codes)


class ToInt:
    """Turns texts of digits into integers."""

    name = "to-int"

    def coerce(self, call: ToolCall, tool: object) -> Coerced:
        changes = tuple(
            Change(f"arguments.{key}", value, int(value), "text of digits")
            for key, value in call.arguments.items()
            if str(value).isdigit() and isinstance(value, str)
        )
        return Coerced(
            ToolCall(
                call.name,
                {
                    **call.arguments,
                    **{change.path.removeprefix("arguments."): change.after for change in changes},
                },
            ),
            changes,
        )


def test_a_plugins_coercion_changes_the_calls_and_keeps_the_wire_values():
    seen = []

    class Look:
        name, gate = "look", False

        def __call__(self, view):
            seen.append(view)
            return tv.Outcome(1.0)

    parts = parts_with("coercion", ToInt(), coercion="none")
    assert parts.reads_tools
    assert score(parts, [{"name": "f", "arguments": {"a": "1"}}], tools=TOOLS).passed
    assert not score(parts, [{"name": "f", "arguments": {"a": "1"}}]).passed
    assert not score(parts, [{"name": "g", "arguments": {"a": "1"}}], tools=TOOLS).passed
    looked = parts_with("coercion", ToInt(), coercion="none")
    import msgspec

    slot = msgspec.structs.replace(looked.slots[0], rule=Look())
    score(
        msgspec.structs.replace(looked, slots=(slot,)), [{"name": "f", "arguments": {"a": "1"}}], tools=TOOLS
    )
    assert seen[0].reply.calls[0].arguments == {"a": "1"}
    assert seen[0].calls[0].arguments == {"a": 1}
    assert seen[0].changes == (Change("calls[0].arguments.a", "1", 1, "text of digits"),)


def test_no_coercion_changes_nothing():
    call = ToolCall("f", {"a": "1"})
    assert NoCoercion().coerce(call, read_tool(TOOLS[0])) == Coerced(call)


class Fickle:
    """Its parts change their names with the scores."""

    name = "fickle"

    def __call__(self, scores, context):
        return {"high": 1.0} if min(scores.values()) == 1 else {"low": 0.0}


def test_a_combiner_whose_parts_change_their_names_makes_the_verdict_unscorable():
    parts = parts_with("combiner", Fickle(), combine="product")
    assert score(parts, []).reward == 0.0
    verdict = score(parts, ANSWER)
    assert verdict.reward is None
    assert verdict.parts == {"low": None}
    assert "combine of toolverify" in verdict.findings[0].message


def test_a_matcher_that_raises_is_named():
    class Broken:
        name = "broken"

        def pair(self, got, want, judge):
            raise KeyError("x")

    verdict = score(parts_with("matcher", Broken(), matcher="unordered"), ANSWER)
    assert verdict.findings[0].path == "matcher"


@pytest.mark.parametrize(
    ("read", "words"),
    [(lambda *_: 1 / 0, "raised ZeroDivisionError"), (lambda *_: Expected(()), "no acceptable list")],
)
def test_an_answer_reader_that_goes_wrong_is_an_error_of_the_answer(read, words):
    reader = type("Reader", (), {"name": "own", "read": read})()
    with pytest.raises(AnswerError, match=words):
        compile_case(parts_with("answer reader", reader, answers="calls"), [], None)


def test_what_implements_no_protocol_is_refused():
    with pytest.raises(ProfileError, match="is no Matcher"):
        parts_with("matcher", object(), matcher="unordered")


def test_a_comparison_without_keys_goes_the_long_way():
    class Casefold:
        name = "casefold"

        def equal(self, got, want, options):
            return str(got).casefold() == str(want).casefold()

    parts = parts_with("comparison", Casefold(), comparison="python")
    assert parts.judge.value_key is None
    assert score(
        parts, [{"name": "f", "arguments": {"a": "X"}}], [{"name": "f", "arguments": {"a": "x"}}]
    ).passed


def test_the_last_of_several_findings_beyond_the_bound_is_a_note():
    def many(_):
        return [tv.Finding(f"own.{index}", "note", "", "m") for index in range(300)]

    parts = parts_with("rule", tv.rule("calls")(many))
    findings = score(parts, ANSWER).findings
    assert len(findings) == 101
    assert findings[-1].message == "only the first 100 findings are shown"
