"""Answers, comparisons, matching, rules and combiners, each alone."""

from __future__ import annotations

import math
import pickle
import random
from itertools import permutations

import pytest

import toolverify as tv
from toolverify.answers import CallsAnswer, PossibleAnswer
from toolverify.calls import Choice, Expected, ExpectedCall, Fields, Items
from toolverify.compare import JsonComparison, JsonTextComparison, PythonComparison, json_text
from toolverify.errors import AnswerError, ProfileError
from toolverify.judge import CallJudge, shown
from toolverify.match import UnorderedMatcher
from toolverify.profile import Profile
from toolverify.settled import settle

JSON = CallJudge(JsonComparison(), {})
CALL = {"name": "f", "arguments": {"a": 1}}


# Answers


@pytest.mark.parametrize(
    "answer",
    [
        [CALL],
        [{"name": "f", "parameters": {"a": 1}}],
        '[{"name": "f", "arguments": {"a": 1}}]',
        {"any_of": [[CALL]]},
        '{"any_of": [[{"name": "f", "arguments": {"a": 1}}]]}',
        ({"name": "f", "arguments": {"a": 1}},),
    ],
)
def test_an_answer_may_be_written_in_several_ways(answer):
    assert CallsAnswer().read(answer, None) == Expected(((ExpectedCall("f", {"a": 1}),),))


def test_no_call_is_an_empty_list():
    assert CallsAnswer().read([], None) == Expected(((),))
    assert CallsAnswer().read("[]", None) == Expected(((),))


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (None, "answer"),
        ("", "answer"),
        ("null", "answer"),
        ("no json", "answer"),
        (3, "answer"),
        (CALL, "answer"),
        ([None], "answer[0]"),
        ([{"arguments": {}}], "answer[0].name"),
        ([{"name": "", "arguments": {}}], "answer[0].name"),
        ([{"name": "f"}], "answer[0]"),
        ([{"name": "f", "arguments": {}, "parameters": {}}], "answer[0]"),
        ([CALL, {"name": "f", "arguments": "{}"}], "answer[1].arguments"),
        ([{"name": "f", "arguments": None}], "answer[0].arguments"),
        ({"any_of": []}, "answer.any_of"),
        ({"any_of": [[CALL], [3]]}, "answer.any_of[1][0]"),
        ({"any_of": [[]], "or": 1}, "answer"),
    ],
)
def test_a_wrong_answer_is_refused_with_the_path_of_what_is_wrong(answer, path):
    with pytest.raises(AnswerError) as caught:
        CallsAnswer().read(answer, None)
    assert caught.value.path == path
    assert caught.value.mend


def test_possible_answers_list_alternatives():
    answer = [
        {
            "f": {
                "a": [1, 2],
                "b": ["x", ""],
                "c": [{"k": ["u", "v"], "l": 3}],
                "d": [[{"m": [1]}, 7]],
                "e": [""],
            }
        }
    ]
    read = PossibleAnswer().read(answer, None).options[0][0]
    assert not read.plain
    assert read.arguments == {
        "a": Choice((1, 2)),
        "b": Choice(("x",), optional=True),
        "c": Choice((Fields({"k": Choice(("u", "v")), "l": Choice((3,))}),)),
        "d": Choice((Items((Fields({"m": Choice((1,))}), 7)),)),
        "e": Choice((), optional=True),
    }


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (None, "answer"),
        ({}, "answer"),
        ([{}], "answer[0]"),
        ([{"f": {}, "g": {}}], "answer[0]"),
        ([{"": {}}], "answer[0]"),
        ([{"f": []}], "answer[0].f"),
        ([{"f": {"a": 1}}], "answer[0].f.a"),
        ([{"f": {"a": []}}], "answer[0].f.a"),
    ],
)
def test_wrong_possible_answers_are_refused_with_a_path(answer, path):
    with pytest.raises(AnswerError) as caught:
        PossibleAnswer().read(answer, None)
    assert caught.value.path == path


