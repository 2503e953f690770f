"""The reward behind the function: the same as `toolverify score`, and never an exception. No trainer is needed."""

import json
import logging
import math
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from openrlhf_samples import ANSWER, END, LABEL, PROMPT, RIGHT, SILENT, TOOL, WRONG, hostile, workload

from toolverify.cli import main
from toolverify.errors import AnswerError, ProfileError
from toolverify.training import write_label
from toolverify_openrlhf.names import RESERVED, SPLIT_FAILED, SPLIT_REPAIRED
from toolverify_openrlhf.options import Options, checked
from toolverify_openrlhf.reward import Reward

LOGS = ("acc", "reasoning", "format", "calls", "verifier_error", "unscorable", SPLIT_REPAIRED, SPLIT_FAILED)


def reward(profile="tool-n1", version=None, **options):
    return Reward(checked(str(profile), **options), version)


def one(model, response, label=LABEL, prompt=PROMPT):
    (sample,) = model.samples([prompt + response], [prompt], [label])
    return sample


@pytest.mark.parametrize("profile", ["tool-n1", "typed", "tool-n1-v0", "shaped"])
def test_the_rewards_are_those_of_toolverify_score_to_the_bit(profile, tmp_path, shaped):
    profile = str(shaped) if profile == "shaped" else profile
    rows = workload(1_500)
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out = tmp_path / "verdicts.jsonl"
    assert main(["score", str(tmp_path / "rows.jsonl"), "--profile", profile, "--out", str(out)]) == 0
    verdicts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    samples = reward(profile).samples(
        [PROMPT + row["completion"] + END for row in rows],
        [PROMPT] * len(rows),
        [write_label(row["answer"], tools=row["tools"]) for row in rows],
    )
    assert [sample.reward for sample in samples] == [verdict["reward"] for verdict in verdicts]
    assert [sample.score for sample in samples] == [float(verdict["passed"]) for verdict in verdicts]
    for sample, verdict in zip(samples, verdicts, strict=True):
        assert {name: sample.logs[name] for name in verdict["scores"]} == verdict["scores"]
    assert len({sample.reward for sample in samples}) > 1


def test_hostile_completions_lose_no_sample_and_no_key():
    texts = [*hostile(200), "\ud800 lone", "\x00"]
    model = reward("typed")
    samples = model.samples([PROMPT + text for text in texts], [PROMPT] * len(texts), [LABEL] * len(texts))
    assert len(samples) == len(texts)
    for sample in samples:
        assert tuple(sample.logs) == model.names
        assert all(map(math.isfinite, [sample.reward, sample.score, *sample.logs.values()]))


def test_a_megabyte_of_endings_is_cut_in_no_time():
    model, query = reward(), PROMPT + RIGHT + END * 100_000
    start = time.perf_counter()
    assert one(model, query.removeprefix(PROMPT)).reward == 1.0
    assert time.perf_counter() - start < 15.0  # a cut that copies the text for each takes a minute


@pytest.mark.parametrize(
    "label",
    [
        LABEL,
        json.dumps(ANSWER),
        ANSWER,
        {"answer": ANSWER, "tools": [TOOL]},
        {"answer": json.dumps(ANSWER), "tools": json.dumps([TOOL])},
        json.dumps({"answer": ANSWER, "tools": [TOOL], "id": "a-1", "meta": {"category": "simple"}}),
    ],
)
def test_a_label_may_come_in_many_forms(label):
    assert one(reward("typed"), RIGHT, label).reward == 1.0
    assert one(reward("typed"), WRONG, label).reward == 0.0


def test_comparisons_of_a_row_count():
    label = write_label(ANSWER, compare={"city": "casefold"})
    assert one(reward("typed"), RIGHT.replace("Oslo", "OSLO"), label).reward == 1.0
    assert one(reward("typed"), RIGHT.replace("Oslo", "OSLO")).reward == 0.0


@pytest.mark.parametrize(
    "label", ["", None, "{", 5, {"answer": None}, object(), b"x", {"tools": []}, "\ud800"]
)
def test_a_row_that_cannot_be_read_is_counted_and_goes_on(label):
    model = reward("typed", fallback=-0.5)
    wrong, right = model.samples([PROMPT + RIGHT] * 2, [PROMPT] * 2, [label, LABEL])
    assert (wrong.reward, wrong.score, wrong.logs["verifier_error"], wrong.logs["unscorable"]) == (
        -0.5,
        0,
        1,
        1,
    )
    assert tuple(wrong.logs) == tuple(right.logs)
    assert right.reward == 1.0


