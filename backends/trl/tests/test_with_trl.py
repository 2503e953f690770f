"""The contract with TRL itself: its trainer, its command line, and each of its traps that a reward function can meet."""

from __future__ import annotations

import asyncio
import importlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import made
import pytest

pytest.importorskip("trl")
pytest.importorskip("torch")

import pandas as pd
import pyarrow as pa
import tiny
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from toolverify.checkup import Setup
from toolverify.errors import ProfileError
from toolverify.plugins import registry
from toolverify.verifier import Verifier
from toolverify_trl import Reward, check_config, check_tokenizer, reward_weights, rewards

GOLD = json.dumps(made.ANSWER)
PLAIN, CHAT = "What is y? ", [{"role": "user", "content": "What is y?"}]


@pytest.fixture(scope="module")
def tokenizer():
    """A token a byte."""
    return tiny.make_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    """A model that knows nothing."""
    return tiny.make_model(tokenizer)


@pytest.fixture
def train(tmp_path, tokenizer, model):
    """Train for two steps; the trainer comes back with its history."""

    def run(rows, functions, *, processing_class=tokenizer, rollout_func=None, steps=2, **options):
        trainer = make_trainer(
            tmp_path,
            model,
            processing_class,
            rows,
            functions,
            rollout_func=rollout_func,
            max_steps=steps,
            **options,
        )
        trainer.train()
        return trainer

    return run


def make_trainer(folder, model, tokenizer, rows, functions, *, rollout_func=None, **options):
    known = {
        "output_dir": str(folder / "out"),
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "max_completion_length": 8,
        "logging_steps": 1,
        "log_completions": True,
        "num_completions_to_print": 1,
        "report_to": [],
        "save_strategy": "no",
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": False,
        "disable_tqdm": True,
    }
    return GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=functions,
        train_dataset=Dataset.from_list(rows),
        rollout_func=rollout_func,
        args=GRPOConfig(**{**known, **options}),
    )


def rows_with(prompt, number=8, **columns):
    return [
        {"prompt": prompt, "answer": GOLD, "tools": json.dumps(made.TOOLS), **columns} for _ in range(number)
    ]


def completions_of(trainer):
    """What the trainer has written down of every step."""
    files = sorted(Path(trainer.args.output_dir, "completions").glob("*.parquet"))
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


def speaks(texts):
    """A rollout that says these texts, one after the other, whatever it is asked."""
    waiting = list(texts)

    def rollout(prompts, trainer):
        tokenizer = trainer.processing_class
        said = [waiting.pop(0) for _ in prompts]
        ids = [
            tokenizer(text, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id] for text in said
        ]
        asked = [tokenizer("?", add_special_tokens=False)["input_ids"] for _ in prompts]
        return {"prompt_ids": asked, "completion_ids": ids, "logprobs": [[0.0] * len(row) for row in ids]}

    return rollout


def steps_of(trainer):
    return [entry for entry in trainer.state.log_history if "reward" in entry]


@pytest.mark.parametrize("prompt", [PLAIN, CHAT], ids=["strings", "messages"])
@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
def test_two_steps_with_every_metric_in_the_log(train, prompt, profile):
    reward = Reward(profile)
    history = steps_of(train(rows_with(prompt), reward))
    assert len(history) == 2
    for entry in history:
        assert all(math.isfinite(entry[name]) for name in reward.names)
        assert entry["unscorable"] == entry["verifier_error"] == 0.0
        assert entry[f"rewards/{reward.__name__}/mean"] == entry["reward"]


