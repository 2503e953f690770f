"""The conformance of matchers: nobody is lost, nobody is paired twice, and exact means exact."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import Choice, ExpectedCall, Match, ToolCall
from toolverify.compare import JsonComparison
from toolverify.judge import CallJudge, make_judge
from toolverify.protocols import Comparison, Matcher
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Subject, explore, find, same
from toolverify.testing.values import calls

_FEW = [ToolCall("f", {"x": 1}), ToolCall("f", {"x": 2}), ToolCall("g", {})]


def check_matcher(
    matcher: Matcher | str, *, comparison: Comparison | str | None = None, examples: int = 100
) -> None:
    """Check a matcher: an instance, or the name of an installed one.

    Every call and every expected call stands in exactly one pair; a pair that is called equal is equal to the judge; a
    match that is called exact has nothing but equal pairs; and calls against themselves match exactly.

    Args:
        matcher: The matcher.
        comparison: What the judge compares with; by default JSON equality.
        examples: How many lists of calls are tried.

    Raises:
        AssertionError: It does not, on calls that are shown.
    """
    tried = subject("matcher", matcher)
    before = state(tried.part)
    judge = make_judge(JsonComparison() if comparison is None else find("comparison", comparison))
    for got, want in _fixed():
        _pairs(tried, got, _expected(want, judge), judge)
    explore(
        lambda drawn: _pairs(tried, drawn[0], _expected(drawn[1], judge), judge), _lists(), examples=examples
    )
    explore(
        lambda drawn, every: _pairs(tried, drawn[0], _loose(drawn[1], every), judge),
        _lists(),
        st.booleans(),
        examples=examples,
    )
    explore(lambda made: _finds_itself(tried, made, judge), calls(), examples=examples)
    unchanged(tried, before)
    _survives_pickling(tried, judge)


def _fixed() -> list[tuple[list[ToolCall], list[ToolCall]]]:
    many = [ToolCall("f", {"x": index}) for index in range(60)]
    pairs = [
        ([], []),
        (_FEW, []),
        ([], _FEW),
        (_FEW, _FEW),
        (_FEW, _FEW[::-1]),
        (_FEW, _FEW[:2]),
        (_FEW[:2], _FEW),
    ]
    return [*pairs, (_FEW * 2, _FEW), (many, many[::-1]), (many[:40], many[20:])]


def _lists() -> SearchStrategy[tuple[list[ToolCall], list[ToolCall]]]:
    """Calls that were made and calls that are expected: of a few names and values, so that many are alike."""
    few = st.builds(ToolCall, st.sampled_from(["f", "g"]), st.dictionaries(st.just("x"), st.integers(0, 2)))
    small = st.lists(few, max_size=6)
    return st.one_of(
        st.tuples(small, small), st.tuples(calls(), calls()), calls().map(lambda made: (made, made))
    )


def _expected(made: Sequence[ToolCall], judge: CallJudge) -> list[ExpectedCall]:
    """What an answer of these calls becomes when it is compiled."""
    plain = [ExpectedCall(call.name, call.arguments) for call in made]
    return [msgspec.structs.replace(call, key=judge.key(call)) for call in plain]


def _loose(made: Sequence[ToolCall], every: bool) -> list[ExpectedCall]:
    """What an answer with alternatives becomes: overlapping ones, so that the first fit is not always the best."""
    return [
        ExpectedCall(
            call.name,
            {
                key: Choice((value, 0, 1) if every else (value,), optional=every)
                for key, value in call.arguments.items()
            },
            plain=False,
        )
        for call in made
    ]


def _pairs(tried: Subject, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: CallJudge) -> Match:
    on = (list(got), list(want))
    match: Match = tried.ask("pair", tried.part.pair, got, want, judge, on=on)
    tried.require(isinstance(match, Match), f"pair gives {type(match).__name__}, not a Match", on)
    made = sorted(pair.call for pair in match.pairs if pair.call is not None)
    met = sorted(pair.expected for pair in match.pairs if pair.expected is not None)
    every = "every call stands in exactly one pair"
    tried.require(made == list(range(len(got))), f"{every}: of {len(got)} calls these do: {made}", on)
    tried.require(met == list(range(len(want))), f"{every}: of {len(want)} expected ones these do: {met}", on)
    for pair in match.pairs:
        tried.require(math.isfinite(pair.score), f"a pair's score is {pair.score!r}", on)
        tried.require(
            pair.call is not None or pair.expected is not None, "a pair of nothing with nothing", on
        )
        if pair.equal:
            both = pair.call is not None and pair.expected is not None
            alike = both and judge.equal(got[pair.call or 0], want[pair.expected or 0])
            tried.require(alike, f"{pair} is called equal, and the judge says otherwise", on)
    counted = [pair for pair in match.pairs if pair.expected is not None or not match.surplus_is_free]
    equal = all(pair.equal for pair in counted)
    tried.require(equal or not match.exact, "exact, yet not all pairs are equal", on)
    return match


def _finds_itself(tried: Subject, made: Sequence[ToolCall], judge: CallJudge) -> None:
    match = _pairs(tried, made, _expected(made, judge), judge)
    alike = all(judge.equal(call, want) for call, want in zip(made, _expected(made, judge), strict=True))
    tried.require(match.exact or not alike, "calls against themselves do not match exactly", list(made))


def _survives_pickling(tried: Subject, judge: CallJudge) -> None:
    other = twin(tried)
    for got, want in _fixed():
        matches = [part.pair(got, _expected(want, judge), judge) for part in (tried.part, other)]
        tried.require(same(*matches), "after pickling it pairs otherwise", (got, want))
