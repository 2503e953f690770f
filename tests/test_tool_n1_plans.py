"""The plans of the paper's runs, held against the paper's facts as they are written here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from toolverify.plan import load_plan
from toolverify.plugins import registry

ROOT = Path(__file__).resolve().parents[1] / "examples" / "tool_n1"
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.glob("*/*.toml"))}
QWEN_7B = "Qwen/Qwen2.5-7B-Instruct"
ALL_TASKS = ("../data/xlam.jsonl", "../data/toolace.jsonl")
R1_TASKS = ("../data/toolace-r1.jsonl",)
EVERY_TASK, FIRST_HALF, SECOND_HALF = (0.0, 1.0), (0.0, 0.5), (0.5, 1.0)
WINDOW_OF_LLAMA_3 = 8192


class Facts(NamedTuple):
    """What is particular to a run; each stage is what it uses, and its share of the tasks."""

    profile: str = "tool-n1-v0"
    model: str = QWEN_7B
    train: tuple[str, ...] = ALL_TASKS
    gpus: int = 32
    stages: tuple[tuple[str, tuple[float, float]], ...] = (("grpo", EVERY_TASK),)


RUNS = {
    "main/qwen2.5-7b.toml": Facts(),
    "main/qwen2.5-14b.toml": Facts(model="Qwen/Qwen2.5-14B-Instruct"),
    "sizes/qwen2.5-0.5b.toml": Facts(model="Qwen/Qwen2.5-0.5B-Instruct", gpus=8),
    "sizes/qwen2.5-1.5b.toml": Facts(model="Qwen/Qwen2.5-1.5B-Instruct", gpus=8),
    "sizes/qwen2.5-3b.toml": Facts(model="Qwen/Qwen2.5-3B-Instruct", gpus=8),
    "backbones/llama-3-8b.toml": Facts("tool-n1-llama", "meta-llama/Meta-Llama-3-8B-Instruct"),
    "backbones/llama-3.1-8b.toml": Facts("tool-n1-llama", "meta-llama/Llama-3.1-8B-Instruct"),
    "reward/lexicographic.toml": Facts("tool-n1-v1"),
    "reward/binary-without-reasoning.toml": Facts("tool-n1-v2"),
    "reward/partial.toml": Facts("tool-n1-v3"),
    "reward/partial-and-names.toml": Facts("tool-n1-v4"),
    "mix/xlam-only.toml": Facts(train=("../data/xlam.jsonl",)),
    "mix/toolace-only.toml": Facts(train=("../data/toolace.jsonl",)),
    "sft_or_rl/sft-plain-50.toml": Facts("tool-n1-v2", train=R1_TASKS, gpus=1, stages=(("sft", FIRST_HALF),)),
    "sft_or_rl/sft-plain-100.toml": Facts(
        "tool-n1-v2", train=R1_TASKS, gpus=1, stages=(("sft", EVERY_TASK),)
    ),
    "sft_or_rl/sft-reasoning-50.toml": Facts(train=R1_TASKS, gpus=1, stages=(("sft", FIRST_HALF),)),
    "sft_or_rl/sft-reasoning-100.toml": Facts(train=R1_TASKS, gpus=1, stages=(("sft", EVERY_TASK),)),
    "sft_or_rl/sft-reasoning-50-then-rl-50.toml": Facts(
        train=R1_TASKS, stages=(("sft", FIRST_HALF), ("grpo", SECOND_HALF))
    ),
    "sft_or_rl/rl-50.toml": Facts(train=R1_TASKS, stages=(("grpo", FIRST_HALF),)),
    "sft_or_rl/rl-100.toml": Facts(train=R1_TASKS),
}
#: Table 6 of the paper and its text: batch times rollouts, learning rate, temperature, KL, entropy.
PAPERS_NUMBERS = {
    "num_generations": 5,
    "learning_rate": 1e-6,
    "temperature": 0.7,
    "beta": 1e-3,
    "entropy_coef": 0.0,
    "max_steps": "7 epochs of the tasks",
}
COMPLETIONS_A_STEP, UPDATES_A_STEP = 5_120, 4
#: The released script for SFT; its log counts 3,440 steps, a tenth of which warm up.
SFT_NUMBERS = {
    "learning_rate": 2e-5,
    "lr_scheduler_type": "cosine",
    "weight_decay": 0.0,
    "max_steps": "20 epochs of the tasks",
}
WARM_UP = {FIRST_HALF: 172, EVERY_TASK: 344}

each = pytest.mark.parametrize(("name", "facts"), RUNS.items(), ids=list(RUNS))


def rendered(name):
    """A dry run by TRL: its notes, and the settings of each stage."""
    (run,) = load_plan(FILES[name]).runs()
    made = registry().get("backend", "trl").value.render(run)
    return made.notes, {Path(path).stem: json.loads(text) for path, text in made.files.items()}


def completions(settings, gpus):
    """The completions of an update."""
    return settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"] * gpus


def test_every_plan_has_its_facts():
    assert list(FILES) == sorted(RUNS)


@each
def test_a_plan_is_the_run_it_says_it_is(name, facts):
    plan = load_plan(FILES[name])
    assert (plan.profile, plan.model.path, plan.tasks.train) == (facts.profile, facts.model, facts.train)
    assert plan.resources.gpus * plan.resources.nodes == facts.gpus
    assert tuple((stage.use, stage.share) for stage in plan.stages) == facts.stages
    assert plan.summary
    assert len(plan.seeds) == 1, "the paper reports one run of each"


@each
def test_the_settings_of_grpo_are_the_papers(name, facts):
    _, settings = rendered(name)
    for use, _ in facts.stages:
        if use == "grpo":
            grpo = settings["grpo"]
            assert {key: grpo[key] for key in PAPERS_NUMBERS} == PAPERS_NUMBERS
            assert completions(grpo, facts.gpus) * UPDATES_A_STEP == COMPLETIONS_A_STEP
            assert grpo["steps_per_generation"] == grpo["gradient_accumulation_steps"] * UPDATES_A_STEP
            assert grpo["use_vllm"]
            assert grpo["bf16"]


@each
def test_prompts_and_completions_are_as_long_as_the_papers(name, facts):
    plan = load_plan(FILES[name])
    for stage in plan.stages:
        if stage.use == "grpo":
            both = stage.max_prompt_tokens + stage.max_completion_tokens
            assert stage.max_prompt_tokens == 4096
            assert both == (WINDOW_OF_LLAMA_3 if "Meta-Llama-3-8B" in facts.model else 4096 + 8192)
            assert plan.resources.vllm.max_length == both


@each
def test_the_settings_of_sft_are_the_released_scripts(name, facts):
    plan = load_plan(FILES[name])
    _, settings = rendered(name)
    for stage in plan.stages:
        if stage.use == "sft":
            sft = settings["sft"]
            assert {key: sft[key] for key in SFT_NUMBERS} == SFT_NUMBERS
            assert completions(sft, facts.gpus) == 32
            assert sft["warmup_steps"] == WARM_UP[stage.share]
            assert (stage.lora.rank, stage.lora.alpha, stage.lora.dropout) == (8, 16.0, 0.0)
            assert stage.reasoning == ("drop" if "plain" in name else "keep")


@each
def test_a_dry_run_notes_nothing_but_what_the_reader_has_to_bring(name, facts):
    plan = load_plan(FILES[name])
    notes, _ = rendered(name)
    expected = {f"the file {path} is not there yet" for path in plan.missing_files()}
    if facts.gpus > 8:
        expected.add("start the same command on every node, with MASTER_ADDR and NODE_RANK set")
    assert set(notes) == expected
    assert all(path.resolve().parent == ROOT / "data" for path in plan.missing_files())


def test_no_two_plans_are_the_same_run_nor_write_to_the_same_folder():
    plans = [load_plan(path) for path in FILES.values()]
    assert len({plan.hash for plan in plans}) == len(plans)
    assert len({plan.resolve(plan.output).resolve() for plan in plans}) == len(plans)


@pytest.mark.parametrize("name", FILES)
def test_a_plan_says_first_what_it_is_and_where_its_numbers_come_from(name):
    head = FILES[name].read_text(encoding="utf-8").partition("\n\n")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert re.search(r"[Tt]able \d|Figure \d|[Nn]o table", head)
    assert "# paper: arXiv 2505.00024. script: " in head


def test_the_readme_names_every_plan_and_no_other():
    assert set(re.findall(r"`([\w./-]+\.toml)`", README)) == set(FILES)


def test_the_readme_explains_every_file_of_tasks():
    named = {
        path for file in FILES.values() for path in re.findall(r"data/[\w-]+\.jsonl", file.read_text("utf-8"))
    }
    assert set(re.findall(r"`(data/[\w-]+\.jsonl)`", README)) == named


def test_the_commands_of_the_readme_are_there(capsys, monkeypatch):
    from toolverify.cli.app import main

    monkeypatch.chdir(ROOT.parents[1])
    commands = re.findall(r"^toolverify (.+)$", README, re.MULTILINE)
    dry = [command for command in commands if "--dry-run" in command]
    assert commands
    assert dry
    assert all(command.startswith("train examples/tool_n1/") for command in commands)
    for command in dry:
        assert main(command.split()) == 0
        assert "Tool-N1-7B" in capsys.readouterr().out