@pytest.mark.parametrize("prompt", [PLAIN, CHAT], ids=["strings", "messages"])
def test_the_completions_in_the_trainers_log_have_the_rewards_of_toolverify_score(train, prompt, tmp_path):
    texts = [
        made.RIGHT,
        made.WRONG,
        made.AS_TEXT,
        "no",
        "",
        made.RIGHT[:-3],
        made.RIGHT.upper(),
        "<tool_call>[]",
    ]
    trainer = train(rows_with(prompt), Reward("typed"), rollout_func=speaks(texts))
    table = completions_of(trainer)
    said = [text if isinstance(text, str) else text[0]["content"] for text in table["completion"]]
    assert sorted(said) == sorted(texts)
    file = tmp_path / "rows.jsonl"
    rows = [{"completion": text, "answer": made.ANSWER, "tools": made.TOOLS} for text in said]
    file.write_text("".join([json.dumps(row) + "\n" for row in rows]))
    command = [sys.executable, "-m", "toolverify", "score", str(file), "--profile", "typed"]
    verdicts = [json.loads(line) for line in subprocess.check_output(command, text=True).splitlines()]
    assert list(table["typed"]) == [verdict["reward"] for verdict in verdicts]
    assert sum(table["typed"]) == 2
    for codes, verdict in zip(table["typed/findings"], verdicts, strict=True):
        wanted = [finding["code"] for finding in verdict["findings"] if finding["level"] == "error"]
        assert codes == ", ".join(dict.fromkeys(wanted))
    passed = [entry["acc"] for entry in steps_of(trainer)]
    assert sum(passed) / 2 == pytest.approx(2 / 8)


def inputs_of(rows):
    """Rows as the trainer's own step takes them to its reward functions."""
    return [
        {"prompt": PLAIN, **{key: value for key, value in row.items() if key != "completion"}} for row in rows
    ]


def asked(trainer, rows):
    """Rewards by way of the trainer's own code."""
    texts = [row["completion"] for row in rows]
    ids = [[1]] * len(rows)
    return trainer._calculate_rewards(inputs_of(rows), [PLAIN] * len(rows), texts, ids)


@pytest.mark.parametrize("profile", ["tool-n1", "typed", "tool-n1-v0"])
def test_5000_completions_come_through_the_trainer_to_the_bit(profile, tmp_path, tokenizer, model):
    trainer = make_trainer(tmp_path, model, tokenizer, rows_with(PLAIN), Reward(profile))
    rows = made.workload_rows(5_000)
    expected = torch.tensor([[row["reward"]] for row in made.scored(rows, profile)], dtype=torch.float32)
    assert torch.equal(asked(trainer, rows), expected)
    assert 0 < expected.sum() < 5_000


def test_200_hostile_completions_come_through_the_trainer(tmp_path, tokenizer, model):
    reward = Reward("typed")
    trainer = make_trainer(tmp_path, model, tokenizer, rows_with(PLAIN), reward)
    rows = made.hostile_rows(200)
    expected = torch.tensor([[row["reward"]] for row in made.scored(rows, "typed")], dtype=torch.float32)
    assert torch.equal(asked(trainer, rows), expected)
    assert set(trainer._pending_metrics) == set(reward.names)
    assert all(math.isfinite(value) for values in trainer._pending_metrics.values() for value in values)
    assert len(trainer._pending_extra_logs["typed/findings"]) == 200


def test_several_functions_of_a_profile_with_their_weights(train, tmp_path):
    profile = tmp_path / "sums.toml"
    profile.write_text(
        'extends = "tool-n1"\n[combine]\nuse = "weighted"\nweights = { reasoning = 0.25, format = 0.25, calls = 2 }\n'
    )
    functions = rewards(profile, by="rule")
    trainer = train(
        rows_with(PLAIN),
        list(functions),
        rollout_func=speaks([made.RIGHT, made.WRONG, "no", "<think>t</think>"] * 2),
        reward_weights=reward_weights(functions),
        multi_objective_aggregation="normalize_then_sum",
    )
    for entry in steps_of(trainer):
        means = [entry[f"rewards/{function.__name__}/mean"] for function in functions]
        whole = [reward * weight for reward, weight in zip(means, reward_weights(functions), strict=True)]
        assert entry["reward"] == pytest.approx(sum(whole))
        assert entry["acc"] == 0.25
    table = completions_of(trainer)
    assert len(table) == 8
    assert [name for name in table.columns if name.endswith("/findings")] == ["sums_reasoning/findings"]


def test_parts_of_a_profile_add_up(train):
    gold = '<think>t</think>\n<tool_call>\n{"name": "f", "parameters": {"y": 2}}\n</tool_call>'
    functions = [*rewards("toolrl"), Reward("toolrl", prefix="whole/")]
    texts = [gold, made.RIGHT, "no", "<think>t</think>"] * 2
    rows = [{"prompt": CHAT, "answer": gold} for _ in range(8)]
    table = completions_of(train(rows, functions, rollout_func=speaks(texts)))
    assert list(table["toolrl_format"] + table["toolrl_correctness"]) == pytest.approx(list(table["toolrl"]))
    assert table["toolrl"].max() == 4.0


