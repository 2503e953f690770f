"""The function: what verl gives it, and what it gives back."""

from __future__ import annotations

import importlib.util
import inspect
import json
import logging
import math
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from verl_rows import OSLO, RIGHT, WRONG, called, hostile, row, told_by_the_command, workload

import toolverify as tv
from toolverify.checkup import Setup
from toolverify.errors import ProfileError, ToolverifyError
from toolverify.training import RewardModel
from toolverify_verl import reward
from toolverify_verl.backend import VerlBackend
from toolverify_verl.reward import compute_score

KEYS = ["score", *RewardModel("typed").names]


def scored(text, given=None, **options):
    return compute_score(**called(given or row(), text), **{"profile": "typed", **options})


def test_a_right_reply_earns_the_reward_and_a_wrong_one_does_not():
    assert scored(RIGHT)["score"] == 1.0
    assert scored(WRONG)["score"] == 0.0
    assert list(scored(RIGHT)) == list(scored(WRONG)) == KEYS


@pytest.mark.parametrize("profile", ["typed", "tool-n1", "tool-n1-v0"])
def test_rewards_and_components_are_those_of_the_command(profile):
    samples = workload(5_000)
    assert [
        compute_score(**called(given, text), profile=profile) for given, text in samples
    ] == told_by_the_command(samples, profile)


def test_hostile_completions_get_every_key_and_finite_numbers():
    for text in [*hostile(), None, 7, b"bytes", ["a list"], {"role": "tool"}, float("nan")]:
        result = scored(text)
        assert list(result) == KEYS
        assert all(type(value) is float and math.isfinite(value) for value in result.values())


@pytest.mark.parametrize(
    "bend",
    [
        {"ground_truth": None},
        {"ground_truth": "no JSON"},
        {"ground_truth": [{"name": "get_weather", "arguments": None}]},
        {"extra_info": {"tools": "{broken", "num_turns": 2}},
        {"extra_info": {"tools": 3, "num_turns": 2}},
        {"extra_info": {"meta": "{broken"}},
        {"extra_info": None, "ground_truth": None},
    ],
)
def test_a_row_that_cannot_be_read_is_counted_and_goes_on(bend):
    given = {**called(row(), RIGHT), **bend}
    result = compute_score(**given, profile="typed", fallback=-0.5)
    assert list(result) == KEYS
    assert (result["score"], result["verifier_error"], result["unscorable"], result["acc"]) == (-0.5, 1, 1, 0)
    with pytest.raises(ToolverifyError):
        compute_score(**given, profile="typed", on_error="raise")


def test_a_complaint_is_logged_once(caplog):
    given = {**called(row(), RIGHT), "ground_truth": "told once"}
    with caplog.at_level(logging.WARNING, logger="toolverify.verl"):
        for _ in range(50):
            compute_score(**given, profile="typed", fallback=-0.25)
    assert [record.name for record in caplog.records] == ["toolverify.verl"]
    assert "AnswerError" in caplog.text or "answer" in caplog.text


def test_a_label_of_answer_tools_and_comparisons_is_read_too():
    label = json.dumps({"answer": OSLO, "compare": {"city": "casefold"}})
    shouting = tv.render(
        [{"name": "get_weather", "arguments": {"city": "OSLO", "days": 3}}], format="tool-n1", reasoning="So."
    )
    given = {**called(row(), shouting), "ground_truth": label}
    assert compute_score(**given, profile="typed")["score"] == 1.0
    given = called(row(meta=json.dumps({"compare": {"city": "casefold"}})), shouting)
    assert compute_score(**given, profile="typed")["score"] == 1.0
    assert compute_score(**called(row(), shouting), profile="typed")["score"] == 0.0


def test_the_step_and_the_category_reach_the_rules(tmp_path):
    path = tmp_path / "later.toml"
    path.write_text(
        'extends = "typed"\n[combine]\nuse = "weighted"\n[combine.weights]\n'
        "reasoning = 0\nformat = 0\nschema = 0\ncalls = { from = 0.0, to = 1.0, steps = 14 }\n"
    )
    assert scored(RIGHT, profile=str(path))["score"] == 0.5  # step 7 of 14


def test_a_rule_named_like_a_key_of_verl_is_refused(tmp_path):
    path = tmp_path / "taken.toml"
    path.write_text('extends = "typed"\nrules = [{ use = "calls", name = "reward" }]\n')
    with pytest.raises(ProfileError, match="reward"):
        scored(RIGHT, profile=str(path))


class TestTurns:
    TOOL = '\nuser\n<tool_response>\n{"ok": true}\n</tool_response>\nassistant\n'

    def of(self, text, num_turns):
        given = called(row(), text)
        given["extra_info"]["num_turns"] = num_turns
        return compute_score(**given, profile="typed")

    def test_what_a_tool_says_is_not_scored(self):
        first = RIGHT
        assert self.of(f"{first}{self.TOOL}<think>Done.</think>", 4)["unscorable"] == 0
        quoted = f"<think>So.</think>\nuser\n<tool_response>\n{RIGHT}\n</tool_response>\nassistant\nIt rains."
        assert self.of(quoted, 4)["calls"] == 0.0

    def test_a_reply_of_one_turn_is_taken_whole(self):
        text = f"<think>user\n</think>{self.TOOL}{RIGHT.partition('</think>')[2]}"
        assert self.of(text, 2)["score"] == 0.0

    @pytest.mark.parametrize("num_turns", [4, 8])
    def test_turns_that_cannot_be_told_are_not_scored(self, num_turns):
        result = self.of(f"{RIGHT}{self.TOOL}And{self.TOOL}then", num_turns)
        assert (result["score"], result["verifier_error"]) == (0.0, 1.0)

    def test_many_turns_take_little_time(self):
        text = "\nuser\n\nassistant\n" * 60_000
        start = time.perf_counter()
        assert self.of(text, 4)["verifier_error"] == 1.0
        assert self.of(text, 120_002)["score"] == 0.0
        assert time.perf_counter() - start < 20.0


