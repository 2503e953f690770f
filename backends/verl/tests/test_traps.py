"""What goes wrong inside verl with other rewards, and does not with ours: each trap is shown on verl itself first."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path

import pytest

pytest.importorskip("verl", reason="make test-verl runs these")

import datasets
import numpy as np
import pyarrow as pa
import verl_world as world
from hydra.errors import ConfigCompositionException
from verl.trainer.ppo.metric_utils import process_validation_metrics
from verl.trainer.ppo.reward import load_reward_manager
from verl.utils.import_utils import load_extern_object
from verl_rows import OSLO, RIGHT, WRONG, row

import toolverify as tv
from toolverify.checkup import Setup
from toolverify_verl import reward
from toolverify_verl.backend import VerlBackend

TOKENIZER = world.tokenizer()
FUNCTION = (
    "reward.custom_reward_function.path=pkg://toolverify_verl.reward",
    f"+{world.KWARGS}.profile=typed",
)


def run(overrides, text=RIGHT, given=None):
    chosen = load_reward_manager(world.config(*overrides), TOKENIZER)
    batch = world.streamed(given or row(), world.response_ids(text, TOKENIZER), TOKENIZER)
    return chosen.loop.run_until_complete(chosen.run_single(batch))


def odd(name):
    return (
        "reward.custom_reward_function.path=pkg://verl_oddities",
        f"reward.custom_reward_function.name={name}",
    )


def faults(config, rows=()):
    setup = Setup(verifier=tv.Verifier("typed"), config=dict(config), rows=rows, versions={"verl": "0.9.1"})
    return {fault.code: fault for fault in VerlBackend().check(setup)}


def test_an_object_whose_call_is_a_coroutine_gives_the_coroutine_as_the_score():
    result = run(odd("waits"))
    assert inspect.iscoroutine(result["reward_score"])
    result["reward_score"].close()
    assert run(odd("coroutine_function"))["reward_score"] == 1.0
    assert inspect.isfunction(reward.compute_score)
    assert type(run(FUNCTION)["reward_score"]) is float


def test_a_score_that_is_no_number_passes_through():
    assert math.isnan(run(odd("no_number"))["reward_score"])


def test_an_exception_leaves_the_manager_of_verl_but_not_ours():
    broken = row()
    broken["reward_model"]["ground_truth"] = None
    with pytest.raises(ValueError, match="careless"):
        run(odd("raises"))
    for overrides in (FUNCTION, world.BY_NAME):
        assert run(overrides, given=broken)["reward_extra_info"]["verifier_error"] == 1.0


def test_old_keys_are_taken_and_ignored():
    old = (
        "custom_reward_function.path=pkg://toolverify_verl.reward",
        "reward_model.reward_manager=toolverify",
    )
    chosen = load_reward_manager(world.config(*old), TOKENIZER)
    assert type(chosen).__name__ == "NaiveRewardManager"
    with pytest.raises(NotImplementedError):
        run(old)
    for override in old:
        told = faults([override.split("=", 1)])["config.ignored_key"]
        assert told.where == override.partition("=")[0]


def test_a_key_without_its_plus_is_refused():
    without = f"{world.KWARGS}.profile=typed"
    with pytest.raises(ConfigCompositionException):
        world.config(FUNCTION[0], without)
    assert "config.no_plus" in faults(dict([FUNCTION[0].split("=", 1), without.split("=", 1)]))
    assert world.config(*FUNCTION).reward.custom_reward_function.reward_kwargs.profile == "typed"


def test_a_composed_configuration_has_no_fault():
    from omegaconf import OmegaConf

    composed = OmegaConf.to_container(world.config(*world.BY_NAME))
    assert faults(composed) == {}
    by_function = OmegaConf.to_container(world.config(*FUNCTION))
    assert faults(by_function) == {}


def test_a_module_loaded_by_its_path_has_no_name(tmp_path):
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(RuntimeError, match="Error loading module"):
        load_extern_object(str(tmp_path / "own.py"), "A")
    assert load_extern_object(reward.__file__, "compute_score")(
        data_source="x", solution_str=RIGHT, ground_truth=json.dumps(OSLO), profile="tool-n1"
    )["score"]
    assert load_extern_object("pkg://toolverify_verl.reward", "compute_score") is reward.compute_score


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("toolverify_verl.reward", FileNotFoundError),
        ("pkg://toolverify_verl/reward.py", ModuleNotFoundError),
        ("pkg://toolverify_verl", AttributeError),
    ],
)
def test_paths_that_verl_does_not_find_are_told(path, error):
    with pytest.raises(error):
        load_extern_object(path, "compute_score")
    config = {"reward.custom_reward_function.path": path, f"+{world.KWARGS}.profile": "typed"}
    assert faults(config)["config.module_path"].mend == "write pkg://toolverify_verl.reward"


def test_special_tokens_are_taken_out_of_what_a_function_sees():
    made = world.tokenizer(special_markers=True)
    ids = world.response_ids(RIGHT, made)
    assert "<tool_call>" not in made.decode(ids, skip_special_tokens=True)
    assert "<tool_call>" in made.decode(ids, skip_special_tokens=False)


def test_the_check_reads_what_a_real_tokenizer_saves(tmp_path):
    for special in (True, False):
        folder = tmp_path / str(special)
        world.tokenizer(special_markers=special).save_pretrained(folder)
        config = dict(override.split("=", 1) for override in FUNCTION)
        setup = Setup(
            verifier=tv.Verifier("typed"), config=config, tokenizer=folder, versions={"verl": "0.9.1"}
        )
        found = {fault.code for fault in VerlBackend().check(setup)}
        assert found == ({"tokenizer.special_markers"} if special else set())


def test_answers_stored_as_structs_come_back_with_nulls(tmp_path):
    add = [{"name": "add", "arguments": {"a": 1, "b": 2}}]
    rows = []
    for index, answer in enumerate((OSLO, add)):
        given = row(index=index)
        given["reward_model"]["ground_truth"] = answer
        rows.append(given)
    path = world.parquet(tmp_path / "bent.parquet", rows)
    read = list(datasets.load_dataset("parquet", data_files=path)["train"])
    arguments = read[0]["reward_model"]["ground_truth"][0]["arguments"]
    assert arguments["a"] is None
    assert run(world.BY_NAME, given=read[0])["reward_score"] == 0.0
    told = faults({}, rows=read)["data.answer_not_text"]
    assert (told.level, "json.dumps" in told.mend) == ("error", True)


def test_answers_of_mixed_types_cannot_be_stored_at_all():
    rows = [{"answer": {"x": 1}}, {"answer": {"x": "one"}}]
    with pytest.raises(pa.ArrowInvalid):
        pa.Table.from_pylist(rows)
    texts = [{"answer": json.dumps(given["answer"])} for given in rows]
    assert pa.Table.from_pylist(texts).num_rows == 2


def test_validation_dies_of_mixed_values_and_ours_are_never_mixed():
    with pytest.raises((TypeError, ValueError)):
        process_validation_metrics(["s"] * 2, ["a", "a"], {"why": [1.0, "text"]})
    results = [run(world.BY_NAME, text)["reward_extra_info"] for text in (RIGHT, WRONG, "")]
    assert {type(value) for result in results for value in result.values()} == {float}


def test_a_metric_to_filter_by_is_there():
    metric = "acc"
    assert metric in run(world.BY_NAME)["reward_extra_info"]
    config = {
        "reward.reward_manager.name": "toolverify",
        f"+{world.KWARGS}.profile": "typed",
        "algorithm.filter_groups.enable": True,
        "algorithm.filter_groups.metric": "no-such",
    }
    assert "config.metric" in faults(config)


def test_the_rate_limited_manager_scores_one_at_a_time_unless_told():
    from verl.experimental.reward_loop.reward_manager.limited import RateLimitedRewardManager

    run((*FUNCTION, "reward.reward_manager.name=rate_limited"))
    assert RateLimitedRewardManager._max_concurrent == 1
    with pytest.raises(ValueError, match="limited"):
        run((*FUNCTION, "reward.reward_manager.name=limited"))


def test_tool_output_stands_in_what_a_function_sees():
    ids = world.response_ids("<think>x</think>", TOKENIZER)
    text = (
        "\n<|im_start|>user\n<tool_response>\n"
        + RIGHT
        + "\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
    )
    ids += TOKENIZER.encode(text, add_special_tokens=False) + world.response_ids("Done.", TOKENIZER)
    assert RIGHT in TOKENIZER.decode(ids, skip_special_tokens=True)
    batch = world.streamed(row(), ids, TOKENIZER, num_turns=4)
    for overrides in (FUNCTION, world.BY_NAME):
        chosen = load_reward_manager(world.config(*overrides), TOKENIZER)
        result = chosen.loop.run_until_complete(chosen.run_single(batch))
        assert result["reward_extra_info"]["calls"] == 0.0
        assert result["reward_extra_info"]["verifier_error"] == 0.0


def test_every_sample_has_the_same_keys_of_one_type():
    results = [run(world.BY_NAME, text)["reward_extra_info"] for text in (RIGHT, "", "\x00")]
    columns = {key: np.array([result[key] for result in results]) for key in results[0]}
    assert all(column.dtype == np.float64 for column in columns.values())


def test_hydra_reads_the_overrides_of_the_example_and_the_usage():
    text = (Path(__file__).resolve().parents[3] / "examples" / "verl" / "overrides.txt").read_text()
    read = world.config(*text.splitlines()).reward.custom_reward_function.reward_kwargs
    assert (read.profile, read.log) == ("typed", "/tmp/rewards-{host}.jsonl")  # noqa: S108  # nothing is written
    usage = VerlBackend().usage("my rewards/o'hara.toml").split("\n\n")[0].splitlines()[1:]
    read = world.config(*usage).reward.custom_reward_function.reward_kwargs
    assert read.profile == "my rewards/o'hara.toml"