def test_rows_without_an_answer_get_none_and_the_run_goes_on(train):
    rows = [{**row, "answer": None if index % 2 else GOLD} for index, row in enumerate(rows_with(PLAIN))]
    reward = Reward("tool-n1", log=None)
    trainer = train(rows, reward, rollout_func=speaks([made.RIGHT, made.WRONG] * 4), shuffle_dataset=False)
    table = completions_of(trainer)
    assert table["tool_n1"].isna().sum() == 4
    assert (table["advantage"][table["tool_n1"].isna()] == 0).all()
    for entry in steps_of(trainer):
        assert entry["unscorable"] == entry["verifier_error"] == 0.5
        assert entry["reward"] == 0.5


def test_a_dataset_without_any_answer_still_ends_no_run(train):
    trainer = train([{"prompt": PLAIN} for _ in range(8)], Reward("tool-n1"))
    assert [entry["unscorable"] for entry in steps_of(trainer)] == [1.0, 1.0]


def test_remove_unused_columns_takes_the_answers_away_and_doctor_says_so(train):
    trainer = train(rows_with(PLAIN), Reward("tool-n1"), remove_unused_columns=True)
    assert [entry["unscorable"] for entry in steps_of(trainer)] == [1.0, 1.0]
    faults = check_config.check_config({"remove_unused_columns": True})
    assert [fault.code for fault in faults] == ["config.columns_removed"]


def test_a_rule_that_raises_on_one_sample_ends_no_run(train, moody_profile):
    bad = made.RIGHT.replace("<think>t", "<think>boom")
    trainer = train(
        rows_with(PLAIN),
        Reward(moody_profile),
        rollout_func=speaks([made.RIGHT, bad, made.WRONG, made.RIGHT] * 2),
    )
    assert [entry["verifier_error"] for entry in steps_of(trainer)] == [0.25, 0.25]
    assert completions_of(trainer)["moody"].isna().sum() == 2


def test_beside_functions_of_others(train):
    async def late(completions, **_):
        await asyncio.sleep(0)
        return [None if index else 0.5 for index in range(len(completions))]

    def length(completions, **_):
        return [len(text) for text in completions]

    table = completions_of(
        train(rows_with(PLAIN), [length, Reward("typed"), late, Reward("tool-n1", prefix="n1/")])
    )
    assert set(table["typed"]) == set(table["tool_n1"]) == {0.0}