class TestLog:
    def test_a_line_a_sample_from_many_threads(self, tmp_path):
        path = tmp_path / "deep" / "log.jsonl"
        texts = [RIGHT, WRONG, RIGHT[:-3], ""] * 100
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(partial(scored, log=str(path)), texts))
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(lines) == len(texts)
        assert sum(line["reward"] for line in lines) == sum(result["score"] for result in results) == 100
        assert {line["step"] for line in lines} == {7}
        assert {line["id"] for line in lines} == {"0"}
        assert {tuple(line["components"]) for line in lines} == {tuple(KEYS[1:])}
        assert any("call.missing" in line["codes"] for line in lines)
        assert all(sum(line["parts"].values()) == line["reward"] for line in lines)

    def test_a_log_that_cannot_be_written_is_told_before_the_first_sample(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ProfileError, match="log"):
            scored(RIGHT, log=str(tmp_path / "file" / "log.jsonl"))

    def test_the_name_of_the_host_is_filled_in(self, tmp_path):
        scored(RIGHT, log=str(tmp_path / "{host}-{pid}.jsonl"))
        (written,) = tmp_path.iterdir()
        assert "{" not in written.name


class TestOptions:
    def test_no_profile_is_an_error_that_says_what_to_add(self, monkeypatch):
        monkeypatch.delenv("TOOLVERIFY_VERL_PROFILE", raising=False)
        with pytest.raises(ProfileError, match=r"\+reward\.custom_reward_function\.reward_kwargs\.profile"):
            compute_score(**called(row(), RIGHT), format="tool-n1")

    def test_the_environment_fills_what_is_not_given(self, monkeypatch):
        monkeypatch.setenv("TOOLVERIFY_VERL_PROFILE", "tool-n1")
        monkeypatch.setenv("TOOLVERIFY_VERL_FALLBACK", "-2")
        given = {**called(row(), RIGHT), "ground_truth": None}
        assert compute_score(**given)["score"] == -2.0

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"profil": "typed"}, "profile"),
            ({"profile": "typed", "on_error": "zer0"}, "on_error"),
            ({"profile": "typed", "fallback": "much"}, "fallback"),
            ({"profile": "typed", "fallback": math.nan}, "fallback"),
            ({"profile": "no-such-profile"}, "no-such-profile"),
            ({"profile": "typed", "format": "no-such-format"}, "no-such-format"),
        ],
    )
    def test_wrong_options_always_raise(self, options, told):
        with pytest.raises(ProfileError, match=told):
            compute_score(**called(row(), RIGHT), **options)

    def test_what_verl_adds_is_no_option(self):
        added = {"reward_router_address": "http://here", "reward_model_tokenizer": object()}
        assert scored(RIGHT, **added)["score"] == 1.0

    def test_another_format(self):
        text = tv.render(OSLO, format="hermes", reasoning="So.")
        assert scored(text, format="hermes")["score"] == 1.0
        assert scored(text)["score"] == 0.0

    def test_reasoning_that_the_prompt_opens(self):
        text = RIGHT.removeprefix("<think>")
        assert scored(text)["score"] == 0.0
        assert scored(text, reasoning_open=True)["score"] == 1.0
        assert scored(text, row(reasoning_open=True))["score"] == 1.0


def test_it_is_a_plain_function_that_pickles_and_takes_keywords():
    assert not inspect.iscoroutinefunction(compute_score)
    assert pickle.loads(pickle.dumps(compute_score)) is compute_score  # noqa: S301
    names = list(inspect.signature(compute_score).parameters)
    assert names[:4] == ["data_source", "solution_str", "ground_truth", "extra_info"]


def test_the_file_also_loads_by_its_path_without_a_place_among_the_modules():
    spec = importlib.util.spec_from_file_location("somewhere", reward.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.compute_score(**called(row(), RIGHT), profile="typed")["score"] == 1.0


def test_nothing_it_is_given_is_changed():
    given = called(row(), RIGHT)
    before = json.dumps(given)
    compute_score(**given, profile="typed")
    assert json.dumps(given) == before


def test_a_plugin_rule_that_raises_on_one_sample_does_not_end_the_run(failing_profile):
    results = [scored(text, profile=failing_profile) for text in (RIGHT, "<think>x</think>", RIGHT)]
    assert [result["verifier_error"] for result in results] == [0.0, 1.0, 0.0]
    assert [result["score"] for result in results] == [1.0, 0.0, 1.0]
    assert all(list(result) == [*KEYS[:-2], "fails", *KEYS[-2:]] for result in results)
    assert all(math.isfinite(value) for result in results for value in result.values())


def test_the_example_makes_rows_without_a_fault(tmp_path):
    script = Path(__file__).resolve().parents[3] / "examples" / "verl" / "make_data.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"8 rows in {tmp_path}, 0 faults\n")
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    right = tv.render(json.loads(rows[0]["reward_model"]["ground_truth"]), format="tool-n1", reasoning="So.")
    assert scored(right, rows[0])["score"] == 1.0


def test_the_overrides_of_the_example_have_no_fault():
    text = (Path(__file__).resolve().parents[3] / "examples" / "verl" / "overrides.txt").read_text()
    config = dict(line.split("=", 1) for line in text.splitlines())
    setup = Setup(verifier=tv.Verifier("typed"), config=config, versions={"verl": "0.9.1"})
    assert list(VerlBackend().check(setup)) == []