def test_on_request_a_wrong_row_stops_the_training_and_says_why(caplog):
    with pytest.raises(AnswerError, match="the answer is missing"):
        one(reward(on_error="raise"), RIGHT, '{"answer": null}')
    assert "on_error is 'raise'" in caplog.text


def test_prompts_and_labels_may_be_missing():
    model = reward()
    assert [sample.logs["unscorable"] for sample in model.samples([PROMPT + RIGHT], None, None)] == [1.0]
    assert [sample.reward for sample in model.samples([PROMPT + RIGHT] * 2, [PROMPT], [LABEL])] == [1.0, 0.0]
    assert model.samples([], [], []) == []
    assert [sample.reward for sample in model.samples([None], [PROMPT], [LABEL])] == [0.0]


@pytest.mark.parametrize(
    "ending", [END, f"{END}\n", "<|endoftext|>", f"{END}<|endoftext|><|endoftext|>", "</s>"]
)
def test_tokens_that_end_a_turn_are_cut(ending):
    assert one(reward(), RIGHT + ending).reward == 1.0


def test_an_ending_of_its_own_is_cut_where_it_is_named():
    assert one(reward(), RIGHT + "<|my_end|>").reward == 0.0
    assert one(reward(endings=["<|my_end|>"]), RIGHT + "<|my_end|>").reward == 1.0


def test_markers_of_calls_are_kept():
    sample = one(reward(format="hermes"), RIGHT.replace("[", "").replace("]", "") + END)
    assert sample.reward == 1.0


def test_reasoning_that_the_prompt_opened_counts():
    prompt, response = f"{PROMPT}<think>\n", RIGHT.removeprefix("<think>")
    assert one(reward(), response, prompt=prompt).reward == 1.0
    assert one(reward(), response).reward == 0.0


def test_a_changed_prompt_and_a_lost_one_are_counted():
    model = reward()
    repaired, failed = model.samples([PROMPT[3:] + RIGHT, RIGHT], [PROMPT, "x" * 40], [LABEL] * 2)
    assert (repaired.reward, repaired.logs[SPLIT_REPAIRED], repaired.logs[SPLIT_FAILED]) == (1.0, 1.0, 0.0)
    assert (failed.logs[SPLIT_REPAIRED], failed.logs[SPLIT_FAILED]) == (0.0, 1.0)


def test_scores_are_0_or_1_also_where_rewards_are_not(shaped):
    samples = [one(reward(shaped), text) for text in (RIGHT, WRONG, SILENT)]
    assert [round(sample.reward, 6) for sample in samples] == [1.0, 0.3, 0.0]
    assert [sample.score for sample in samples] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("version", "lost"),
    [
        (None, False),
        ("0.9.0", False),
        ("0.9.1", True),
        ("0.9.1.post1", True),
        ("0.10.0", True),
        ("0.10.1", False),
    ],
)
def test_where_a_score_of_0_counts_as_none_it_is_next_to_0(version, lost, shaped):
    sample = one(reward(shaped, version), WRONG)
    assert bool(sample.score) is lost
    assert sample.score <= 0
    assert one(reward(shaped, version), RIGHT).score == 1.0


def test_a_rule_that_raises_is_counted_and_told_once(foreign_rules, caplog):
    path = foreign_rules / "fragile.toml"
    path.write_text(
        'extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "fragile"]\n', encoding="utf-8"
    )
    model = reward(path)
    broken = RIGHT.replace("Oslo.", "BOOM")
    with caplog.at_level(logging.WARNING, "toolverify.openrlhf"):
        samples = model.samples([PROMPT + broken, PROMPT + RIGHT] * 3, [PROMPT] * 6, [LABEL] * 6)
    assert [sample.reward for sample in samples] == [0.0, 1.0] * 3
    assert [sample.logs["verifier_error"] for sample in samples] == [1.0, 0.0] * 3
    assert len(caplog.records) == 1
    assert "the rule broke on this one" in caplog.text


def test_no_rule_may_have_the_name_of_a_metric(foreign_rules):
    path = foreign_rules / "kl.toml"
    path.write_text('extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "kl"]\n', encoding="utf-8")
    with pytest.raises(ProfileError, match="named 'kl'"):
        reward(path)
    assert not set(LOGS[:-2]) & set(RESERVED)


def test_the_names_are_the_same_for_every_profile_of_a_kind():
    assert reward().names == LOGS


def test_a_row_may_ask_for_another_format_or_profile():
    label = json.dumps({"answer": ANSWER, "meta": {"format": "hermes"}})
    hermes = RIGHT.replace("[", "").replace("]", "")
    model = reward()
    assert one(model, hermes, label).reward == 1.0
    assert one(model, hermes).reward == 0.0
    label = json.dumps({"answer": ANSWER, "meta": {"profile": "tool-n1"}})
    assert one(model, RIGHT, label).reward == 1.0