def test_what_a_function_of_another_raises_is_not_hidden(train):
    def dies(completions, **_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        train(rows_with(PLAIN), [Reward("typed"), dies])


def test_two_functions_of_one_name_are_one_in_the_log_and_doctor_says_so(train):
    table = train(rows_with(PLAIN), [Reward("typed", name="a"), Reward("tool-n1", name="b", prefix="n1/")])
    assert {"rewards/a/mean", "rewards/b/mean"} <= set(steps_of(table)[0])
    faults = check_config.check_config({"reward_funcs": ["mine.reward", "toolverify_trl.reward"]})
    assert "config.same_name" in {fault.code for fault in faults}


def test_special_markers_are_lost_in_the_text_and_read_from_the_tokens(train):
    special = tiny.make_tokenizer(special_markers=True)
    functions = [
        Reward("tool-n1", name="text"),
        Reward("tool-n1", name="tokens", prefix="t/", tokenizer=special),
    ]
    texts = [made.RIGHT, made.WRONG] * 4
    table = completions_of(
        train(rows_with(CHAT), functions, processing_class=special, rollout_func=speaks(texts))
    )
    assert set(table["text"]) == {0.0}
    assert sum(table["tokens"]) == 4


def test_parsed_and_typed_calls_hide_what_the_tokens_show(train):
    """With a response template TRL hands over parsed calls, typed by the schema where it knows the tools."""
    from trl import chat_template_utils

    parsing = tiny.make_tokenizer()
    parsing.response_template = chat_template_utils.qwen3_template
    text = '<think>\nt\n</think>\n\n<tool_call>\n{"name": "f", "arguments": {"y": "2"}}\n</tool_call>'
    tools = [{"type": "function", "function": made.TOOLS[0]}]
    ids = [*parsing(text, add_special_tokens=False)["input_ids"], parsing.eos_token_id]
    message = chat_template_utils.parse_response(parsing, ids, prefix=[], tools=tools)
    assert message["tool_calls"][0]["function"]["arguments"] == {"y": 2}
    profile = registry().get("profile", "tool-n1").value
    call = {"prompts": [CHAT], "completions": [[message]], "completion_ids": [ids], "answer": [GOLD]}
    assert Reward(profile, format="hermes")(**call) == [1.0]
    assert Reward(profile, format="hermes", tokenizer=parsing)(**call) == [0.0]
    right = text.replace('"2"', "2")
    functions = [Reward("tool-n1", format="hermes", tokenizer=parsing)]
    told = {"processing_class": parsing, "rollout_func": speaks([text, right] * 4)}
    trainer = train(rows_with(CHAT), functions, log_completions=False, **told)
    assert [entry["acc"] for entry in steps_of(trainer)] == [0.5, 0.5]


def test_parsed_calls_of_several_types_break_trls_own_table_of_completions(train):
    """Which is why the page of this backend says so: it is no fault of a reward function."""
    from trl import chat_template_utils

    parsing = tiny.make_tokenizer()
    parsing.response_template = chat_template_utils.qwen3_template
    texts = [
        made.RIGHT.replace("[{", "{").replace("}]", "}"),
        made.AS_TEXT.replace("[{", "{").replace("}]", "}"),
    ]
    told = {"processing_class": parsing, "rollout_func": speaks(texts * 4)}
    with pytest.raises(pa.ArrowInvalid):
        train(rows_with(CHAT), [Reward("tool-n1", format="hermes")], **told)


def test_arrow_bends_answers_that_are_objects_and_doctor_sees_it():
    answers = [[{"name": "f", "arguments": {"a": 1}}], [{"name": "f", "arguments": {"b": 2}}]]
    bent = list(Dataset.from_list([{"prompt": "p", "answer": answer} for answer in answers]))
    assert bent[0]["answer"][0]["arguments"] == {"a": 1, "b": None}
    backend = registry().get("backend", "trl").value
    codes = {fault.code for fault in backend.check(Setup(Verifier("typed"), rows=bent))}
    assert codes == {"data.bent_by_arrow"}
    kept = list(Dataset.from_list([{"prompt": "p", "answer": json.dumps(answer)} for answer in answers]))
    assert list(backend.check(Setup(Verifier("typed"), rows=kept))) == []
    assert backend.gold(kept[0]).answer == json.dumps(answers[0])


@pytest.mark.parametrize("column", ["prompts", "completions"])
def test_columns_that_collide_with_trls_own_arguments_end_the_run(train, column):
    with pytest.raises(TypeError, match="multiple values"):
        train(rows_with(PLAIN, **{column: "x"}), Reward("typed"))


@pytest.mark.parametrize(("kind", "swapped"), [("qwen2", True), ("qwen3", False)])
def test_the_tokenizer_that_transformers_swaps_is_seen(kind, swapped, tmp_path):
    folder = tiny.save(tmp_path / kind, kind=kind)
    codes = {fault.code for fault in check_tokenizer.check_tokenizer(folder, Verifier("tool-n1"))}
    assert ("tokenizer.swapped" in codes) is swapped
    assert check_tokenizer._looks_swapped(folder) is swapped


@pytest.mark.parametrize("special", [True, False])
def test_special_markers_of_a_saved_tokenizer_are_seen(special, tmp_path):
    folder = tiny.save(tmp_path / "model", special_markers=special)
    codes = {fault.code for fault in check_tokenizer.check_tokenizer(folder, Verifier("tool-n1"))}
    assert ("tokenizer.special_marker" in codes) is special


def test_a_tokenizer_may_be_given_as_its_folder(tmp_path, tokenizer):
    reward = Reward("tool-n1", tokenizer=tiny.save(tmp_path / "model"))
    ids = [*tokenizer(made.RIGHT, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    assert reward(prompts=["p"], completions=[""], completion_ids=[ids], answer=[GOLD]) == [1.0]


def test_a_folder_without_a_tokenizer_is_refused_at_once(tmp_path):
    with pytest.raises(ProfileError, match="no tokenizer in"):
        Reward("tool-n1", tokenizer=tmp_path)


def test_keys_that_doctor_calls_removed_are_removed_and_the_others_are_there():
    fields = GRPOConfig.__dataclass_fields__
    assert not set(check_config.REMOVED) & set(fields)
    named = {"remove_unused_columns", "num_generations", "generation_batch_size", "steps_per_generation"}
    named |= {"gradient_accumulation_steps", "per_device_train_batch_size", "reward_weights"}
    assert named <= set(fields)
    assert fields["num_generations"].default == check_config._GENERATIONS
    assert fields["per_device_train_batch_size"].default == check_config._BATCH
    assert fields["gradient_accumulation_steps"].default == check_config._ACCUMULATION


@pytest.mark.parametrize(
    "options",
    [
        {"per_device_train_batch_size": 6, "num_generations": 4},
        {"per_device_train_batch_size": 6, "num_generations": 4, "gradient_accumulation_steps": 2},
        {"per_device_train_batch_size": 2, "generation_batch_size": 6, "num_generations": 4},
        {"per_device_train_batch_size": 2, "steps_per_generation": 2, "num_generations": 4},
        {"num_generations": 1},
        {},
    ],
)
def test_doctor_and_trl_agree_on_whole_groups(options, tmp_path):
    found = [fault.code for fault in check_config.check_config({**options, "num_processes": 1})]
    try:
        GRPOConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, **options)
    except ValueError:
        assert found
    else:
        assert not found


def test_wrong_weights_are_refused_by_trl_and_seen_by_doctor(train):
    with pytest.raises(ValueError, match="reward weights"):
        train(rows_with(PLAIN), [Reward("typed")], reward_weights=[1.0, 2.0])
    config = {"reward_funcs": ["toolverify_trl.typed"], "reward_weights": [1.0, 2.0]}
    assert [fault.code for fault in check_config.check_config(config)] == ["config.weights"]


def test_the_name_resolves_as_trls_script_resolves_it():
    from trl.trainer.utils import get_callable_name, is_async_callable

    module_path, name = ["toolverify_trl", "tool_n1"]
    function = getattr(importlib.import_module(module_path), name)
    assert get_callable_name(function) == "tool_n1"
    assert not is_async_callable(function)


def test_async_grpo_can_send_it_to_its_process_and_call_it_from_a_thread():
    import pickle

    function = pickle.loads(pickle.dumps(Reward("typed")))  # noqa: S301  # our own
    call = {
        "prompts": [CHAT],
        "completions": [[{"role": "assistant", "content": made.RIGHT}]],
        "completion_ids": [[1]],
    }
    assert asyncio.run(asyncio.to_thread(function, **call, answer=[GOLD])) == [1.0]


def test_the_command_line_trains_with_a_dotted_path(tmp_path):
    folder, data = tiny.save(tmp_path / "model"), tmp_path / "data"
    data.mkdir()
    rows = [{"prompt": PLAIN, "answer": GOLD, "id": index} for index in range(8)]
    (data / "train.jsonl").write_text("".join([json.dumps(row) + "\n" for row in rows]))
    options = {
        "model_name_or_path": folder,
        "dataset_name": data,
        "reward_funcs": "toolverify_trl.tool_n1",
        "output_dir": tmp_path / "out",
        "max_steps": 1,
        "per_device_train_batch_size": 2,
        "num_generations": 2,
        "max_completion_length": 4,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
    }
    command = [sys.executable, "-m", "trl.scripts.grpo"]
    command += [word for key, value in options.items() for word in (f"--{key}", str(value))]
    environment = {
        **os.environ,
        "TOOLVERIFY_LOG": str(tmp_path / "samples.jsonl"),
        "HF_HOME": str(tmp_path / "hf"),
    }
    result = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "rewards/tool_n1/mean" in result.stdout
    lines = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [line["reward"] for line in lines] == [0.0, 0.0]
    assert {line["id"] for line in lines} <= set(range(8))


def test_the_example_runs_and_its_log_has_a_line_a_completion(tmp_path):
    script = Path(__file__).resolve().parents[3] / "examples" / "trl" / "grpo.py"
    command = [sys.executable, str(script), "--log", str(tmp_path / "samples.jsonl")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    told = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"step"')]
    assert [entry["unscorable"] for entry in told] == [0.0, 0.0]
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == 16
