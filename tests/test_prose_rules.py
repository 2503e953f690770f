"""Rules `length` and `repetition`: what they score, what they say, and what never changes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.errors import ProfileError
from toolverify.profile import Profile
from toolverify.rules import LengthRule, RepetitionRule
from toolverify.rules.repetition import MOST_RUNS, repeated_share

AT_ONCE = 5.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks


def verifier(*rules: object, **more: object) -> tv.Verifier:
    keys = {"name": "own", "format": "hermes", "rules": list(rules), "combine": "product", **more}
    return tv.Verifier(Profile.model_validate(keys))


def score(text: object, step: int = 0, **options: object) -> tv.Verdict:
    return verifier({"use": options.pop("rule", "length"), **options}).score(
        text, answer=[], context=tv.Context(step=step)
    )


def thought(words: int) -> str:
    return f"<think>{' '.join(['word'] * words)}</think>"


LINE = {"from": 10, "to": 20, "steps": 10}


@pytest.mark.parametrize(
    ("options", "text", "reward", "code"),
    [
        ({}, thought(1), 1.0, None),
        ({}, "<think> \n </think>", 0.0, "length.short"),
        ({}, "no thought at all", 0.0, "length.short"),
        ({"least": 512}, thought(256), 0.5, "length.short"),
        ({"least": 512}, thought(512), 1.0, None),
        ({"least": 512}, thought(9999), 1.0, None),
        ({"least": 0}, "", 1.0, None),
        ({"most": 10}, thought(10), 1.0, None),
        ({"most": 10}, thought(15), 0.5, "length.long"),
        ({"most": 10}, thought(20), 0.0, "length.long"),
        ({"most": 10}, thought(999), 0.0, "length.long"),
        ({"most": 10, "limit": 50}, thought(20), 0.75, "length.long"),
        ({"most": 10, "limit": 10}, thought(11), 0.0, "length.long"),
        ({"least": 0, "most": 0}, thought(1), 0.0, "length.long"),
        ({"unit": "characters", "least": 8}, thought(1), 0.5, "length.short"),
        ({"unit": "characters", "least": 4}, "<think>四文字語</think>", 1.0, None),
        ({"of": "content", "least": 4}, thought(9) + "two words", 0.5, "length.short"),
        ({"of": "completion", "unit": "characters", "most": 19}, thought(1), 1.0, None),
        ({"of": "completion", "unit": "characters", "most": 10}, "0123456789ABCDE", 0.5, "length.long"),
        ({"least": LINE}, thought(5), 0.5, "length.short"),
        (
            {"least": {"from": 9, "to": 2, "steps": 1}, "most": {"from": 4, "to": 2, "steps": 1}},
            thought(6),
            2 / 3,
            "length.short",
        ),
    ],
)
def test_length_is_scored_between_its_bounds(options, text, reward, code):
    verdict = score(text, **options)
    assert verdict.reward == pytest.approx(reward)
    assert [finding.code for finding in verdict.findings] == ([code] if code else [])
    assert verdict.passed is (code is None)


def test_the_bounds_of_length_follow_the_step():
    rewards = {step: score(thought(10), step, least=LINE).reward for step in (-1, 0, 5, 10, 99)}
    assert rewards == pytest.approx({-1: 1.0, 0: 1.0, 5: 10 / 15, 10: 0.5, 99: 0.5})
    long = {
        step: score(thought(20), step, most=LINE, limit={"from": 20, "to": 40, "steps": 10}).reward
        for step in (0, 5, 10)
    }
    assert long == pytest.approx({0: 0.0, 5: 10 / 15, 10: 1.0})


def test_what_is_wrong_with_a_length_is_told_with_its_numbers():
    finding = score(thought(6), least=12).findings[0]
    assert (finding.level, finding.path, finding.expected, finding.got) == ("error", "reply.reasoning", 12, 6)
    assert finding.message == "6 words of reasoning, at least 12 are due"
    finding = score("too many words", of="content", least=0, most=2.5).findings[0]
    assert finding.message == "3 words of content, at most 2.5 may be"
    assert finding.path == "reply.content"


@pytest.mark.parametrize(
    ("rule", "options", "key"),
    [
        ("length", {"limit": 5}, "length.limit"),
        ("length", {"least": -1}, "length.least"),
        ("length", {"least": float("nan")}, "length.least"),
        ("length", {"least": 5, "most": 4}, "length.most"),
        ("length", {"most": 5, "limit": 4}, "length.limit"),
        ("length", {"least": 9, "most": LINE, "limit": 4}, "length.limit"),
        ("length", {"of": "thought"}, "option 'of'"),
        ("length", {"unit": "tokens"}, "option 'unit'"),
        ("length", {"least": {"from": 1}}, "option 'least'"),
        ("repetition", {"size": 0}, "repetition.size"),
        ("repetition", {"size": 101}, "repetition.size"),
        ("repetition", {"most": 1}, "repetition.most"),
        ("repetition", {"most": -0.1}, "repetition.most"),
        ("repetition", {"size": "x"}, "option 'size'"),
    ],
)
def test_wrong_options_are_refused_with_key_and_mend(rule, options, key):
    with pytest.raises(ProfileError) as caught:
        score("", rule=rule, **options)
    assert key in str(caught.value)
    assert caught.value.mend


NORMAL = (
    "The user wants the weather in Oslo for the next three days. There is a tool for that: get_weather takes a city "
    "and a number of days. The city is Oslo, the number of days is 3. I will call get_weather once with both."
)


@pytest.mark.parametrize(
    ("text", "options", "share"),
    [
        ("", {}, 0.0),
        ("one two", {}, 0.0),
        ("one two three", {}, 0.0),
        (NORMAL, {}, 0.0),
        ("a a a a", {}, 0.5),
        ("a b c a b c", {}, 0.25),
        ("a a a a", {"size": 1}, 0.75),
        ("a b a b a b", {"size": 2}, 0.6),
        ("a b c d e f g " * 2, {"size": 7}, 0.125),
        ("a  b\nc a b\tc", {}, 0.25),
        ("啊啊啊啊啊", {"size": 2, "unit": "characters"}, 0.75),
    ],
)
def test_repetition_is_the_share_of_runs_that_stood_there_before(text, options, share):
    assert repeated_share(text, options.get("unit", "words"), options.get("size", 3)) == pytest.approx(share)
    verdict = score(f"<think>{text}</think>", rule="repetition", **options)
    assert verdict.reward == pytest.approx(1.0 if share <= 0.2 else (1 - share) / 0.8)
    assert [f.code for f in verdict.findings] == (["repetition.repeated"] if share > 0.2 else [])


def test_the_share_that_costs_nothing_follows_the_step():
    most = {"points": [[0, 0.9], [10, 0.0]], "shape": "step"}
    text = "<think>a b c a b c</think>"
    assert [score(text, step, rule="repetition", most=most).reward for step in (0, 9, 10)] == [1, 1, 0.75]
    beyond = {"points": [[0, 1.5]]}
    assert score(thought(99), rule="repetition", most=beyond).reward == 1.0


def test_what_is_repeated_is_told_with_its_share():
    finding = score(thought(12), rule="repetition").findings[0]
    assert (finding.level, finding.path, finding.expected, finding.got) == (
        "error",
        "reply.reasoning",
        0.2,
        0.9,
    )
    assert finding.message == "90% of the runs of 3 words stood there before, at most 20% may"


@pytest.mark.parametrize("rule", ["length", "repetition"])
@pytest.mark.parametrize("of", ["reasoning", "content", "completion"])
def test_ready_made_calls_have_no_text_to_judge(rule, of):
    made = [{"name": "f", "arguments": {}}]
    verdict = verifier({"use": rule, "of": of}).score(calls=made, answer=made)
    assert (verdict.reward, verdict.passed) == (1.0, True)
    assert [(f.code, f.level) for f in verdict.findings] == [(f"{rule}.not_judged", "note")]


def test_a_message_is_judged_by_what_it_says():
    message = {"role": "assistant", "reasoning_content": "one two", "content": "three", "tool_calls": []}
    parts = verifier(
        {"use": "length", "name": "thought", "least": 4},
        {"use": "length", "name": "said", "of": "content", "least": 2},
    ).score(message, answer=[])
    assert parts.scores == {"thought": 0.5, "said": 0.5}


PROSE = st.lists(st.sampled_from(["a", "b", "c", "word", "ü", "\n", "  "]), max_size=60).map(" ".join)
BOUNDS = st.lists(st.integers(0, 40), min_size=3, max_size=3).map(sorted)


@given(text=PROSE, more=PROSE, bounds=BOUNDS, unit=st.sampled_from(["words", "characters"]))
def test_more_text_scores_no_less_up_to_the_least_and_no_more_beyond_the_most(text, more, bounds, unit):
    least, most, limit = bounds
    options = {"of": "content", "unit": unit, "least": least, "most": most, "limit": limit}
    shorter, longer = text, f"{text} {more}"
    count = len if unit == "characters" else lambda words: len(words.split())
    before, after = score(shorter, **options), score(longer, **options)
    assert all(0 <= verdict.reward <= 1 for verdict in (before, after))
    if count(longer) <= most:
        assert after.reward >= before.reward
    if count(shorter) >= least:
        assert after.reward <= before.reward
    for text_, verdict in ((shorter, before), (longer, after)):
        assert verdict.passed is (least <= count(text_) <= most)


@given(
    text=PROSE, size=st.integers(1, 9), times=st.integers(2, 4), unit=st.sampled_from(["words", "characters"])
)
def test_saying_it_once_more_never_scores_more(text, size, times, unit):
    options = {"rule": "repetition", "of": "content", "size": size, "unit": unit, "most": 0.0}
    said, again = (score(f"{text} " * count, **options).reward for count in (times, times + 1))
    assert 0 <= again <= said + 1e-12 <= 1 + 1e-12


@given(words=st.lists(st.sampled_from("abc"), max_size=40), size=st.integers(1, 12))
def test_the_share_is_what_counting_gives(words, size):
    runs = [tuple(words[place : place + size]) for place in range(len(words) - size + 1)]
    counted = 1 - len(set(runs)) / len(runs) if len(runs) > 1 else 0.0
    assert repeated_share(" ".join(words), "words", size) == counted
    assert repeated_share("".join(words), "characters", size) == counted


def test_only_the_first_runs_are_read():
    fresh = " ".join(map(str, range(MOST_RUNS + 2)))
    assert repeated_share(fresh + " a" * MOST_RUNS, "words", 3) == 0.0
    assert repeated_share("a " * MOST_RUNS + fresh, "words", 3) > 0.99


@pytest.mark.parametrize("unit", ["words", "characters"])
@pytest.mark.parametrize("piece", ["a", "a ", "\u3000", "word ", "ü\n", "<", "<think>"])
def test_a_megabyte_is_judged_at_once(piece, unit):
    judged = verifier(
        {"use": "length", "unit": unit, "least": 1e7}, {"use": "repetition", "unit": unit, "size": 20}
    )
    case = judged.compile(answer=[])
    text = "<think>" + piece * (999_000 // len(piece))
    start = time.process_time()
    assert 0 <= judged.score(text, case=case).reward < 1
    assert time.process_time() - start < AT_ONCE


def test_the_rules_are_values():
    assert LengthRule() == LengthRule(least=1.0)
    assert hash(RepetitionRule(size=4)) == hash(RepetitionRule(size=4))
