"""Runs of plans by TRL itself, on a CPU: what they leave behind, and that no break changes anything."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("trl")
pytest.importorskip("torch")

from toolverify.cli.app import main
from toolverify.errors import PlanError
from toolverify.plan import load_plan
from toolverify.tasks import read_tasks, write_tasks
from toolverify.verifier import Verifier
from toolverify_trl.demo.model import make_model
from toolverify_trl.demo.tokenizer import make_tokenizer
from toolverify_trl.demo.world import make_tasks
from toolverify_trl.train.run_folder import RunFolder, read_lines

PLAN = """
profile = "tool-n1"
prompt = "tool-names"
output = "{output}"
[model]
path = "start"
[tasks]
train = "train.jsonl"
held_out = "held-out.jsonl"
[[stages]]
use = "sft"
steps = 24
batch = 16
learning_rate = 3e-3
schedule = "linear"
warmup = 3
[[stages]]
use = "grpo"
steps = 8
prompts = 4
group = 4
learning_rate = 3e-4
max_completion_tokens = 40
evaluate_every = 3
[evaluation]
tasks = 60
batch = 30
first = false
[checkpoints]
every = 3
[resources]
device = "cpu"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with tasks, a tokenizer and a model, as plans name them."""
    folder = tmp_path_factory.mktemp("world")
    write_tasks(folder / "train.jsonl", make_tasks(300, seed=1))
    write_tasks(folder / "held-out.jsonl", make_tasks(60, seed=0, split="held-out"))
    tokenizer = make_tokenizer()
    make_model(tokenizer, seed=0).save_pretrained(folder / "start")
    tokenizer.save_pretrained(folder / "start")
    return folder


def write_plan(world, output, *changes):
    """A plan file that writes into `output`, with some of its text changed."""
    text = PLAN.format(output=output)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = world / f"{output}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def start(plan, *options):
    """Start a run as a person does, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "toolverify", "train", str(plan), *options], stderr=subprocess.PIPE, text=True
    )


def finish(plan, *options):
    """Run a plan to its end; what it said."""
    _, told = (begun := start(plan, *options)).communicate()
    assert begun.returncode == 0, told
    return told


def outcome(folder):
    """Everything that a run ends with, but how long it took."""
    run = RunFolder(folder)
    logs = {
        path.name: [
            {key: value for key, value in line.items() if key != "seconds"} for line in read_lines(path)
        ]
        for path in (run.log, run.evaluations, run.completions("grpo"))
    }
    weights = (run.model("grpo") / "model.safetensors").read_bytes()
    written = {path.name: path.read_bytes() for path in (folder / "evaluations").iterdir()}
    return logs, hashlib.sha256(weights).hexdigest(), written


@pytest.fixture(scope="module")
def unbroken(world):
    """The folder of a run that nothing broke off."""
    finish(write_plan(world, "unbroken"))
    return world / "unbroken"


# What it leaves behind.


def test_every_line_says_which_plan_and_seed_it_is_of(world, unbroken):
    known = load_plan(world / "unbroken.toml").hash
    run = RunFolder(unbroken)
    assert run.about()["hash"] == known
    for path in (
        run.log,
        run.evaluations,
        run.completions("grpo"),
        unbroken / "evaluations" / "grpo-8-greedy.jsonl",
    ):
        assert {(line["hash"], line["seed"]) for line in read_lines(path)} == {(known, 0)}
    steps = [(line["stage"], line["step"]) for line in read_lines(run.log)]
    assert steps == [("sft", step) for step in range(1, 25)] + [("grpo", step) for step in range(1, 9)]