POSSIBLE = Profile(name="possible", format="hermes", answers="possible", rules=["calls"])


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        ({"a": 1, "c": {"k": "u"}}, True),
        ({"a": 2, "b": "x", "c": {"k": "v", "l": [1]}}, True),
        ({"a": 3, "c": {"k": "u"}}, False),
        ({"a": 1}, False),
        ({"a": 1, "b": "", "c": {"k": "u"}}, False),
        ({"a": 1, "c": {"k": "w"}}, False),
        ({"a": 1, "c": {"k": "u", "z": 1}}, False),
        ({"a": 1, "c": "u"}, False),
        ({"a": 1, "c": {"k": "u"}, "d": [{"m": 1}, 7]}, True),
        ({"a": 1, "c": {"k": "u"}, "d": [{"m": 2}, 7]}, False),
        ({"a": 1, "c": {"k": "u"}, "d": [{"m": 1}]}, False),
        ({"a": 1, "c": {"k": "u"}, "d": 7}, False),
    ],
)
def test_possible_answers_accept_every_alternative_and_nothing_else(arguments, right):
    answer = [
        {
            "f": {
                "a": [1, 2],
                "b": ["x", ""],
                "c": [{"k": ["u", "v"], "l": [[1], ""]}],
                "d": [[{"m": [1]}, 7], ""],
            }
        }
    ]
    verdict = tv.Verifier(POSSIBLE).score(calls=[{"name": "f", "arguments": arguments}], answer=answer)
    assert verdict.passed is right
    assert bool(verdict.findings) is not right or right


def test_alternatives_are_shown_as_plain_json():
    assert shown(Choice((1,))) == 1
    assert shown(Choice((1, Fields({"a": Choice((2, 3))})))) == {"any_of": [1, {"a": {"any_of": [2, 3]}}]}
    assert shown(Items((Fields({}), 1))) == [{}, 1]


# Comparisons: value, value, equal under json, json-text, python.
EQUALITIES = [
    (1, 1.0, True, False, True),
    (1, True, False, False, True),
    (0, False, False, False, True),
    ([1], [True], False, False, True),
    ("1", 1, False, False, False),
    (-0.0, 0.0, True, False, True),
    (1e2, 100, True, False, True),
    (2**53 + 1, float(2**53), False, False, False),
    (None, None, True, True, True),
    (None, False, False, False, False),
    (None, "null", False, False, False),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True, True),
    ({"a": 1}, {"a": 1, "b": None}, False, False, False),
    ([1, 2], [2, 1], False, False, False),
    ([], {}, False, False, False),
    ([[]], [], False, False, False),
    ("é", "e\u0301", False, False, False),
    ("a", "A", False, False, False),
    (["bool", True], True, False, False, False),
    (["list", 1], [["list", 1]], False, False, False),
    ({"a": [1, {"b": True}]}, {"a": [1.0, {"b": True}]}, True, False, True),
    (float("inf"), float("inf"), False, True, True),
    (float("inf"), None, False, False, False),
    ("\ud800", "\ud800", True, True, True),
    ("\ud800", "?", False, False, False),
]


@pytest.mark.parametrize(("left", "right", "json", "text", "python"), EQUALITIES)
def test_each_comparison_has_its_own_equality_both_ways(left, right, json, text, python):
    for comparison, expected in (
        (JsonComparison(), json),
        (JsonTextComparison(), text),
        (PythonComparison(), python),
    ):
        assert comparison.equal(left, right, {}) is expected, comparison.name
        assert comparison.equal(right, left, {}) is expected, comparison.name
        if hasattr(comparison, "key") and comparison.key(left) is not None:
            assert (comparison.key(left) == comparison.key(right)) is expected, comparison.name


def test_nan_equals_nan_in_text_alone():
    nan = float("nan")
    assert not JsonComparison().equal(nan, float("nan"), {})
    assert JsonComparison().key({"a": [nan]}) is None
    assert JsonTextComparison().equal([nan], [float("nan")], {})
    assert not JsonTextComparison().equal([nan], [None], {})


def test_values_that_are_no_json_have_no_key():
    assert JsonComparison().key({"a": {1}}) is None
    assert json_text(object()) is None
    assert not JsonTextComparison().equal(object(), object(), {})


def test_equality_is_the_same_however_deep_the_caller_stands():
    deep: object = ["x", {"b": 1.5, "a": True}]
    for _ in range(110):
        deep = [deep]
    answer = [{"name": "f", "arguments": {"a": deep}}]
    text = tv.render(answer, format="tool-n1", reasoning="")
    verifier = tv.Verifier("tool-n1")

    def below(frames: int) -> float | None:
        return verifier.score(text, answer=answer).reward if frames == 0 else below(frames - 1)

    assert (below(0), below(700)) == (1.0, 1.0)


# Matching


