"""What a set-up is checked for; nothing here needs TRL."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import made
import pytest

from toolverify.checkup import Setup
from toolverify.errors import AnswerError
from toolverify.plugins import registry
from toolverify.protocols import Backend
from toolverify.verifier import Verifier
from toolverify_trl import check_tokenizer
from toolverify_trl.check_versions import in_range

GOLD = json.dumps(made.ANSWER)
SYSTEM = {"role": "system", "content": "Use f."}
ROW = {"prompt": [SYSTEM, {"role": "user", "content": "q"}], "answer": GOLD, "tools": json.dumps(made.TOOLS)}


@pytest.fixture
def backend():
    """The backend as doctor finds it."""
    return registry().get("backend", "trl").value


def codes(backend, **setup):
    faults = list(backend.check(Setup(**{"verifier": Verifier("tool-n1"), **setup})))
    assert all(fault.message and fault.mend for fault in faults)
    return [(fault.code, fault.level) for fault in faults]


def test_it_is_a_backend_and_tells_how_to_use_it(backend):
    assert isinstance(backend, Backend)
    assert "Reward('typed')" in backend.usage("typed")
    assert "--reward_funcs toolverify_trl.tool_n1" in backend.usage("tool-n1")
    assert "TOOLVERIFY_PROFILE=own.toml trl grpo --reward_funcs toolverify_trl.reward" in backend.usage(
        "own.toml"
    )
    assert backend.path is None


def test_gold_reads_a_row(backend):
    gold = backend.gold(ROW)
    assert (gold.answer, gold.tools, gold.compare) == (GOLD, ROW["tools"], None)
    with pytest.raises(AnswerError, match="not there"):
        backend.gold({"prompt": "p"})
    with pytest.raises(AnswerError, match="null"):
        backend.gold({"prompt": "p", "answer": None})


def test_a_sound_setup_has_no_fault(backend):
    config = {
        "num_generations": 8,
        "per_device_train_batch_size": 16,
        "reward_funcs": ["toolverify_trl.tool_n1"],
        "reward_weights": [1.0],
    }
    assert codes(backend, rows=[ROW] * 3, config=config, versions={"trl": "1.16.0"}) == []
    assert codes(backend) == []


@pytest.mark.parametrize(
    ("version", "code"),
    [(None, "version.missing"), ("0.29.1", "version.untried"), ("2.0.0", "version.untried")],
)
def test_versions(backend, version, code):
    level = "warning" if version is None else "error"  # it may be installed where the training runs
    assert codes(backend, versions={"trl": version}) == [(code, level)]


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("1.0", True),
        ("1.0.0", True),
        ("1.16.0.dev0", True),
        ("1", True),
        ("0.99", False),
        ("2.0.0rc1", False),
    ],
)
def test_ranges(version, fits):
    assert in_range(version, ">=1.0,<2") is fits


@pytest.mark.parametrize(
    ("config", "code", "level"),
    [
        ({"max_prompt_length": 512}, "config.removed_key", "error"),
        ({"remove_unused_columns": True}, "config.columns_removed", "error"),
        ({"remove_unused_columns": "true"}, "config.columns_removed", "error"),
        ({"num_generations": 1}, "config.group", "error"),
        ({"per_device_train_batch_size": 12}, "config.batch", "warning"),
        ({"per_device_train_batch_size": "12", "num_processes": 3}, "config.batch", "error"),
        ({"generation_batch_size": 12}, "config.batch", "error"),
        ({"reward_funcs": ["toolverify_trl.typed"], "reward_weights": [1, 2]}, "config.weights", "error"),
        ({"reward_funcs": "a.f b.f"}, "config.same_name", "error"),
        ({"reward_funcs": "toolverify_trl.tool_n9"}, "config.unknown_reward", "error"),
        (
            {"reward_funcs": ["toolverify_trl.typed", "toolverify_trl.tool_n1"]},
            "config.shared_metrics",
            "warning",
        ),
    ],
)
def test_configurations(backend, config, code, level):
    assert codes(backend, config=config) == [(code, level)]


def test_a_ready_reward_without_its_variable_is_told(backend, monkeypatch):
    monkeypatch.delenv("TOOLVERIFY_PROFILE", raising=False)
    assert codes(backend, config={"reward_funcs": ["toolverify_trl.reward"]}) == [
        ("config.unknown_reward", "error")
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2},
        {"per_device_train_batch_size": 4, "steps_per_generation": 4},
        {"per_device_train_batch_size": 4, "num_processes": 2},
        {"generation_batch_size": 64, "per_device_train_batch_size": 4},
        {"num_generations": "many", "per_device_train_batch_size": None},
        {"reward_funcs": ["mine.f", "yours.g", "/a/reward/model"]},
    ],
)
def test_sound_configurations(backend, config):
    assert codes(backend, config=config) == []


@pytest.mark.parametrize(
    ("change", "code", "level"),
    [
        ({"answer": None}, "data.no_answer", "error"),
        ({"prompt": None}, "data.no_prompt", "error"),
        ({"prompts": "x"}, "data.reserved_column", "error"),
        ({"log_metric": "x"}, "data.reserved_column", "error"),
        ({"prompt": "which?"}, "data.tools_not_shown", "warning"),
    ],
)
def test_rows(backend, change, code, level):
    faults = codes(backend, rows=[{**ROW, **change}, ROW])
    assert (code, level) in faults
    assert {found for found, _ in faults} <= {code, "data.tools_not_shown"}


def test_a_column_of_another_name_is_told_with_the_names_there_are(backend):
    rows = [{"prompt": "p", "ground_truth": GOLD}]
    (fault,) = backend.check(Setup(Verifier("tool-n1"), rows=rows))
    assert fault.code == "data.no_answer"
    assert "ground_truth" in fault.mend


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        (
            [
                [{"name": "f", "arguments": {"a": 1, "b": None}}],
                [{"name": "f", "arguments": {"a": None, "b": 2}}],
            ],
            "error",
        ),
        ([[{"name": "f", "arguments": {"a": 1}}], [{"name": "f", "arguments": {"b": 2}}]], "warning"),
        ([[{"name": "f", "arguments": {"a": 1}}], [{"name": "g", "arguments": {"a": 2}}]], None),
        ([[{"name": "f", "arguments": {"a": None}}], [{"name": "g", "arguments": {"a": None}}]], None),
        ([GOLD, "[]"], None),
    ],
)
def test_answers_that_arrow_bends(backend, answers, faults):
    found = codes(backend, rows=[{"prompt": "p", "answer": answer} for answer in answers])
    assert found == ([] if faults is None else [("data.bent_by_arrow", faults)])


def test_tools_that_arrow_bends(backend):
    tools = [
        {"name": "f", "parameters": {"type": "object", "properties": {key: {"type": "string"}}}}
        for key in "ab"
    ]
    rows = [{"prompt": "f", "answer": "[]", "tools": [tool]} for tool in tools]
    assert codes(backend, rows=rows) == [("data.bent_by_arrow", "warning")]


def test_deep_and_endless_values_are_no_trouble(backend):
    deep = value = {}
    for _ in range(100_000):
        value["a"] = {}
        value = value["a"]
    assert codes(backend, rows=[{"prompt": "p", "answer": [deep], "tools": deep}]) == []


def saved(folder: Path, *, special: bool, kind: str = "qwen3") -> Path:
    """A tokenizer's folder as far as it can be looked at without transformers."""
    added = [{"content": text, "special": special} for text in ("<think>", "<tool_call>")]
    added += [{"content": "<|im_end|>", "special": True}]
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return folder