def test_evaluations_come_when_the_plan_says_and_count_what_they_hold(unbroken):
    lines = read_lines(RunFolder(unbroken).evaluations)
    assert [(line["stage"], line["step"], line["at"], line["decoding"]) for line in lines] == [
        (stage, step, at, decoding)
        for stage, step, at in (
            ("sft", 24, "end"),
            ("grpo", 3, "between"),
            ("grpo", 6, "between"),
            ("grpo", 8, "end"),
        )
        for decoding in ("sampled", "greedy")
    ]
    for line in lines:
        rows = read_lines(
            unbroken / "evaluations" / f"{line['stage']}-{line['step']}-{line['decoding']}.jsonl"
        )
        assert len(rows) == line["n"] == 60
        assert sum(row["passed"] for row in rows) == pytest.approx(line["passed"] * 60)
        assert line["low"] <= line["passed"] <= line["high"]


def test_the_rewards_of_the_log_are_those_of_toolverify_score(unbroken, tmp_path):
    run = RunFolder(unbroken)
    rows = read_lines(run.completions("grpo"))
    assert len(rows) == 8 * 16
    code = main(
        ["score", str(run.completions("grpo")), "--profile", "tool-n1", "--out", str(tmp_path / "out.jsonl")]
    )
    assert code == 0
    scored = read_lines(tmp_path / "out.jsonl")
    assert [row["reward"] for row in rows] == [row["reward"] for row in scored]
    assert [row["components"]["acc"] == 1.0 for row in rows] == [row["passed"] for row in scored]
    for line in read_lines(run.log):
        if line["stage"] == "grpo":
            rewards = [row["reward"] for row in scored_at(rows, scored, line["step"] - 1)]
            assert line["reward"] == pytest.approx(sum(rewards) / 16, abs=1e-6)
            assert line["passed"] == pytest.approx(sum(rewards) / 16, abs=1e-6)


def scored_at(rows, scored, step):
    return [verdict for row, verdict in zip(rows, scored, strict=True) if row["step"] == step]


def test_the_held_out_rewards_are_those_of_toolverify_score(unbroken, tmp_path):
    file = unbroken / "evaluations" / "grpo-8-sampled.jsonl"
    assert main(["score", str(file), "--profile", "tool-n1", "--out", str(tmp_path / "out.jsonl")]) == 0
    told = [(row["reward"], row["passed"], row["findings"]) for row in read_lines(file)]
    assert told == [
        (row["reward"], row["passed"], row["findings"]) for row in read_lines(tmp_path / "out.jsonl")
    ]


def test_the_model_of_a_stage_loads_with_its_tokenizer(unbroken):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = RunFolder(unbroken).model("grpo")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("<think>x</think>")["input_ids"] == make_tokenizer()("<think>x</think>")["input_ids"]
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size == len(tokenizer)


def test_tensorboard_gets_the_reward(unbroken):
    event_files = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    (file,) = (RunFolder(unbroken).stage("grpo")).glob("runs/*/events.*")
    tags = {
        value.tag for event in event_files.EventFileLoader(str(file)).Load() for value in event.summary.value
    }
    assert {"train/reward", "train/acc", "train/calls"} <= tags


# Breaks.


def test_the_same_seed_gives_the_same_numbers_and_another_one_does_not(world, unbroken):
    finish(write_plan(world, "again"))
    assert outcome(world / "again") == outcome(unbroken)
    finish(write_plan(world, "other", ('output = "other"', 'output = "other"\nseeds = [1]')))
    assert outcome(world / "other")[1] != outcome(unbroken)[1]


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def in_sft(folder):
    return len(lines_of(folder / "log.jsonl")) >= 8


def in_grpo(folder):
    return len(lines_of(folder / "log.jsonl")) >= 24 + 5


def judging_between(folder):
    """Sampled completions have been judged in the midst of GRPO, and greedy ones not yet."""
    told = [json.loads(line) for line in lines_of(folder / "evaluations.jsonl")]
    return bool(told) and (told[-1]["at"], told[-1]["decoding"]) == ("between", "sampled")


def judging_at_the_end(folder):
    told = [json.loads(line) for line in lines_of(folder / "evaluations.jsonl")]
    return bool(told) and (told[-1]["stage"], told[-1]["at"], told[-1]["decoding"]) == (
        "grpo",
        "end",
        "sampled",
    )


