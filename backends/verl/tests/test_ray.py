"""verl's own reward workers under a local Ray."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("verl", reason="make test-verl runs these")

import numpy as np
import ray
import verl_world as world
from verl.experimental.reward_loop import RewardLoopManager
from verl_rows import RIGHT, WRONG, hostile, row, told_by_the_command, workload

from toolverify.training import RewardModel

KEYS = ["score", *RewardModel("typed").names]
HERE = str(Path(__file__).parent)


@pytest.fixture(scope="module")
def cluster():
    folder = tempfile.mkdtemp(prefix="tvr")  # short: sockets have short paths
    path = os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=4,
        include_dashboard=False,
        object_store_memory=200_000_000,
        _temp_dir=folder,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    world.tokenizer().save_pretrained(folder)
    return folder


def scored(model, samples, *overrides):
    manager = RewardLoopManager(world.config(f"actor_rollout_ref.model.path={model}", *overrides))
    try:
        return manager.compute_rm_score(world.padded(samples, world.tokenizer()))
    finally:
        for worker in manager.reward_loop_workers:
            ray.kill(worker)


def test_rewards_components_and_log_of_two_workers(cluster, model, tmp_path):
    samples = [*workload(150), *((row(index=1_000 + n), text) for n, text in enumerate(hostile(50)))]
    samples[7][0]["reward_model"]["ground_truth"] = None
    log = tmp_path / "log.jsonl"
    result = scored(model, samples, *world.BY_NAME, f"+{world.KWARGS}.log={log}")
    assert result.meta_info["reward_extra_keys"] == KEYS
    columns = result.non_tensor_batch
    assert all(np.isfinite(columns[key].astype(float)).all() for key in KEYS)
    assert columns["verifier_error"].sum() == 1
    assert result.batch["rm_scores"].sum(1).tolist() == pytest.approx(columns["score"].tolist())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) >= len(samples)  # verl pads a batch so that every worker gets as many
    assert sum(line["reward"] for line in lines) == pytest.approx(sum(columns["score"]), abs=1.0)
    del samples[7]
    told = told_by_the_command(samples[:149], "typed")
    places = [place for place in range(200) if place != 7]
    for key in KEYS:
        assert [columns[key][place] for place in places[:149]] == [one[key] for one in told]


def test_keys_that_differ_are_lost_with_another_reward(cluster, model):
    odd = "reward.custom_reward_function.path=pkg://verl_oddities"
    result = scored(model, [(row(), ""), (row(), WRONG)], odd, "reward.custom_reward_function.name=ragged")
    assert result.meta_info["reward_extra_keys"] == ["score"]


def test_the_function_in_workers(cluster, model):
    overrides = (
        "reward.custom_reward_function.path=pkg://toolverify_verl.reward",
        f"+{world.KWARGS}.profile=typed",
    )
    result = scored(model, [(row(), RIGHT), (row(), WRONG)], *overrides)
    assert result.batch["rm_scores"].sum(1).tolist() == [1.0, 0.0]
    assert all(math.isfinite(value) for key in KEYS for value in result.non_tensor_batch[key])