def test_the_marker_of_a_rows_own_format_counts(tmp_path):
    path = tmp_path / "thought.toml"
    path.write_text(
        'extends = "tool-n1"\nformat = { use = "tool-n1", think_start = "<thought>", think_end = "</thought>" }\n',
        encoding="utf-8",
    )
    label = json.dumps({"answer": ANSWER, "meta": {"profile": str(path)}})
    response = RIGHT.removeprefix("<think>").replace("think>", "thought>")
    assert one(reward(), response, label, f"{PROMPT}<thought>\n").reward == 1.0
    assert one(reward(), response, label, f"{PROMPT}<think>\n").reward == 0.0


def test_a_row_may_not_ask_for_other_components(caplog):
    label = json.dumps({"answer": ANSWER, "meta": {"profile": "typed"}})
    sample = one(reward(), RIGHT, label)
    assert sample.logs["verifier_error"] == 1.0
    assert tuple(sample.logs) == LOGS
    assert "name the rules of both profiles alike" in caplog.text
    with pytest.raises(ProfileError):
        one(reward(on_error="raise"), RIGHT, label)


def test_it_pickles_and_gives_the_same(tmp_path, shaped):
    model = reward(shaped, log=tmp_path / "log.jsonl")
    one(model, RIGHT)
    shaped.unlink()  # another machine has no such file
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    assert one(again, WRONG).reward == one(model, WRONG).reward
    assert again.names == model.names
    assert len((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_32_threads_give_what_one_gives(tmp_path):
    rows = workload(640)
    model, log = reward("typed", log=tmp_path / "log.jsonl"), tmp_path / "log.jsonl"

    def score(row):
        label = json.dumps({"answer": row["answer"], "tools": row["tools"], "id": row["completion"][:9]})
        return one(model, row["completion"], label).reward

    alone = [score(row) for row in rows]
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(score, rows)) == alone
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["reward"] for line in lines) == sorted(alone * 2)


def test_a_line_of_the_log_holds_what_is_needed_to_find_the_sample(tmp_path):
    path = tmp_path / "log.jsonl"
    label = json.dumps({"answer": ANSWER, "id": "row-7"})
    one(reward(log=path), WRONG + "\ud800", label)
    line = json.loads(path.read_text(encoding="utf-8"))
    assert line["id"] == "row-7"
    assert line["reward"] == 0.0
    assert tuple(line["components"]) == LOGS
    assert line["parts"] == {"all": 0.0}
    assert line["findings"]


@pytest.mark.parametrize("id_", [object(), float("nan"), {"a": b"x"}, "\ud800", 2**70, None])
def test_no_id_keeps_a_line_from_being_written(id_, tmp_path):
    path = tmp_path / "log.jsonl"
    assert one(reward(log=path), RIGHT, {"answer": ANSWER, "id": id_}).reward == 1.0
    assert json.loads(path.read_text(encoding="utf-8"))["reward"] == 1.0


@pytest.mark.parametrize("depth", [100, 900, 5_000, 100_000])
def test_a_label_as_deep_as_it_may_be_raises_nothing(depth):
    text = '{"answer": ' + '{"a": ' * depth + "1" + "}" * depth + "}"
    assert one(reward(), RIGHT, text).logs["unscorable"] == 1.0
    value = 1
    for _ in range(depth):
        value = [value]
    calls = [{"name": "f", "arguments": {"x": value}}]
    samples = [one(reward("typed"), RIGHT, label) for label in (value, calls, {"answer": calls})]
    assert all(math.isfinite(sample.reward) for sample in samples)


def test_a_log_that_cannot_be_written_does_not_stop_the_training(tmp_path, caplog):
    (tmp_path / "log.jsonl").mkdir()
    model = reward(log=tmp_path / "log.jsonl")
    assert [one(model, RIGHT).reward for _ in range(3)] == [1.0] * 3
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text


def test_messages_come_to_an_end(caplog):
    model = reward()
    for number in range(300):
        one(model, RIGHT, f'{{"answer": {number}}}' if number % 2 else f"no JSON {number}")
    assert len(caplog.records) <= 100
    assert all(len(record.getMessage()) < 600 for record in caplog.records)


def test_a_reward_that_float32_cannot_hold_stays_finite():
    sample = one(Reward(Options("tool-n1", fallback=1e300)), RIGHT, "{")
    assert sample.reward == 3.4e38