def kill_when(plan, folder, moment):
    """Kill a run at a moment, as the system does that has no memory left."""
    begun = start(plan, "--resume")
    while begun.poll() is None and not moment(folder):
        time.sleep(0.002)
    begun.kill()
    _, told = begun.communicate()
    assert begun.returncode == -9, told
    assert not (folder / "finished.json").exists()


MOMENTS = [in_sft, in_grpo, judging_between, judging_at_the_end]


@pytest.mark.parametrize("moment", MOMENTS, ids=[moment.__name__ for moment in MOMENTS])
def test_a_run_that_was_killed_goes_on_to_the_same_end(world, unbroken, moment):
    plan = write_plan(world, f"killed-{moment.__name__}")
    folder = world / plan.stem
    kill_when(plan, folder, moment)
    finish(plan, "--resume")
    assert outcome(folder) == outcome(unbroken)


def test_a_checkpoint_whose_writing_was_cut_off_is_left_aside(world, unbroken):
    plan = write_plan(world, "torn")
    folder = world / "torn"
    kill_when(plan, folder, in_grpo)
    step, path, _ = RunFolder(folder).checkpoint("grpo")
    (path / "complete.json").unlink()
    (path / "optimizer.pt").write_bytes(b"half")
    finish(plan, "--resume")
    assert step >= 3
    assert outcome(folder) == outcome(unbroken)


def test_a_budget_ends_a_run_which_goes_on_later(world, unbroken):
    plan = write_plan(world, "short", ("[resources]", "[budget]\nhours = 0.0012\n[resources]"))
    codes = []
    while not codes or (codes[-1] == 3 and len(codes) < 20):
        begun = start(plan, "--resume")
        begun.communicate()
        codes.append(begun.returncode)
    assert codes[0] == 3
    assert codes[-1] == 0
    assert outcome(world / "short") == outcome(unbroken)


# What is refused.


def told_of(plan, capsys, *options):
    assert main(["train", str(plan), *options]) == 2
    return capsys.readouterr().err


def test_a_folder_that_holds_a_run_is_not_written_over(world, unbroken, capsys):
    assert "holds a run @ output; go on with it by --resume" in told_of(world / "unbroken.toml", capsys)


def test_a_run_of_another_plan_is_not_resumed(world, unbroken, capsys):
    plan = write_plan(world, "unbroken2", ("steps = 8", "steps = 9"), ('"unbroken2"', '"unbroken"'))
    assert "is of another plan" in told_of(plan, capsys, "--resume")


def test_a_run_of_another_seed_is_not_resumed(world, unbroken, capsys):
    plan = write_plan(world, "unbroken3", ('output = "unbroken3"', 'output = "unbroken"\nseeds = [1]'))
    assert "has seed 0, not 1 @ seeds" in told_of(plan, capsys, "--resume")


def test_a_folder_of_other_things_is_not_written_into(world, capsys):
    (world / "strange").mkdir()
    (world / "strange" / "thesis.txt").write_text("mine", encoding="utf-8")
    assert "holds something else @ output" in told_of(write_plan(world, "strange"), capsys)
    assert [path.name for path in (world / "strange").iterdir()] == ["thesis.txt"]


def test_a_run_leaves_its_report(unbroken):
    assert json.loads((unbroken / "summary.json").read_text(encoding="utf-8"))["after"]["n"] == 60
    assert "<html" in (unbroken / "report.html").read_text(encoding="utf-8")
    assert (unbroken / "reward.png").read_bytes().startswith(b"\x89PNG")