def calls(*numbers: int) -> list[tv.ToolCall]:
    return [tv.ToolCall("f", {"x": number}) for number in numbers]


def expected(*choices: tuple[int, ...]) -> list[ExpectedCall]:
    return [ExpectedCall("f", {"x": Choice(choice)}, plain=False) for choice in choices]


def test_alternatives_that_overlap_are_matched_whatever_the_order():
    want = expected((1, 2), (1,), (2, 3))
    for order in permutations((1, 2, 3)):
        assert UnorderedMatcher().pair(calls(*order), want, JSON).exact


def test_as_many_calls_are_matched_as_can_be():
    source = random.Random(7)
    for _ in range(300):
        numbers = [source.randrange(5) for _ in range(source.randrange(6))]
        want = expected(
            *[tuple(source.sample(range(5), source.randrange(1, 4))) for _ in range(source.randrange(6))]
        )
        match = UnorderedMatcher().pair(calls(*numbers), want, JSON)
        assert sum(pair.equal for pair in match.pairs) == most_by_trying(numbers, want)
        assert sorted(pair.call for pair in match.pairs if pair.call is not None) == list(range(len(numbers)))
        assert sorted(pair.expected for pair in match.pairs if pair.expected is not None) == list(
            range(len(want))
        )


def most_by_trying(numbers: list[int], want: list[ExpectedCall]) -> int:
    if not want:
        return 0
    head, *rest = want
    best = most_by_trying(numbers, rest)
    for index, number in enumerate(numbers):
        if number in head.arguments["x"].values:
            best = max(best, 1 + most_by_trying(numbers[:index] + numbers[index + 1 :], rest))
    return best


def test_calls_without_an_equal_are_paired_by_name_in_order():
    want = [ExpectedCall("f", {"x": 1}), ExpectedCall("g", {}), ExpectedCall("f", {"x": 2})]
    match = UnorderedMatcher().pair([*calls(9, 2, 8), tv.ToolCall("h", {})], want, JSON)
    assert [(pair.call, pair.expected, pair.equal) for pair in match.pairs] == [
        (0, 0, False),
        (1, 2, True),
        (2, None, False),
        (3, None, False),
        (None, 1, False),
    ]


def test_too_many_comparisons_are_cut_and_told():
    want = expected(*[(number,) for number in range(40)])
    match = UnorderedMatcher(comparisons=100).pair(calls(*reversed(range(40))), want, JSON)
    assert match.capped
    assert not match.exact
    small = Profile.model_validate(
        {**POSSIBLE.model_dump(), "matcher": {"use": "unordered", "comparisons": 10}}
    )
    verdict = tv.Verifier(small).score(
        calls=[{"name": "f", "arguments": {"x": number}} for number in range(5)][::-1],
        answer=[{"f": {"x": [number]}} for number in range(5)],
    )
    assert "match.capped" in {finding.code for finding in verdict.findings}


# Rules and combiners


def profile(*rules: object, combine: object = "all", **more: object) -> tv.Verifier:
    return tv.Verifier(
        Profile.model_validate(
            {"name": "own", "format": "hermes", "rules": list(rules), "combine": combine, **more}
        )
    )


TOOLS = [
    {
        "name": "f",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    },
    {"name": "g"},
]
TWO = [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}}]


@pytest.mark.parametrize(
    ("made", "scores"),
    [
        (TWO, {"names": 1.0, "arguments": 1.0, "calls": 1.0, "count": 1.0, "schema": 1.0}),
        (TWO[::-1], {"names": 1.0, "arguments": 1.0, "calls": 1.0, "count": 1.0, "schema": 1.0}),
        (TWO[:1], {"names": 0.5, "arguments": 0.5, "calls": 0.5, "count": 0.5, "schema": 1.0}),
        ([*TWO, TWO[0]], {"names": 2 / 3, "arguments": 2 / 3, "calls": 2 / 3, "count": 2 / 3, "schema": 1.0}),
        (
            [{"name": "f", "arguments": {"a": "1"}}, TWO[1]],
            {"names": 1.0, "arguments": 0.5, "calls": 0.5, "count": 1.0, "schema": 0.5},
        ),
        (
            [{"name": "h", "arguments": {}}],
            {"names": 0.0, "arguments": 0.0, "calls": 0.0, "count": 0.5, "schema": 0.0},
        ),
        ([], {"names": 0.0, "arguments": 0.0, "calls": 0.0, "count": 0.0, "schema": 1.0}),
    ],
)
def test_each_rule_scores_its_share(made, scores):
    verdict = profile(*scores).score(calls=made, answer=TWO, tools=TOOLS)
    assert verdict.scores == pytest.approx(scores)


