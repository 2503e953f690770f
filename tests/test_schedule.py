"""Numbers that change with the step: their values, what is refused, and rewards that are priced with them."""

from __future__ import annotations

import pickle
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.cli.toml_text import to_toml
from toolverify.errors import ProfileError
from toolverify.profile import Profile, load_profile
from toolverify.schedule import Schedule, ScheduleError, value_at

LINE = Schedule(from_=2.0, to=1.0, steps=150)
STEPS = (-(10**400), -151, -1, 0, 1, 29, 30, 75, 149, 150, 151, 10**6, 10**400)
RIGHT = [{"name": "f", "arguments": {"a": 1}}]
SAID = tv.render(RIGHT, format="hermes", reasoning="so")


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (LINE, {-1: 2, 0: 2, 75: 1.5, 150: 1, 151: 1, 10**400: 1, -(10**400): 2}),
        (Schedule(from_=0, to=1, steps=10, start=20), {0: 0, 20: 0, 25: 0.5, 30: 1, 31: 1}),
        (Schedule(from_=0, to=1, steps=10, start=-20), {-21: 0, -15: 0.5, 0: 1}),
        (Schedule(from_=0, to=1, steps=10, hold="end"), {-10: -1, 0: 0, 5: 0.5, 11: 1}),
        (Schedule(from_=0, to=1, steps=10, hold="none"), {-10: -1, 5: 0.5, 10: 1, 30: 3}),
        (
            Schedule(points=((0, 1.0), (30, 0.5)), shape="step"),
            {-5: 1, 0: 1, 29: 1, 30: 0.5, 31: 0.5, 10**9: 0.5},
        ),
        (
            Schedule(points=((10, 1.0), (20, 3.0), (40, 0.0))),
            {0: 1, 10: 1, 15: 2, 20: 3, 30: 1.5, 40: 0, 50: 0},
        ),
        (Schedule(points=((0, 1.0), (10, 2.0)), hold="none"), {-10: 0, 20: 3}),
        (Schedule(points=((7, 1.5),)), {0: 1.5, 7: 1.5, 8: 1.5}),
    ],
)
def test_a_schedule_has_a_value_at_every_step(schedule, values):
    assert {step: schedule.at(step) for step in values} == pytest.approx(values)
    again = pickle.loads(pickle.dumps(schedule))  # noqa: S301  # our own bytes
    assert again == schedule


def test_a_plain_number_is_the_same_at_every_step():
    assert {value_at(0.5, step) for step in STEPS} == {0.5}
    assert value_at(LINE, 75) == 1.5


@given(
    points=st.dictionaries(st.integers(-1000, 1000), st.floats(-9, 9), min_size=1),
    shape=st.sampled_from(["linear", "step"]),
    step=st.integers(),
)
def test_a_value_lies_between_those_of_the_points_around_it(points, shape, step):
    schedule = Schedule(points=tuple(sorted(points.items())), shape=shape)
    before = max((known for known in points if known <= step), default=min(points))
    after = min((known for known in points if known >= step), default=max(points))
    lower, upper = sorted((points[before], points[after]))
    assert lower - 1e-9 <= schedule.at(step) <= upper + 1e-9
    assert all(schedule.at(known) == value for known, value in points.items())


def weighted(weights: object, **options: object) -> tv.Verifier:
    combine = {"use": "weighted", "weights": weights, **options}
    return tv.Verifier(
        Profile.model_validate(
            {"name": "own", "format": "hermes", "rules": ["reasoning", "format", "calls"], "combine": combine}
        )
    )


@pytest.mark.parametrize(
    ("weight", "words", "mend"),
    [
        ("2", "Expected `float | object`, got `str`", "got '2'; write a number"),
        (True, "Expected `float | object`, got `bool`", "write a number"),
        ({"from": 2.0, "to": 1.0}, "'steps' missing", "steps = 150"),
        ({}, "'from', 'to', 'steps' missing", "steps = 150"),
        ({"from": 2.0, "to": 1.0, "steps": 0}, "'steps' is 0", "use 1 or more"),
        (
            {"from": 2.0, "to": 1.0, "steps": 1.5},
            "got `float` - at `$.steps`",
            "write a number",
        ),
        ({"form": 2.0}, "unknown field `form`", "from = 2.0"),
        ({"from": float("inf"), "to": 1.0, "steps": 3}, "inf at step 0", "use finite numbers"),
        ({"from": float("nan"), "to": 1.0, "steps": 3}, "nan at step 0", "use finite numbers"),
        ({"from": 1, "to": 2, "steps": 10**30}, "at step 1000000", "use finite numbers"),
        ({"from": 1, "to": 2, "steps": 3, "shape": "step"}, "'shape' without 'points'", "points = [["),
        ({"from": 1, "to": 2, "steps": 3, "points": [[0, 1]]}, "a line and 'points'", "write a number"),
        ({"start": 3, "points": [[0, 1]]}, "a line and 'points'", "write a number"),
        ({"points": []}, "'points' is empty", "give one point"),
        ({"points": [[0, 1], [0, 2]]}, "step 0 stands behind step 0", "rise"),
        ({"points": [[5, 1], [0, 2]]}, "step 0 stands behind step 5", "rise"),
        ({"points": [[0, 1, 2]]}, "of length 2", "write a number"),
        ({"points": [[0, 1]], "shape": "curve"}, "Invalid enum value 'curve'", "write a number"),
        ({"points": [[0, 1]], "hold": "none"}, "'hold' is 'none' without a line", "leave 'hold' out"),
        ({"points": [[0, 1], [1, 2]], "shape": "step", "hold": "end"}, "without a line", "leave 'hold' out"),
    ],
)
def test_a_wrong_schedule_is_refused_with_key_and_mend(weight, words, mend):
    with pytest.raises(ProfileError) as caught:
        weighted({"reasoning": 0, "format": weight, "calls": 1})
    assert "option 'weights.format': " in caught.value.problem
    assert words in caught.value.problem
    assert caught.value.path == "profile own: combine"
    assert mend in caught.value.mend