def test_a_finished_run_stays_as_it_is(world, unbroken):
    before = outcome(unbroken)
    assert main(["train", str(world / "unbroken.toml"), "--resume"]) == 0
    assert outcome(unbroken) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('path = "start"', 'path = "./nowhere"', "no folder"),
        ('train = "train.jsonl"', 'train = "none.jsonl"', "no file"),
        ("[resources]\ndevice", "[resources]\ngpus = 3\ndevice", "do not spread over 3 processes"),
        ("steps = 8", "steps = 8\nmax_prompt_tokens = 1", "tasks are too long @ stages[1].max_prompt_tokens"),
        ('device = "cpu"', 'device = "cuda"', "torch sees no GPU @ resources.device"),
        ('profile = "tool-n1"', 'profile = "toolrl"', "cannot be scored"),
        ("steps = 8", 'steps = 8\nrewards = "rules"', "is no sum of its rules' scores"),
        ("steps = 24", 'steps = 24\nlora = {modules = ["nope"]}', "TRL refuses the stage: "),
        ("learning_rate = 3e-3", "learning_rate = 1e30", "the training has diverged: "),
    ],
)
def test_what_cannot_be_run_is_told_with_its_key(world, capsys, old, new, told):
    name = f"refused-{hashlib.sha256(new.encode()).hexdigest()[:6]}"
    if "cuda" in new and __import__("torch").cuda.is_available():
        pytest.skip("there is a GPU")
    changes = [(old, new)]
    if "max_prompt_tokens" in new:
        changes.append(("steps = 24", "steps = 1"))
    assert told in told_of(write_plan(world, name, *changes), capsys)


def test_a_tokenizer_without_a_chat_template_is_refused(world, capsys):
    shutil.copytree(world / "start", world / "untold", dirs_exist_ok=True)
    (world / "untold" / "chat_template.jinja").unlink()
    plan = write_plan(world, "untold-run", ('path = "start"', 'path = "untold"'))
    assert "no chat template @ model.tokenizer" in told_of(plan, capsys)


# The knobs.


KNOBS = (
    "epochs = 0.03",
    "share = [0.5, 1.0]",
    "kl = 0.01",
    "updates = 2",
    "iterations = 2",
    'rewards = "rules"',
    'aggregate = "normalize-then-sum"',
    "skip_cut_off = true",
    "clip_high = 0.3",
    "lora = {rank = 4}",
)


def test_several_rewards_adapters_and_updates_off_policy(world):
    pytest.importorskip("peft")
    profile = 'profile = {extends = "tool-n1", combine = {use = "weighted", weights = {reasoning = 0.2, format = 0.3, calls = 0.5}}}'
    plan = write_plan(
        world,
        "knobs",
        ('profile = "tool-n1"', profile),
        ("steps = 24", 'steps = 3\nlora = {rank = 4}\nreasoning = "drop"\nmax_tokens = 90'),
        (
            "steps = 8",
            "\n".join(KNOBS),
        ),
    )
    finish(plan)
    run = RunFolder(world / "knobs")
    lines = [line for line in read_lines(run.log) if line["stage"] == "grpo"]
    assert [line["step"] for line in lines] == [1, 2]  # 0.03 of 150 tasks, 4 a step
    assert {"kl", "entropy", "equal_groups"} <= lines[0].keys()
    assert lines[0]["components"].keys() >= {"reasoning", "format", "calls", "verifier_error"}
    rows = read_lines(run.completions("grpo"))
    assert len(rows) == 2 * 16
    half = {task.id for task in read_tasks(world / "train.jsonl")}
    assert {row["id"] for row in rows} <= half
    assert not list(run.model("grpo").glob("adapter*"))
    verifier = Verifier(load_plan(plan).verifier().profile)
    for row in rows[:8]:
        scored = verifier.score(row["completion"], answer=row["answer"], tools=row["tools"])
        assert scored.reward == row["reward"]


def test_only_what_the_teacher_wrote_is_learned(world):
    from toolverify_trl.train.load import load_tokenizer
    from toolverify_trl.train.stages import prepare_sft
    from toolverify_trl.train.texts import make_texts

    run = load_plan(write_plan(world, "labels")).runs()[0]
    texts = make_texts(run.plan, load_tokenizer(run.plan))
    tasks = read_tasks(world / "train.jsonl")
    trainer = prepare_sft(run, 0, run.plan.stages[0], texts, tasks, "cpu").make(run.plan.model_source(), [])
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        learned = texts.tokenizer.decode([token for token in labels if token != -100])
        text = texts.tokenizer.decode([token for token in ids if token != texts.tokenizer.pad_token_id])
        assert learned.startswith("<think>")
        assert learned.endswith("</tool_call><|end|>")
        assert text.endswith(f"<|assistant|>{learned}")


