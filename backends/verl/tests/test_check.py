"""The checks: every fault has a set-up that shows it, and a right set-up has none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from verl_rows import ADD, OSLO, WEATHER, row

import toolverify as tv
from toolverify.checkup import Setup
from toolverify.errors import ToolverifyError
from toolverify.plugins import registry
from toolverify.training import Gold
from toolverify_verl.backend import VerlBackend

KWARGS = "reward.custom_reward_function.reward_kwargs"
MANAGER = {"reward.reward_manager.name": "toolverify", f"+{KWARGS}.profile": "typed"}
FUNCTION = {
    "reward.custom_reward_function.path": "pkg://toolverify_verl.reward",
    f"+{KWARGS}.profile": "typed",
}
BACKEND = VerlBackend()


def faults(config=None, *, rows=(), version="0.9.1", tokenizer=None):
    setup = Setup(
        verifier=tv.Verifier("typed"),
        rows=rows,
        config=config or {},
        tokenizer=tokenizer,
        versions={"verl": version},
    )
    return list(BACKEND.check(setup))


def codes(*args, **kwargs):
    return {fault.code for fault in faults(*args, **kwargs)}


def test_it_is_registered_and_says_what_it_is():
    backend = registry().get("backend", "verl").value
    assert backend.name == "verl"
    assert backend.requires == {"verl": ">=0.7.1,<0.10"}
    assert backend.path is None


def test_a_right_set_up_has_no_fault():
    rows = [row(index=index) for index in range(3)]
    assert faults(MANAGER, rows=rows) == []
    assert faults(FUNCTION, rows=rows) == []


def test_the_usage_it_prints_has_no_fault():
    text = BACKEND.usage("typed")
    by_version = [part.splitlines()[1:] for part in text.split("\n\n")]
    for lines, version in zip(by_version, ("0.9.1", "0.8.0", "0.9.1"), strict=True):
        config = dict(line.split("=", 1) for line in lines)
        assert faults(config, version=version) == []
    assert "profile='my rewards/o\\'hara.toml'" in BACKEND.usage("my rewards/o'hara.toml")


@pytest.mark.parametrize(
    ("config", "code", "mend"),
    [
        (
            {"custom_reward_function.path": "pkg://toolverify_verl.reward"},
            "config.ignored_key",
            "reward.custom_reward_function.path",
        ),
        ({"reward_model.reward_manager": "toolverify"}, "config.ignored_key", "reward.reward_manager.name"),
        ({"reward_manager.name": "toolverify"}, "config.ignored_key", "reward.reward_manager.name"),
        ({"reward_manager": {"source": "importlib"}}, "config.ignored_key", "reward.reward_manager.source"),
        ({"trainer.nnodes": 1}, "config.no_reward", "reward.reward_manager.name=toolverify"),
        (
            {**FUNCTION, "reward.custom_reward_function.path": "toolverify_verl.reward"},
            "config.module_path",
            "pkg://toolverify_verl.reward",
        ),
        (
            {**FUNCTION, "reward.custom_reward_function.path": "pkg://toolverify_verl/reward.py"},
            "config.module_path",
            "pkg://toolverify_verl.reward",
        ),
        (
            {**FUNCTION, "reward.custom_reward_function.path": "pkg://toolverify_verl"},
            "config.module_path",
            "pkg://toolverify_verl.reward",
        ),
        (
            {**FUNCTION, "reward.custom_reward_function.path": "/opt/toolverify_verl/reward.py"},
            "config.file_path",
            "pkg://toolverify_verl.reward",
        ),
        ({**FUNCTION, "reward.custom_reward_function.name": "reward"}, "config.function_name", ""),
        (
            {**FUNCTION, "actor_rollout_ref.rollout.multi_turn.enable": "True"},
            "config.function_turns",
            "manager",
        ),
        ({**MANAGER, **FUNCTION}, "config.function_unused", ""),
        ({**MANAGER, "reward.reward_manager.name": "toolverfy"}, "config.manager", "toolverify"),
        (
            {
                "reward.reward_manager.source": "importlib",
                "reward.reward_manager.module.path": "pkg://toolverify_verl.manager",
                "reward.reward_manager.name": "toolverify",
                f"+{KWARGS}.profile": "typed",
            },
            "config.manager",
            "ToolverifyRewardManager",
        ),
        (
            {
                "reward.reward_manager.source": "importlib",
                "reward.reward_manager.module.path": "toolverify_verl.manager",
                "reward.reward_manager.name": "ToolverifyRewardManager",
                f"+{KWARGS}.profile": "typed",
            },
            "config.module_path",
            "pkg://",
        ),
        (
            {**FUNCTION, "reward.reward_manager.name": "rate_limited"},
            "config.one_at_a_time",
            "max_concurrent",
        ),
        ({**MANAGER, "reward.reward_model.enable": True}, "config.reward_model", "False"),
        ({"reward.reward_manager.name": "toolverify"}, "config.option", "profile"),
        ({**MANAGER, f"+{KWARGS}.profil": "typed"}, "config.option", "profile"),
        ({**MANAGER, f"+{KWARGS}.profile": "tool-n1"}, "config.other_profile", ""),
        ({**MANAGER, f"+{KWARGS}.profile": "own.toml"}, "config.relative_path", "whole path"),
        ({**MANAGER, f"+{KWARGS}.log": "log.jsonl"}, "config.relative_path", "whole path"),
        (
            {"reward.reward_manager.name": "toolverify", f"{KWARGS}.profile": "typed"},
            "config.no_plus",
            f"+{KWARGS}.profile",
        ),
        (
            {
                **MANAGER,
                "algorithm.filter_groups.enable": "True",
                "algorithm.filter_groups.metric": "accuracy",
            },
            "config.metric",
            "acc",
        ),
        ({**MANAGER, "algorithm.gdpo_reward_keys": "[format,argz]"}, "config.metric", ""),
    ],
)
def test_a_fault_of_the_configuration_has_its_code_and_a_mend(config, code, mend):
    found = [fault for fault in faults(config) if fault.code == code]
    assert found
    assert mend in found[0].mend
    assert all(fault.message and fault.mend for fault in faults(config))


@pytest.mark.parametrize(
    "config",
    [
        {"reward.reward_manager.name": "toolverify", "custom_reward_function.path": None, **MANAGER},
        {**MANAGER, "algorithm.filter_groups.metric": "accuracy"},
        {**MANAGER, "algorithm.filter_groups.enable": True, "algorithm.filter_groups.metric": "acc"},
        {**MANAGER, "algorithm.gdpo_reward_keys": ["format", "calls"]},
        {
            "reward": {
                "num_workers": 8,
                "reward_manager": {"name": "toolverify", "source": "register"},
                "custom_reward_function": {"path": None, "reward_kwargs": {"profile": "typed"}},
            },
            "custom_reward_function": {"path": None, "name": None},
        },
    ],
)
def test_what_is_right_is_left_alone(config):
    assert faults(config) == []


def test_old_keys_only_warn_where_verl_still_takes_them():
    config = {**MANAGER, "custom_reward_function.name": "compute_score"}
    (fault,) = [one for one in faults(config, version="0.8.0") if "key" in one.code]
    assert (fault.code, fault.level) == ("config.old_key", "warning")


@pytest.mark.parametrize(
    ("version", "code"), [(None, "verl.missing"), ("0.6.1", "verl.version"), ("0.10.0", "verl.version")]
)
def test_versions(version, code):
    assert code in codes(MANAGER, version=version)
    assert not {"verl.missing", "verl.version"} & codes(MANAGER, version="0.7.1")


class TestTheNameOfTheManager:
    def test_verl_before_the_entry_points_does_not_know_it(self, monkeypatch):
        (fault,) = faults(MANAGER, version="0.8.0")
        assert fault.code == "config.entry_point"
        assert "source=importlib" in fault.mend
        monkeypatch.setenv("VERL_USE_EXTERNAL_MODULES", "toolverify_verl.manager")
        assert faults(MANAGER, version="0.8.0") == []

    @pytest.mark.parametrize(
        ("policy", "right"), [("none", False), ("other", False), ("a, toolverify", True)]
    )
    def test_the_environment_may_hide_it(self, monkeypatch, policy, right):
        monkeypatch.setenv("VERL_USE_EXTERNAL_PLUGINS", policy)
        assert (codes(MANAGER) == set()) is right

    def test_it_may_not_be_installed(self, monkeypatch):
        from importlib import metadata

        monkeypatch.setattr(metadata, "entry_points", lambda **_: ())
        assert codes(MANAGER) == {"config.entry_point"}


def bent(**change):
    return {**row(), **change}


@pytest.mark.parametrize(
    ("given", "code", "level"),
    [
        (bent(data_source=None), "data.no_source", "error"),
        (bent(prompt="Well?"), "data.prompt", "error"),
        (bent(reward_model={"style": "rule"}), "data.answer", "error"),
        (bent(reward_model={"ground_truth": None}), "data.answer", "error"),
        (bent(reward_model={"ground_truth": "not JSON"}), "data.answer", "error"),
        (
            bent(reward_model={"ground_truth": [{"name": "a", "arguments": {"x": 1, "y": None}}]}),
            "data.answer_not_text",
            "error",
        ),
        (bent(reward_model={"ground_truth": OSLO}), "data.answer_not_text", "warning"),
        (bent(extra_info={"tools": [WEATHER, ADD]}), "data.tools_not_text", "warning"),
        (bent(extra_info={"tools": [{**WEATHER, "strict": None}]}), "data.tools_not_text", "error"),
        (bent(extra_info={"tools": "{broken"}), "data.tools", "error"),
        (bent(extra_info={"tools": '[{"name": 3}]'}), "data.tools", "error"),
        (bent(prompt=[{"role": "user", "content": "Well?"}]), "data.tools_unseen", "warning"),
    ],
)
def test_a_fault_of_the_data_has_its_code(given, code, level):
    found = {fault.code: fault for fault in faults(rows=[row(), given])}
    assert found[code].level == level
    assert found[code].where.startswith("row 2: ")
    assert found[code].mend


def test_a_fault_in_many_rows_is_told_once():
    (fault,) = faults(rows=[bent(data_source=None)] * 30)
    assert "in 30 of 30 rows" in fault.message


def test_an_agent_loop_may_write_the_tools_into_the_prompt():
    given = bent(prompt=[{"role": "user", "content": "Well?"}])
    assert faults(rows=[{**given, "agent_name": "tool_agent"}]) == []
    config = {**MANAGER, "actor_rollout_ref.rollout.agent.agent_loop_config_path": "loops.yaml"}
    assert faults(config, rows=[given]) == []


def tokenizer(folder, *, special):
    added = [
        {"id": 1, "content": "<tool_call>", "special": special},
        {"id": 2, "content": "x", "special": True},
    ]
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    return folder


def test_markers_that_are_special_tokens_are_lost_to_a_function(tmp_path):
    (fault,) = faults(FUNCTION, tokenizer=tokenizer(tmp_path, special=True))
    assert (fault.code, fault.level) == ("tokenizer.special_markers", "error")
    assert "<tool_call>" in fault.message
    assert faults(MANAGER, tokenizer=tmp_path) == []
    assert {fault.level for fault in faults(tokenizer=tmp_path)} == {"warning"}
    assert faults(FUNCTION, tokenizer=tokenizer(tmp_path, special=False)) == []


def test_a_folder_without_a_tokenizer_is_told(tmp_path):
    assert codes(FUNCTION, tokenizer=tmp_path) == {"tokenizer.unreadable"}


def test_the_gold_of_a_row():
    assert BACKEND.gold(row()) == Gold(json.dumps(OSLO), json.dumps([WEATHER, ADD]), None)
    for wrong in ({}, {"reward_model": None}, {"reward_model": {}}, bent(extra_info={"meta": "{broken"})):
        with pytest.raises(ToolverifyError):
            BACKEND.gold(wrong)


def test_importing_the_leaf_imports_no_trainer():
    code = (
        "import sys, toolverify_verl, toolverify_verl.reward;"
        "print([name for name in ('torch', 'verl', 'ray', 'numpy', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
