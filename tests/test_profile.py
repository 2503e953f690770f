"""Profiles: read, extended, refused with key and mend; verifiers made from them."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest

import toolverify as tv
from toolverify.cli.toml_text import to_toml
from toolverify.errors import ProfileError
from toolverify.plugins import registry
from toolverify.profile import Profile, load_profile

SOUND = 'format = "hermes"\nrules = ["calls"]\n'


def written(tmp_path, text: str):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", sorted(registry().all("profile")))
def test_every_profile_loads_and_shows_itself_in_a_form_that_loads_again(name, tmp_path):
    profile = load_profile(name)
    assert profile.summary
    shown = to_toml(profile.model_dump(mode="json", exclude_none=True, exclude={"name"}))
    again = load_profile(written(tmp_path, shown))
    assert again.name == "own"
    assert again.model_copy(update={"name": name}) == profile


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format = ", "not TOML"),
        ('rules = ["calls"]', "the key 'format' is missing"),
        ('format = "hermes"', "the key 'rules' is missing"),
        (SOUND + 'fromat = "x"', "unknown key 'fromat'"),
        (SOUND + 'fromat = "x"', "did you mean 'format'"),
        (SOUND + "[limits]\ntxt = 3", "unknown key 'limits.txt'"),
        (SOUND + "[limits]\ntext = 0", "limits.text"),
        (SOUND + '[limits]\ntext = "many"', "limits.text"),
        ('format = "hermes"\nrules = []', "at least one rule"),
        ('format = "hermes"\nrules = "calls"', "rules"),
        (
            'format = "herms"\nrules = ["calls"]',
            "unknown format 'herms' @ profile own: format; did you mean 'hermes'",
        ),
        (
            'format = "hermes"\nrules = ["cals"]',
            "unknown rule 'cals' @ profile own: rules[0]; did you mean 'calls'",
        ),
        ('exends = "tool-n1"', "unknown key 'exends' @"),
        ('exends = "tool-n1"', "did you mean 'extends'"),
        ('format = "hermes"\nrules = [{ use = "format", allow = ["zz"] }]', "option 'allow'"),
        (SOUND + 'combine = { use = "weighted", weights = { calls = nan } }', "the weight of 'calls' is nan"),
        (
            SOUND + 'combine = { use = "weighted", weights = { clls = 1 } }',
            "rules without a weight: calls; weights without a rule: clls",
        ),
        (SOUND + 'combine = { use = "all", gates = ["x"] }', "this part takes no options"),
        (SOUND + 'combine = "sum"', "unknown combiner 'sum'"),
        (SOUND + 'matcher = { use = "unordered", comparison = 3 }', "unknown option 'comparison'"),
        (
            SOUND + 'matcher = { use = "unordered", comparisons = "x" }',
            "option 'comparisons': Expected `int`",
        ),
        (SOUND + 'comparison = { use = "json", tolerance = 1 }', "this part takes no options"),
        ('format = "hermes"\nrules = [{ use = "format", silent = true }]', "did you mean 'silence'"),
        ('format = "hermes"\nrules = [{ use = "format", allow = "x" }]', "option 'allow'"),
        ('format = "hermes"\nrules = ["calls", "calls"]', "two rules are named 'calls'"),
        (SOUND + "coercion = 3", "coercion"),
        ('extends = "nope"', "unknown profile 'nope'"),
        ("extends = 3", "expected the name of a profile"),
    ],
)
def test_a_wrong_profile_is_refused_with_key_and_mend(tmp_path, text, words):
    with pytest.raises(ProfileError) as caught:
        tv.Verifier(written(tmp_path, text))
    assert words in str(caught.value)


def test_a_profile_that_is_not_there_is_told_as_such(tmp_path):
    with pytest.raises(ProfileError, match="no file"):
        tv.Verifier(tmp_path / "none.toml")
    with pytest.raises(ProfileError, match="cannot read"):
        tv.Verifier(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'summary = "\xe9"')
    with pytest.raises(ProfileError, match="cannot read"):
        tv.Verifier(tmp_path / "latin.toml")


def test_a_profile_takes_over_what_it_does_not_set(tmp_path):
    path = written(tmp_path, 'extends = "tool-n1"\nsummary = "own"\n[limits]\ntext = 100\n')
    profile = load_profile(path)
    assert profile.name == "own"
    assert profile.rules == load_profile("tool-n1").rules
    assert (profile.limits.text, profile.limits.call) == (100, 65_536)
    text = '<think></think><tool_call>[{"name": "f", "arguments": {}}]</tool_call>'
    verifier = tv.Verifier(path)
    assert verifier.score(text, answer=[{"name": "f", "arguments": {}}]).passed
    assert not verifier.score(text + " " * 100, answer=[{"name": "f", "arguments": {}}]).passed


def test_a_profile_may_be_a_value():
    profile = Profile(
        name="own", format="hermes", rules=["calls", {"use": "format", "name": "shape", "gate": False}]
    )
    verifier = tv.Verifier(profile)
    assert verifier.rules == ("calls", "shape")
    verdict = verifier.score(
        'x<tool_call>{"name": "f", "arguments": {}}</tool_call>', answer=[{"name": "f", "arguments": {}}]
    )
    assert (verdict.reward, verdict.passed, verdict.scores["shape"]) == (1.0, True, 0.0)


def test_the_format_may_be_another():
    verifier = tv.Verifier("typed", format="hermes")
    text = tv.render([{"name": "f", "arguments": {}}] * 2, format="hermes", reasoning="")
    assert verifier.score(text, answer=[{"name": "f", "arguments": {}}] * 2).passed
    assert verifier.hash != tv.Verifier("typed").hash


def test_the_hash_covers_the_reward_and_not_its_summary():
    base = {"name": "own", "format": "hermes", "rules": ["calls"]}
    one, two = Profile(**base, summary="a"), Profile(**base, summary="b")
    assert tv.Verifier(one).hash == tv.Verifier(two).hash
    assert tv.Verifier(Profile(**base, comparison="python")).hash != tv.Verifier(one).hash


@pytest.mark.parametrize("name", sorted(registry().all("profile")))
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_verifier_pickles_and_scores_alike(name, protocol):
    verifier = tv.Verifier(name)
    again = pickle.loads(pickle.dumps(verifier, protocol))  # noqa: S301
    answer = "<think>a</think>" if name.startswith("toolrl") else []
    case = pickle.loads(pickle.dumps(verifier.compile(answer=answer), protocol))  # noqa: S301
    for text in ("<think>a</think>", "<think></think><tool_call>[]</tool_call>", "x"):
        assert again.score(text, case=case) == verifier.score(text, case=case)
    assert copy.deepcopy(verifier).hash == verifier.hash


def test_a_verifier_from_other_versions_is_refused():
    rebuild, (profile, _) = tv.Verifier("tool-n1").__reduce__()
    with pytest.raises(ProfileError, match="has another hash here"):
        rebuild(profile, "0" * 12)


def test_a_verifier_is_shared_between_threads():
    verifier = tv.Verifier("typed")
    case = verifier.compile(answer=[{"name": "f", "arguments": {"a": 1}}])
    right = '<think></think><tool_call>[{"name": "f", "arguments": {"a": 1}}]</tool_call>'
    wrong = right.replace("1}", "2}")
    results: list[list[float]] = []

    def work() -> None:
        results.append(verifier.rewards([right, wrong] * 200, [case] * 400))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[1.0, 0.0] * 200] * 4


def test_public_names_are_there_and_no_others():
    assert all(hasattr(tv, name) for name in tv.__all__)
    assert 8 <= len(tv.__all__) <= 12
    assert dir(tv) == sorted(tv.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = tv.nope
    assert repr(tv.Verifier("tool-n1")).startswith("Verifier('tool-n1', hash=")
    assert tv.Verifier("tool-n1").part_names == ("all",)