def test_two_processes_train_together(world):
    plan = write_plan(
        world,
        "two",
        ("[resources]", "[resources]\ngpus = 2"),
        ("steps = 24", "steps = 4"),
        ("steps = 8", "steps = 3"),
    )
    finish(plan)
    run = RunFolder(world / "two")
    assert [line["step"] for line in read_lines(run.log)] == [1, 2, 3, 4, 1, 2, 3]
    assert {line["n"] for line in read_lines(run.evaluations)} == {60}
    assert len(read_lines(run.completions("grpo"))) == 3 * 16
    rows = read_lines(world / "two" / "evaluations" / "grpo-3-greedy.jsonl")
    assert [row["id"] for row in rows] == [task.id for task in read_tasks(world / "held-out.jsonl")]


def test_the_command_of_a_dry_run_trains_what_the_run_left_behind(world, unbroken):
    """The worker's command is the one that is shown; a finished run has nothing left for it to do."""
    from toolverify_trl.train.start import render

    (command,) = render(load_plan(world / "unbroken.toml").runs()[0]).commands
    ended = subprocess.run(
        command.argv, check=False, env={**os.environ, **command.environment}, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr


def test_a_trainer_judges_by_its_own_way_of_writing(world, monkeypatch, capsys):
    """As it must where vLLM or several GPUs hold the model: the same tasks, the same rows, sampled alone."""
    from toolverify_trl.train import by_trainer, here, stages

    for module in (here, stages):
        monkeypatch.setattr(module, "is_needed", lambda plan: True)
    plan = write_plan(world, "by-trainer", ("steps = 24", "steps = 12"), ("steps = 8", "steps = 4"))
    assert main(["train", str(plan)]) == 0, capsys.readouterr().err
    lines = [
        line for line in read_lines(world / "by-trainer" / "evaluations.jsonl") if line["stage"] == "grpo"
    ]
    assert [(line["step"], line["at"], line["decoding"]) for line in lines] == [
        (3, "between", "sampled"),
        (4, "end", "sampled"),
    ]
    rows = read_lines(world / "by-trainer" / "evaluations" / "grpo-4-sampled.jsonl")
    assert [row["id"] for row in rows] == [task.id for task in read_tasks(world / "held-out.jsonl")]
    assert len(read_lines(RunFolder(world / "by-trainer").completions("grpo"))) == 4 * 16
    assert by_trainer.is_needed(load_plan(plan)) is False


def test_an_error_in_the_plan_is_no_traceback(world):
    plan = write_plan(world, "wrong", ("steps = 8", "stepss = 8"))
    begun = start(plan)
    _, told = begun.communicate()
    assert (begun.returncode, len(told.strip().splitlines())) == (2, 1)
    with pytest.raises(PlanError):
        load_plan(plan)


def test_the_world_lies_where_the_tests_expect_it(world):
    assert Path(world / "start" / "tokenizer.json").is_file()


def test_tasks_that_have_changed_are_not_mixed_with_those_that_were(world, unbroken, capsys):
    changed = world / "changed"
    shutil.copytree(world / "start", changed / "start")
    for name in ("train.jsonl", "held-out.jsonl"):
        shutil.copy(world / name, changed / name)
    plan = changed / "unbroken.toml"
    shutil.copy(world / "unbroken.toml", plan)
    shutil.copytree(unbroken, changed / "unbroken")
    (changed / "unbroken" / "finished.json").unlink()
    assert main(["train", str(plan), "--resume"]) == 0
    (changed / "unbroken" / "finished.json").unlink()
    lines = (changed / "train.jsonl").read_bytes().splitlines(keepends=True)
    (changed / "train.jsonl").write_bytes(b"".join(lines[:-1]))
    capsys.readouterr()
    assert "'train.jsonl' has changed since the run was begun @ tasks" in told_of(plan, capsys, "--resume")
