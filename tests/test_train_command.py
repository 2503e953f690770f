"""`toolverify train` without a trainer: dry runs, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from toolverify.cli.app import main

PLAN = """
summary = "A small run."
profile = "tool-n1"
output = "runs/small"
seeds = [0, 7]
[model]
path = "some/model"
[tasks]
train = "train.jsonl"
[[stages]]
use = "sft"
epochs = 2
batch = 64
[[stages]]
use = "grpo"
steps = 10
prompts = 32
group = 4
updates = 2
[resources]
device = "cuda"
gpus = 4
micro_batch = 8
"""


@pytest.fixture
def plan(tmp_path):
    """The path of a plan."""
    (tmp_path / "small.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "small.toml"


def test_a_dry_run_says_what_would_be_run(plan, capsys):
    assert main(["train", str(plan), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "plan small (" in told
    assert "A small run." in told
    assert f"seed 7 in {plan.parent / 'runs/small/seed-7'}" in told
    assert f"note: the file {plan.parent / 'train.jsonl'} is not there yet" in told
    assert "torch.distributed.run --standalone --nproc-per-node=4" in told
    assert not (plan.parent / "runs").exists()


def test_a_dry_run_as_json_holds_the_settings_of_the_trainer(plan, capsys):
    assert main(["train", str(plan), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    files = {path.rpartition("/")[2]: json.loads(text) for path, text in told["files"].items()}
    sft, grpo = files["sft.json"], files["grpo.json"]
    assert (sft["per_device_train_batch_size"], sft["gradient_accumulation_steps"]) == (8, 2)
    assert sft["max_steps"] == "2 epochs of the tasks"
    # 128 completions a step, 64 an update, 16 of them on each device: twice 8
    assert (grpo["per_device_train_batch_size"], grpo["gradient_accumulation_steps"]) == (8, 2)
    assert (grpo["steps_per_generation"], grpo["max_steps"], grpo["save_steps"]) == (4, 20, 100)
    assert told["keys"]["stages"][1]["group"] == 4
    assert [run["seed"] for run in told["runs"]] == [0, 7]


def test_the_hash_of_a_dry_run_is_the_plans(plan, capsys):
    from toolverify.plan import load_plan

    main(["train", str(plan), "--dry-run", "--json"])
    assert json.loads(capsys.readouterr().out)["hash"] == load_plan(plan).hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gpus = 4", "gpus = 5", "64 completions do not spread over 5 processes @ stages[0].batch"),
        (
            "micro_batch = 8",
            "micro_batch = 7",
            "16 is no multiple of 7 @ resources.micro_batch; use a divisor of 16",
        ),
        ("updates = 2", "updates = 3", "128 completions do not split into 3 updates @ stages[1].updates"),
    ],
)
def test_what_does_not_go_up_is_told_with_its_key(plan, capsys, old, new, told):
    plan.write_text(PLAN.replace(old, new), encoding="utf-8")
    assert main(["train", str(plan), "--dry-run"]) == 2
    assert told in capsys.readouterr().err


def test_wrong_use_is_one_line(plan, capsys):
    for arguments, told in (
        (["train", str(plan), "--backend", "nobody"], "unknown backend 'nobody' @ --backend"),
        (
            ["train", str(plan), "--backend", "verl"],
            "the backend 'verl' runs no plans @ --backend; use --backend trl",
        ),
        (["train", str(plan), "--json"], "--json goes with --dry-run"),
        (["train", "none.toml"], "no file 'none.toml'"),
        (["train"], "Missing argument"),
    ):
        assert main(arguments) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert told in line


def test_a_dry_run_imports_no_torch(plan):
    code = (
        "import sys; from toolverify.cli.app import main;"
        f"code = main(['train', {str(plan)!r}, '--dry-run']);"
        "assert code == 0; assert not {'torch', 'transformers', 'trl', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
