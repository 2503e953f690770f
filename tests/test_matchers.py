"""The three matchers: who is paired with whom, and what it is worth."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.calls import Choice, ExpectedCall, ToolCall
from toolverify.compare import JsonComparison
from toolverify.judge import make_judge
from toolverify.match import OrderedMatcher, SubsetMatcher, UnorderedMatcher

JUDGE = make_judge(JsonComparison(), {})


def call(name, **arguments):
    return {"name": name, "arguments": arguments}


def verifier(matcher, *rules):
    rules = list(rules or ["calls", "arguments", "names"])
    weights = dict.fromkeys(rules, 1.0)
    return tv.Verifier(
        tv.Profile.model_validate(
            {
                "name": "own",
                "format": "hermes",
                "matcher": matcher,
                "rules": rules,
                "combine": {"use": "weighted", "weights": weights},
            }
        )
    )


def score(matcher, calls, answer):
    return verifier(matcher).score(calls=calls, answer=answer)


GREEDY_TRAP = (
    [call("f", a=1, b=1), call("f", a=2, b=1)],
    [call("f", a=9, b=1), call("f", a=1, b=1)],
)


def test_partial_credit_is_that_of_the_best_pairing():
    verdict = score("unordered", *GREEDY_TRAP)
    assert verdict.scores["arguments"] == pytest.approx((1 + 0.5) / 2)
    assert [(pair.call, pair.expected, pair.score) for pair in verdict.pairs] == [(0, 1, 1.0), (1, 0, 0.5)]


CALLS = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from("fg"),
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3),
    ),
    max_size=4,
)


def share(got, want):
    if got.name != want.name:
        return None
    names = set(got.arguments) | set(want.arguments)
    same = [
        name in got.arguments and name in want.arguments and got.arguments[name] == want.arguments[name]
        for name in names
    ]
    return sum(same) / len(same) if same else 1.0


def best_sum(got, want):
    """Over all pairings, the largest sum of shares."""
    places = [*range(len(want)), *[None] * len(got)]
    return max(
        sum(
            share(one, want[place]) or 0.0
            for one, place in zip(got, chosen, strict=True)
            if place is not None
        )
        for chosen in itertools.permutations(places, len(got))
    )


def expected(calls, *, keyed):
    if not keyed:
        return [
            ExpectedCall(
                one.name, {name: Choice((value,)) for name, value in one.arguments.items()}, plain=False
            )
            for one in calls
        ]
    return [ExpectedCall(one.name, one.arguments, key=JUDGE.key(one)) for one in calls]


@pytest.mark.parametrize("keyed", [True, False])
@given(got=CALLS, want=CALLS)
def test_no_pairing_adds_up_to_more(keyed, got, want):
    match = UnorderedMatcher().pair(got, expected(want, keyed=keyed), JUDGE)
    assert sorted(pair.call for pair in match.pairs if pair.call is not None) == list(range(len(got)))
    assert sorted(pair.expected for pair in match.pairs if pair.expected is not None) == list(
        range(len(want))
    )
    assert sum(pair.score for pair in match.pairs) == pytest.approx(best_sum(got, want))
    assert match.exact == (sorted(map(repr, map(_plain, got))) == sorted(map(repr, map(_plain, want))))


def _plain(one):
    return (one.name, sorted(one.arguments.items()))


def test_calls_in_the_order_of_the_answer_pass_ordered_and_no_others_do():
    answer = [call("f", a=1), call("g"), call("f", a=2)]
    assert score("ordered", answer, answer).passed
    turned = score("ordered", answer[::-1], answer)
    assert not turned.passed
    assert score("unordered", answer[::-1], answer).passed


def test_a_missing_first_call_does_not_cost_the_others_in_order():
    answer = [call("f", a=1), call("g", b=1), call("h", c=1)]
    verdict = score("ordered", answer[1:], answer)
    assert verdict.scores["calls"] == pytest.approx(2 / 3)
    assert [finding.code for finding in verdict.findings if finding.path == "expected[0]"][:1] == [
        "call.missing"
    ]


@given(got=CALLS, want=CALLS)
def test_ordered_pairs_never_cross_nor_join_different_names(got, want):
    match = OrderedMatcher().pair(got, expected(want, keyed=True), JUDGE)
    pairs = [(pair.call, pair.expected) for pair in match.pairs if None not in {pair.call, pair.expected}]
    assert pairs == sorted(pairs)
    assert [place for _, place in pairs] == sorted({place for _, place in pairs})
    assert all(got[i].name == want[j].name for i, j in pairs)
    assert match.exact == ([_plain(one) for one in got] == [_plain(one) for one in want])


def test_hundreds_of_calls_in_order_are_compared_step_by_step():
    calls = [call("f", a=index) for index in range(100)]
    profile = verifier("ordered").profile
    verdict = tv.Verifier(profile).score(calls=[*calls[1:], calls[0]], answer=calls)
    assert "match.capped" in {finding.code for finding in verdict.findings}
    assert tv.Verifier(profile).score(calls=calls, answer=calls).passed


def test_subset_wants_every_expected_call_and_lets_others_go():
    answer = [call("f", a=1)]
    more = score("subset", [call("g"), call("f", a=1)], answer)
    assert more.passed
    assert more.scores == {"calls": 1.0, "arguments": 1.0, "names": 1.0}
    assert [(finding.code, finding.level) for finding in more.findings if finding.code == "call.surplus"][
        :1
    ] == [("call.surplus", "note")]
    assert not score("subset", [call("g")], answer).passed
    assert not score("subset", [], answer).passed
    assert score("subset", [], []).passed


@given(got=CALLS, want=CALLS)
def test_subset_is_exact_when_every_expected_call_is_found(got, want):
    match = SubsetMatcher().pair(got, expected(want, keyed=True), JUDGE)
    left = [_plain(one) for one in got]
    found = all(_plain(one) in left and (left.remove(_plain(one)) or True) for one in want)
    assert match.exact == found


def test_surplus_calls_and_surplus_arguments_cost():
    answer = [call("f", a=1)]
    exact = score("unordered", answer, answer).reward
    for worse in ([*answer, call("g")], [*answer, *answer], [call("f", a=1, b=2)]):
        assert score("unordered", worse, answer).reward < exact


def test_any_of_takes_the_option_that_fits_best():
    answer = {"any_of": [[call("f", a=1), call("g", b=2)], [call("h", c=3)], []]}
    own = verifier("unordered")
    assert own.score(calls=[call("h", c=3)], answer=answer).passed
    assert own.score(calls=[], answer=answer).passed
    near = own.score(calls=[call("f", a=1), call("g", b=9)], answer=answer)
    assert not near.passed
    assert near.scores["calls"] == 0.5
    assert {finding.path for finding in near.findings} == {"calls[1].arguments.b"}


def test_too_many_calls_to_weigh_are_paired_in_order_and_told():
    calls = [call("f", a=index, b=0) for index in range(80)]
    answer = [call("f", a=index, b=1) for index in range(80)]
    verdict = score("unordered", calls, answer)
    assert "match.capped" in {finding.code for finding in verdict.findings}
    assert [pair.expected for pair in verdict.pairs] == list(range(80))