def test_a_wrong_schedule_made_in_python_is_a_wrong_profile_too():
    with pytest.raises(ScheduleError, match="'steps' missing") as caught:
        Schedule(from_=1.0, to=2.0)
    assert isinstance(caught.value, ProfileError)
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), ScheduleError)  # noqa: S301  # our own bytes


WEIGHTS = {
    "reasoning": 0.25,
    "format": {"from": 2, "to": 1, "steps": 150},
    "calls": {"points": [[0, 1.0], [30, 3.0]], "shape": "step"},
}


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        (-1, {"reasoning": 0.25, "format": 2.0, "calls": 1.0}),
        (0, {"reasoning": 0.25, "format": 2.0, "calls": 1.0}),
        (29, {"reasoning": 0.25, "format": 2 - 29 / 150, "calls": 1.0}),
        (30, {"reasoning": 0.25, "format": 1.8, "calls": 3.0}),
        (150, {"reasoning": 0.25, "format": 1.0, "calls": 3.0}),
        (10**400, {"reasoning": 0.25, "format": 1.0, "calls": 3.0}),
    ],
)
def test_weights_follow_the_step(step, parts):
    verdict = weighted(WEIGHTS).score(SAID, answer=RIGHT, context=tv.Context(step=step))
    assert verdict.parts == pytest.approx(parts)
    assert tuple(verdict.parts) == weighted(WEIGHTS).part_names
    assert verdict.reward == sum(verdict.parts.values())


@pytest.mark.parametrize("gated", [False, True])
def test_rewards_are_those_of_the_verdicts_at_every_step(gated):
    verifier = weighted(WEIGHTS, gated=gated)
    texts = [SAID, SAID.replace("1", "2"), "no", SAID + "x", SAID[:20]] * len(STEPS)
    contexts = [tv.Context(step=step) for step in STEPS for _ in range(5)]
    case = verifier.compile(answer=RIGHT)
    rows = list(zip(texts, contexts, strict=True))
    found = verifier.rewards(texts, [case] * len(texts), contexts=contexts)
    assert found == [verifier.score(text, case=case, context=context).reward for text, context in rows]
    assert len(set(found)) > len(STEPS)
    at_once = verifier.rewards(texts, [case] * len(texts))
    assert at_once == [verifier.score(text, case=case).reward for text in texts]
    batch = verifier.score_batch(texts, [case] * len(texts), contexts=contexts)
    assert [verdict.reward for verdict in batch] == found


def test_a_profile_with_schedules_shows_itself_in_a_form_that_loads_again(tmp_path):
    verifier = weighted({**WEIGHTS, "calls": {"points": [[0, 1.0], [30, 3.0]]}})
    dumped = verifier.profile.model_dump(mode="json", exclude_none=True, exclude={"name"})
    (tmp_path / "own.toml").write_text(to_toml(dumped), encoding="utf-8")
    again = tv.Verifier(tmp_path / "own.toml")
    assert again.profile == verifier.profile
    assert again.hash == verifier.hash
    assert again.hash != weighted(WEIGHTS).hash


def test_a_profile_holds_plain_values_alone():
    with pytest.raises(ProfileError, match="an option is no plain value") as caught:
        weighted({**WEIGHTS, "format": LINE})
    assert "as TOML has them" in caught.value.mend


def test_odd_names_and_numbers_are_written_so_that_they_load_again():
    written = {
        "combine": {"use": "weighted", "weights": {"use": 1.0, "a b": 1, "é": 2, 'q"\n': 3, "x\x7f": "\x7f"}},
        "rules": [{"use": "calls"}, {"use": "length", "most": {"use": 3}}],
        "limits": {"odd key": [float("inf"), -float("inf"), 1e16, True]},
    }
    loaded = tomllib.loads(to_toml(written))
    assert loaded == {**written, "rules": ["calls", written["rules"][1]]}


GATED = {"reasoning": 0.5, "format": 0.5, "calls": 1, "length": 2}


@pytest.mark.parametrize(
    ("gated", "text", "parts"),
    [
        (True, SAID, {"reasoning": 0.5, "format": 0.5, "calls": 1, "length": 2}),
        (True, SAID.replace("1", "2"), {"reasoning": 0.5, "format": 0.5, "calls": 0, "length": 0}),
        (False, SAID.replace("1", "2"), {"reasoning": 0.5, "format": 0.5, "calls": 0, "length": 2}),
        (True, "x", {"reasoning": 0, "format": 0, "calls": 0, "length": 0}),
    ],
)
def test_gated_parts_count_where_every_gate_passes(tmp_path, gated, text, parts):
    (tmp_path / "own.toml").write_text(
        'format = "hermes"\nrules = ["reasoning", "format", "calls", "length"]\n'
        f'[combine]\nuse = "weighted"\ngated = {str(gated).lower()}\n[combine.weights]\n'
        + "".join(f"{name} = {weight}\n" for name, weight in GATED.items()),
        encoding="utf-8",
    )
    verdict = tv.Verifier(load_profile(tmp_path / "own.toml")).score(text, answer=RIGHT)
    assert verdict.parts == parts
