"""What a run is made of, without a trainer: the settings, the order of tasks, the folder and its logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolverify.errors import PlanError
from toolverify.plan import make_plan
from toolverify.plugins import registry
from toolverify.protocols import TrainingBackend
from toolverify.rendered import Run
from toolverify.tasks import Task
from toolverify_trl.train.arguments import grpo_arguments, sft_arguments, split, stage_seed
from toolverify_trl.train.order import bucketed, count_steps, shared, shuffled
from toolverify_trl.train.run_folder import RunFolder, append, keep_lines, read_lines
from toolverify_trl.train.show import clock
from toolverify_trl.train.start import refuse_missing

PLAN = {
    "profile": "tool-n1",
    "output": "run",
    "model": {"path": "m"},
    "tasks": {"train": "t.jsonl"},
    "stages": [{"use": "sft", "steps": 3}, {"use": "grpo", "steps": 5}],
}


def run(**changes):
    """A run of a small plan."""
    return Run(make_plan({**PLAN, **changes}, name="p", folder=Path("/x")), 3, Path("/x/run"))


def test_the_backend_runs_plans():
    assert isinstance(registry().get("backend", "trl").value, TrainingBackend)


@given(st.integers(1, 8), st.integers(1, 4), st.integers(1, 64), st.none() | st.integers(1, 64))
def test_a_split_is_exact_or_refused(gpus, nodes, each, micro):
    plan = run(
        resources={"gpus": gpus, "nodes": nodes, **({} if micro is None else {"micro_batch": micro})}
    ).plan
    size = each * gpus * nodes
    if micro is not None and each % min(micro, each):
        with pytest.raises(PlanError):
            split(plan, size, "k")
        return
    part = split(plan, size, "k")
    assert part.micro * part.accumulated * gpus * nodes == size
    assert micro is None or part.micro <= micro


def test_what_does_not_spread_over_processes_is_refused():
    plan = run(resources={"gpus": 3}).plan
    with pytest.raises(PlanError, match="spread over 3 processes"):
        split(plan, 16, "k")


def test_on_a_cpu_nothing_is_bfloat16_and_on_a_gpu_it_is_what_the_plan_says():
    stage = run().plan.stages[0]
    assert sft_arguments(run(), 0, stage, 3, "cpu")["bf16"] is False
    assert sft_arguments(run(), 0, stage, 3, "cuda")["bf16"] is True
    half = run(model={"path": "m", "dtype": "float16"})
    assert (
        sft_arguments(half, 0, stage, 3, "cuda")["bf16"],
        sft_arguments(half, 0, stage, 3, "cuda")["fp16"],
    ) == (
        False,
        True,
    )


def test_vllm_and_sharding_reach_the_trainer():
    asked = run(
        resources={"sharding": "zero-3", "vllm": {"mode": "server", "server": "http://h:1", "memory": 0.5}}
    )
    made = grpo_arguments(asked, 1, asked.plan.stages[1], 5, "cuda")
    assert made["deepspeed"]["zero_optimization"]["stage"] == 3
    assert (made["use_vllm"], made["vllm_mode"], made["vllm_server_base_url"]) == (
        True,
        "server",
        "http://h:1",
    )
    assert "fsdp" in grpo_arguments(run(resources={"sharding": "fsdp"}), 1, asked.plan.stages[1], 5, "cuda")
    assert "use_vllm" not in grpo_arguments(run(), 1, run().plan.stages[1], 5, "cpu")


def test_a_step_of_the_plan_is_as_many_of_trls_as_it_has_updates_and_iterations():
    stages = [{"use": "grpo", "steps": 5, "updates": 2, "iterations": 3, "prompts": 8, "group": 4}]
    asked = run(stages=stages, checkpoints={"every": 4})
    made = grpo_arguments(asked, 0, asked.plan.stages[0], 5, "cpu")
    assert (made["max_steps"], made["save_steps"], made["logging_steps"]) == (30, 24, 6)
    assert made["per_device_train_batch_size"] * made["steps_per_generation"] == 32


def test_stages_have_seeds_of_their_own():
    seeds = {stage_seed(Run(run().plan, seed, Path()), index) for seed in range(5) for index in range(4)}
    assert len(seeds) == 20


# The order of tasks.


def tasks(count):
    return [Task(f"t{index}", (), []) for index in range(count)]


@given(st.integers(0, 200), st.floats(0, 1))
def test_two_shares_are_all_tasks_and_each_task_is_in_one(count, middle):
    both = [*shared(tasks(count), (0.0, middle)), *shared(tasks(count), (middle, 1.0))]
    assert sorted(task.id for task in both) == sorted(task.id for task in tasks(count))


def test_a_share_does_not_depend_on_the_order_of_the_file():
    there, back = shared(tasks(50), (0.0, 0.5)), shared(tasks(50)[::-1], (0.0, 0.5))
    assert [task.id for task in there] == [task.id for task in back]


@given(st.integers(1, 30), st.integers(0, 200), st.integers(0, 5))
def test_every_row_comes_up_before_any_comes_up_again(rows, wanted, seed):
    order = shuffled(rows, wanted, seed)
    assert len(order) == wanted
    for start in range(0, wanted, rows):
        around = order[start : start + rows]
        assert len(set(around)) == len(around)
    assert order == shuffled(rows, wanted, seed)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=100), st.integers(1, 9), st.integers(0, 5))
def test_batches_of_like_length_hold_the_same_rows(lengths, batch, seed):
    order = list(range(len(lengths)))
    arranged = bucketed(order, lengths, batch, seed)
    assert sorted(arranged) == order
    pool = batch * 8
    for start in range(0, len(order) // batch * batch, batch):
        assert {index // pool for index in arranged[start : start + batch]} == {start // pool}


def test_batches_of_like_length_spend_less_on_padding():
    lengths = [index * 37 % 100 + 1 for index in range(640)]

    def padding(order):
        batches = [order[start : start + 16] for start in range(0, 640, 16)]
        return sum(max(lengths[i] for i in one) * 16 - sum(lengths[i] for i in one) for one in batches)

    assert padding(bucketed(list(range(640)), lengths, 16, 0)) < padding(list(range(640))) / 3


@pytest.mark.parametrize(
    ("steps", "epochs", "rows", "batch", "expected"),
    [(7, None, 100, 10, 7), (None, 1.0, 100, 10, 10), (None, 2.5, 100, 16, 16), (None, 0.001, 10, 10, 1)],
)
def test_steps_and_epochs(steps, epochs, rows, batch, expected):
    assert count_steps(steps, epochs, rows, batch) == expected


# The folder.


def test_a_checkpoint_counts_when_it_is_sealed(tmp_path):
    folder = RunFolder(tmp_path)
    for step in (5, 10, 15):
        (folder.stage("s") / f"checkpoint-{step}").mkdir(parents=True)
    assert folder.checkpoint("s") is None
    folder.seal("s", 5, {"seconds": 1.5})
    folder.seal("s", 10, {"seconds": 3.0})
    step, path, told = folder.checkpoint("s")
    assert (step, path.name, told["seconds"]) == (10, "checkpoint-10", 3.0)
    folder.drop_unsealed("s")
    assert sorted(one.name for one in folder.stage("s").iterdir()) == ["checkpoint-10", "checkpoint-5"]
    folder.drop_checkpoints("s")
    assert list(folder.stage("s").iterdir()) == []


def test_going_back_takes_out_what_was_written_after(tmp_path):
    folder = RunFolder(tmp_path)
    for stage, steps in (("a", 3), ("b", 4), ("c", 2)):
        for step in range(1, steps + 1):
            append(folder.log, {"stage": stage, "step": step})
        append(folder.evaluations, {"stage": stage, "step": steps, "at": "end"})
    append(folder.evaluations, {"stage": "a", "step": 0, "at": "start"})
    for step in (1, 2, 3):
        append(folder.evaluations, {"stage": "b", "step": step, "at": "between"})
    for step in range(4):
        append(folder.completions("b"), {"step": step})
    folder.rewind("b", 2, ["c"])
    kept = [(line["stage"], line["step"]) for line in read_lines(folder.log)]
    assert kept == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]
    kept = [(line["stage"], line["step"], line["at"]) for line in read_lines(folder.evaluations)]
    assert kept == [("a", 3, "end"), ("a", 0, "start"), ("b", 1, "between"), ("b", 2, "between")]
    assert [line["step"] for line in read_lines(folder.completions("b"))] == [0, 1]
    folder.rewind("a", 0, ["b", "c"])
    assert read_lines(folder.log) == []
    assert not folder.stage("b").exists()


def test_a_line_that_was_cut_off_is_none(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2}\n{"st')
    assert [line["step"] for line in read_lines(path)] == [1, 2]
    keep_lines(path, lambda line: line["step"] > 1)
    assert path.read_bytes() == b'{"step":2}\n'
    assert read_lines(tmp_path / "none.jsonl") == []


def test_a_broken_file_of_a_run_is_told_by_name(tmp_path):
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(PlanError, match=r"run\.json"):
        RunFolder(tmp_path).about()


def test_what_is_not_installed_is_told_with_what_brings_it():
    with pytest.raises(PlanError, match=r"no_such_library.*; .*pip install no_such_library"):
        refuse_missing("no_such_library")


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (65, "1:05"), (7_325, "2:02:05")])
def test_a_clock(seconds, shown):
    assert clock(seconds) == shown


def test_a_rendered_run_is_all_json(tmp_path):
    rendered = registry().get("backend", "trl").value.render(run(resources={"device": "cpu"}))
    assert [Path(path).name for path in rendered.files] == ["sft.json", "grpo.json"]
    made = [json.loads(text) for text in rendered.files.values()]
    assert [one["output_dir"] for one in made] == ["/x/run/stages/sft", "/x/run/stages/grpo"]
    assert [one["max_steps"] for one in made] == [3, 5]
    assert rendered.commands[0].argv[-1] == "/x/run"
