"""Dates by meaning: a table of pairs, the conformance kit, and the profile that uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify import testing
from toolverify.errors import ProfileError
from toolverify.profile import load_profile
from toolverify_dates import DateMeaning
from toolverify_dates.reading import Calendar, read_moment

TABLE = json.loads((Path(__file__).parent / "cases" / "dates.json").read_text(encoding="utf-8"))
TODAY = "2024-03-05"
SETTINGS = {
    "": ({}, TABLE),
    "dmy": ({"order": "dmy"}, TABLE["dmy"]),
    "mdy": ({"order": "mdy"}, TABLE["mdy"]),
    "today": ({"today": TODAY}, TABLE["today"]),
}
PAIRS = [
    pytest.param(options, *pair, equal == "equal", id=f"{name}-{pair[0]}-{pair[1]}")
    for name, (options, table) in SETTINGS.items()
    for equal in ("equal", "different")
    for pair in table[equal]
]
TEXTS = sorted(
    {text for pair in TABLE["equal"] + TABLE["different"] for text in pair if isinstance(text, str)}
)
WHEN = st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS).flatmap(testing.text_mutations))


@pytest.mark.parametrize(("options", "one", "other", "equal"), PAIRS)
def test_texts_are_equal_where_they_mean_the_same(options, one, other, equal):
    set_by_the_profile, set_by_the_task = DateMeaning(**options), DateMeaning()
    for got, want in ((one, other), (other, one)):
        assert set_by_the_profile.equal(got, want, {}) is equal
        assert set_by_the_task.equal(got, want, options) is equal
        assert set_by_the_profile.equal({"a": [got]}, {"a": [want]}, {}) is equal


@pytest.mark.parametrize("options", [{}, {"order": "dmy", "today": TODAY}])
def test_the_comparison_is_sound(options):
    testing.check_comparison(DateMeaning(), options=options, values=WHEN)


def test_the_profile_is_sound():
    testing.check_profile("typed-dates", examples=20)


@given(text=WHEN)
def test_every_text_equals_itself_and_no_order_is_guessed(text):
    assert DateMeaning().equal(text, text, {})
    plain, day_first = read_moment(text, Calendar()), read_moment(text, Calendar("dmy"))
    assert plain is None or plain == day_first


def test_no_text_takes_long():
    assert read_moment("1 " * 500_000, Calendar("dmy")) is None


def test_the_profile_pays_for_the_right_day():
    tools = [{"name": "book", "parameters": {"type": "object", "properties": {"when": {"type": "string"}}}}]
    answer = [{"name": "book", "arguments": {"when": "2024-03-05"}}]
    verifier = tv.Verifier("typed-dates")
    case = verifier.compile(answer=answer, tools=tools)
    texts = [
        tv.render([{"name": "book", "arguments": {"when": when}}], format="tool-n1", reasoning="t")
        for when in ("March 5th, 2024", "March 6th, 2024", "05/03/2024")
    ]
    assert verifier.rewards(texts, [case] * 3) == [1.0, 0.0, 0.0]
    finding = verifier.score(texts[1], case=case).findings[0]
    assert (finding.path, finding.comparison) == ("calls[0].arguments.when", "date-meaning")


def test_equal_dates_may_still_break_a_schema_and_both_ways_say_so():
    when = {"type": "string", "pattern": "^[0-9-]+$"}
    tools = [{"name": "book", "parameters": {"type": "object", "properties": {"when": when}}}]
    verifier = tv.Verifier("typed-dates")
    case = verifier.compile(answer=[{"name": "book", "arguments": {"when": "2024-03-05"}}], tools=tools)
    text = tv.render(
        [{"name": "book", "arguments": {"when": "March 5, 2024"}}], format="tool-n1", reasoning="t"
    )
    assert verifier.score(text, case=case).scores["schema"] == 0.0
    assert verifier.rewards([text], [case]) == [0.0]


def test_a_profile_sets_the_order():
    changed = {"name": "own", "comparison": {"use": "date-meaning", "order": "dmy"}}
    own = type(load_profile("typed")).model_validate({**load_profile("typed-dates").model_dump(), **changed})
    text = tv.render([{"name": "f", "arguments": {"d": "05/03/2024"}}], format="tool-n1", reasoning="t")
    assert tv.Verifier(own).score(text, answer=[{"name": "f", "arguments": {"d": "2024-03-05"}}]).passed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": "ymd"}, "order 'ymd' @ comparison.order; use dmy or mdy"),
        ({"today": "5 March"}, "today '5 March': .* @ comparison.today; write it as 2024-03-05"),
        ({"today": 5}, "today 5: "),
    ],
)
def test_a_wrong_option_is_an_error_of_the_profile(options, words):
    with pytest.raises(ProfileError, match=words):
        DateMeaning(**options)
    with pytest.raises(ProfileError, match=words):
        DateMeaning().equal("a", "b", options)