def test_nothing_made_where_nothing_is_expected_is_right():
    rules = ["names", "arguments", "calls", "count", "schema"]
    assert set(profile(*rules).score(calls=[], answer=[], tools=TOOLS).scores.values()) == {1.0}


def test_surplus_and_missing_arguments_share_the_score_of_arguments():
    verdict = profile("arguments").score(
        calls=[{"name": "f", "arguments": {"a": 1, "b": 2, "d": 0}}],
        answer=[{"name": "f", "arguments": {"a": 1, "b": 3, "c": 4}}],
    )
    assert verdict.scores == {"arguments": 0.25}
    assert [(finding.code, finding.path) for finding in verdict.findings] == [
        ("argument.differs", "calls[0].arguments.b"),
        ("argument.missing", "expected[0].arguments.c"),
        ("argument.surplus", "calls[0].arguments.d"),
    ]


def test_without_tools_no_schema_is_checked_and_that_is_told():
    verdict = profile("schema").score(calls=TWO, answer=TWO)
    assert [finding.code for finding in verdict.findings] == ["schema.no_tools"]
    assert verdict.passed


def test_of_several_answers_the_best_counts():
    answer = {"any_of": [[{"name": "x", "arguments": {}}], TWO, []]}
    assert profile("calls").score(calls=TWO[::-1], answer=answer).passed
    near = profile("calls").score(calls=TWO[:1], answer=answer)
    assert near.scores["calls"] == 0.5
    assert [finding.path for finding in near.findings] == ["expected[1]"]


@pytest.mark.parametrize(
    ("combine", "parts", "reward"),
    [
        ("all", {"all": 0.0}, 0.0),
        ("product", {"product": 0.5}, 0.5),
        ({"use": "weighted", "weights": {"calls": 2, "count": 0.5}}, {"calls": 1.0, "count": 0.5}, 1.5),
    ],
)
def test_combiners_price_scores(combine, parts, reward):
    made = [{"name": "f", "arguments": {"a": 2}}, TWO[1]]
    verdict = profile("calls", "count", combine=combine).score(calls=made, answer=TWO)
    assert verdict.parts == parts
    assert verdict.reward == reward == sum(verdict.parts.values())


def test_weights_and_rules_must_be_the_same():
    with pytest.raises(ProfileError, match="count"):
        profile("calls", "count", combine={"use": "weighted", "weights": {"calls": 1.0}})


def test_where_no_rule_is_a_gate_every_rule_is():
    verifier = profile("count", "names", combine="product")
    assert verifier.score(calls=TWO, answer=TWO).passed
    assert verifier.score(calls=TWO[:1], answer=TWO).passed is False


def test_flags_may_be_allowed():
    text = '<tool_call>{"name": "f", "arguments": {"a": 1, "a": 2}, "id": 7}</tool_call> so'
    answer = [{"name": "f", "arguments": {"a": 2}}]
    strict = profile("format", "calls").score(text, answer=answer)
    assert {finding.code for finding in strict.findings} == {
        "attempt.duplicate_keys",
        "attempt.extra_keys",
        "format.text",
    }
    loose = profile({"use": "format", "allow": ["duplicate_keys", "extra_keys"], "text": "any"}, "calls")
    assert loose.score(text, answer=answer).passed


def test_a_thousand_wrong_calls_need_no_thousand_reasons():
    verdict = profile("calls").score(calls=[{"name": "h", "arguments": {}}] * 250, answer=TWO)
    assert len(verdict.findings) == 101
    assert verdict.findings[-1].code == "findings.cut"


# Answers beyond what could ever pass


@pytest.mark.parametrize(
    "arguments",
    [
        {"a": float("nan")},
        {"a": "x" * 70_000},
        {"a": 10**1001},
        {"a": {1, 2}},
        {"a": "\ud800"},
    ],
)
def test_an_answer_that_nothing_could_equal_is_refused(arguments):
    with pytest.raises(AnswerError):
        tv.Verifier("tool-n1").compile(answer=[{"name": "f", "arguments": arguments}])


@pytest.mark.parametrize("levels", [200, 3_000])
def test_an_answer_nested_too_deep_is_refused(levels):
    value: object = 1
    for _ in range(levels):
        value = [value]
    with pytest.raises(AnswerError, match="nested deeper"):
        tv.Verifier("tool-n1").compile(answer=[{"name": "f", "arguments": {"a": value}}])