@pytest.fixture
def no_transformers(monkeypatch):
    """As where transformers is not installed."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "tokenizers", None)


@pytest.mark.usefixtures("no_transformers")
def test_tokenizers(backend, tmp_path):
    assert codes(backend, tokenizer=saved(tmp_path, special=False)) == []
    assert codes(backend, tokenizer=saved(tmp_path, special=True)) == [("tokenizer.special_marker", "error")]
    assert codes(backend, tokenizer=saved(tmp_path, special=False, kind="qwen2")) == [
        ("tokenizer.swapped", "error")
    ]
    assert codes(backend, tokenizer=tmp_path / "none") == []


@pytest.mark.parametrize(
    "config",
    [
        {"added_tokens_decoder": {"5": {"content": "<think>", "special": True}}},
        {"additional_special_tokens": ["<think>"]},
        {"extra_special_tokens": {"think": "<think>"}},
        {"eos_token": {"content": "<think>"}},
    ],
)
def test_special_tokens_are_found_wherever_they_are_written(config, tmp_path):
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert check_tokenizer.special_tokens(tmp_path) == {"<think>"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"added_tokens": 5}', '{"added_tokens": [5, {"special": true}]}']
)
def test_broken_tokenizers_are_no_trouble(backend, tmp_path, text):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text(text)
    assert codes(backend, tokenizer=tmp_path) == []