def test_an_answer_of_many_calls_can_be_made():
    answer = [{"name": "f", "arguments": {"i": index}} for index in range(1_000)]
    verifier = tv.Verifier("tool-n1")
    case = verifier.compile(answer=answer)
    text = tv.render(answer[::-1], format="tool-n1", reasoning="")
    assert verifier.rewards([text], [case]) == [1.0]
    assert verifier.score(text, case=case).passed


# Verdicts and errors


def test_errors_keep_their_fields_when_pickled():
    error = AnswerError("bad", path="answer[0]", mend="mend it")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.path, again.mend) == ("bad @ answer[0]; mend it", "answer[0]", "mend it")


def test_an_explanation_shortens_what_is_long_and_survives_what_is_odd():
    deep: object = 1
    for _ in range(2_000):
        deep = [deep]
    verdict = tv.Verdict(
        None,
        None,
        {"calls": None},
        {"all": None},
        (tv.Finding("x", "error", "p", "m", got="y" * 500, expected=deep),),
        (),
    )
    text = verdict.explain()
    assert text.startswith("not scorable")
    assert "…" in text
    assert max(map(len, text.splitlines())) <= 80


def test_unscorable_is_nan_for_rewards():
    @tv.rule("raises")
    def raises(view):
        raise RuntimeError("sorry")

    verifier = tv.Verifier("tool-n1")
    slot = verifier._parts.slots[0]
    import msgspec

    verifier._parts = msgspec.structs.replace(
        verifier._parts, slots=(msgspec.structs.replace(slot, rule=raises), *verifier._parts.slots[1:])
    )
    verifier._settled = settle(verifier._parts)
    case = verifier.compile(answer=[])
    verdict = verifier.score("x", case=case)
    assert (verdict.reward, verdict.passed) == (None, None)
    assert verdict.scores == {"reasoning": None, "format": None, "calls": None}
    assert verdict.parts == {"all": None}
    assert "reasoning of toolverify" in verdict.findings[0].message
    for text in (
        "x",
        "<think>t</think><tool_call>[]</tool_call>",
        '<think>t</think><tool_call>[{"name": "f", "arguments": {}}]</tool_call>',
    ):
        assert math.isnan(verifier.rewards([text], [case])[0]), text


def test_a_case_of_another_profile_is_refused():
    case = tv.Verifier("typed").compile(answer=[])
    with pytest.raises(ProfileError, match="compiled for another profile"):
        tv.Verifier("tool-n1").score("x", case=case)
    with pytest.raises(ProfileError, match="compiled for another profile"):
        tv.Verifier("tool-n1").rewards(["x"], [case])


def test_batches_must_be_of_one_length():
    verifier = tv.Verifier("tool-n1")
    case = verifier.compile(answer=[])
    with pytest.raises(ValueError, match=r"\[2, 1\]"):
        verifier.rewards(["x", "y"], [case])
    with pytest.raises(ValueError, match=r"\[1, 1, 2\]"):
        verifier.score_batch(["x"], [case], contexts=[tv.Context()] * 2)


def test_misuse_is_told_in_words():
    verifier = tv.Verifier("tool-n1")
    case = verifier.compile(answer=[])
    for wrong, words in (
        (lambda: verifier.rewards(["x"], [[]]), "a compiled case is due, got list"),
        (lambda: verifier.rewards(["x"], case), "as many cases as completions"),
        (lambda: verifier.score("x", calls=[], case=case), "a completion or calls"),
        (lambda: verifier.score("x", answer=[], case=case), "a case or an answer"),
    ):
        with pytest.raises(TypeError, match=words):
            wrong()
    with pytest.raises(tv.ToolverifyError, match="a call is"):
        tv.render([1], format="hermes")


def test_contexts_reach_the_reward():
    verifier = tv.Verifier("tool-n1")
    case = verifier.compile(answer=[])
    text = "a thought</think><tool_call>[]</tool_call>"
    contexts = [tv.Context(), tv.Context(reasoning_open=True)]
    assert verifier.rewards([text] * 2, [case] * 2, contexts=contexts) == [0.0, 1.0]
    assert [
        verdict.reward for verdict in verifier.score_batch([text] * 2, [case] * 2, contexts=contexts)
    ] == [0.0, 1.0]
