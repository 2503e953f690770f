"""Plans: what they say, what is wrong with them and how it is told, and what their hash covers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from toolverify.calls import Context
from toolverify.errors import PlanError, ProfileError, ToolverifyError
from toolverify.plan import SECTIONS, Plan, load_plan, make_plan
from toolverify.rendered import Command, Run

SMALL = {
    "profile": "tool-n1",
    "output": "runs/small",
    "model": {"path": "some/model"},
    "tasks": {"train": "train.jsonl"},
    "stages": [{"use": "grpo", "steps": 10}],
}
HERE = Path("/plans")


def changed(*path, to, base=SMALL):
    """The small plan with one key changed, added, or with `...` taken out."""
    plan = json.loads(json.dumps(base))
    place = plan
    for step in path[:-1]:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return plan


def made(data, **known):
    return make_plan(data, **{"name": "small", "folder": HERE, **known})


def as_toml(value):
    """A plan as TOML; strings, numbers, lists and tables are all there is."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value) if not isinstance(value, list) else "[" + ", ".join(map(as_toml, value)) + "]"


def write(path, data):
    path.write_text("\n".join(f"{key} = {as_toml(value)}" for key, value in data.items()), encoding="utf-8")
    return path


def test_a_plan_says_what_is_done_and_fills_in_the_rest():
    plan = made(SMALL)
    assert (plan.name, plan.prompt.use, plan.seeds) == ("small", "thinking", (0,))
    assert (plan.stages[0].group, plan.stages[0].label, plan.tasks.train) == (8, "grpo", ("train.jsonl",))
    assert plan.verifier().profile.name == "tool-n1"


def test_a_file_gives_its_name_and_its_folder(tmp_path):
    plan = load_plan(write(tmp_path / "seven.toml", SMALL))
    assert plan.name == "seven"
    assert plan.resolve("train.jsonl") == tmp_path / "train.jsonl"
    assert plan.runs() == [Run(plan, 0, tmp_path / "runs/small")]
    assert plan.missing_files() == [tmp_path / "train.jsonl"]


def test_several_seeds_are_several_folders():
    runs = made(changed("seeds", to=[0, 7])).runs()
    assert [(run.seed, run.folder.name) for run in runs] == [(0, "seed-0"), (7, "seed-7")]


def test_a_model_is_a_folder_where_it_is_one_and_a_name_otherwise(tmp_path):
    (tmp_path / "own").mkdir()
    for path, source in {
        "some/model": "some/model",
        "own": str(tmp_path / "own"),
        "./not-there": str(tmp_path / "not-there"),
        "/abs": "/abs",
    }.items():
        assert made(changed("model", "path", to=path), folder=tmp_path).model_source() == source


WRONG = [
    (("stages", 0, "stepss"), 10, "unknown key 'stages[0].stepss' @ the plan; did you mean 'steps'?"),
    (("modle",), {}, "unknown key 'modle' @ the plan; did you mean 'model'?"),
    (("model", "paht"), "x", "unknown key 'model.paht' @ the plan; did you mean 'path'?"),
    (("stages", 0, "lora"), {"rnk": 3}, "unknown key 'stages[0].lora.rnk' @ the plan; did you mean 'rank'?"),
    (
        ("resources", "vllm"),
        {"memry": 0.5},
        "unknown key 'resources.vllm.memry' @ the plan; did you mean 'memory'?",
    ),
    (("folder",), "x", "unknown key 'folder' @ the plan; did you mean 'output'?"),
    (
        ("output",),
        ...,
        "the key 'output' is missing @ the plan; add output = …, the folder that the run writes to",
    ),
    (("tasks",), ..., "the key 'tasks' is missing @ the plan; add a table [tasks]"),
    (("model", "path"), ..., "the key 'model.path' is missing @ the plan; add path = …"),
    (("stages", 0, "use"), ..., "stages[0] does not say what it is @ the plan; write use = one of sft, grpo"),
    (("stages", 0, "use"), "gprpo", "stages[0].use: unknown 'gprpo' @ the plan; did you mean 'grpo'?"),
    (("stages", 0, "name"), "../evil", "stages[0].name: String should match pattern"),
    (("name",), "a/b", "name: String should match pattern"),
    (("output",), "", "output: String should have at least 1 character"),
    (("stages", 0, "betas"), [0.9], "stages[0].betas"),
    (("stages", 0, "betas"), [0.9, 1.0], "stages[0].betas[1]: Input should be less than 1, got 1.0"),
    (("stages", 0, "learning_rate"), 1e400, "stages[0].learning_rate: Input should be a finite number"),
    (("seeds",), [4_294_967_296], "seeds[0]: Input should be less than or equal to 4000000"),
    (("seeds",), 0, "seeds: Input should be a list, got 0"),
    (("stages", 0, "lora"), True, "stages[0].lora: Input should be a table, got True"),
    (
        ("tasks", "held_out"),
        "train.jsonl",
        "the plan: 'train.jsonl' is trained on and held out @ the plan; keep",
    ),
    (
        ("stages", 0, "steps"),
        ...,
        "stages[0]: a stage has either steps or epochs @ the plan; write one of them",
    ),
    (
        ("stages", 0, "epochs"),
        2,
        "stages[0]: a stage has either steps or epochs @ the plan; write one of them",
    ),
    (
        ("stages", 0, "steps"),
        0,
        "stages[0].steps: Input should be greater than or equal to 1, got 0 @ the plan",
    ),
    (("stages", 0, "steps"), "10", "stages[0].steps: Input should be a valid integer, got '10' @ the plan"),
    (
        ("stages", 0, "group"),
        1,
        "stages[0].group: Input should be greater than or equal to 2, got 1 @ the plan",
    ),
    (
        ("stages", 0, "share"),
        [0.5, 0.5],
        "stages[0]: share is a part of the tasks @ the plan; write two numbers",
    ),
    (("stages", 0, "loss"), "ppo", "stages[0].loss: Input should be"),
    (("stages",), [], "stages: nothing is listed @ the plan; write at least one"),
    (("seeds",), [], "seeds: nothing is listed @ the plan; write at least one"),
    (("seeds",), [3, 3], "the plan: a seed stands twice @ the plan; write each once"),
    (("evaluation", "decoding"), ["beam"], "evaluation.decoding[0]: Input should be 'sampled' or 'greedy'"),
    (
        ("stages",),
        [{"use": "grpo", "steps": 1}] * 2,
        "two stages are named 'grpo' @ the plan; give each a name",
    ),
]


@pytest.mark.parametrize(("path", "value", "told"), WRONG, ids=[str(case[2])[:60] for case in WRONG])
def test_a_wrong_plan_names_the_key_and_the_mend(path, value, told):
    with pytest.raises(PlanError) as caught:
        made(changed(*path, to=value))
    assert told in str(caught.value)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("profile",), "tool-n2", "unknown profile 'tool-n2'; did you mean 'tool-n1'?"),
        (("profile",), "none.toml", "no file '/plans/none.toml'"),
        (("prompt",), "thinkin", "unknown prompt 'thinkin' @ plan: prompt; did you mean 'thinking'?"),
        (("prompt",), {"use": "plain", "loud": True}, "unknown option 'loud'"),
        (("format",), "hermmes", "did you mean 'hermes'?"),
        (
            ("profile",),
            {"extends": "tool-n1", "rulez": []},
            "unknown key 'rulez' @ plan small: profile; did you mean",
        ),
    ],
)
def test_a_wrong_profile_prompt_or_format_is_told_as_everywhere(path, value, told):
    with pytest.raises(ProfileError) as caught:
        made(changed(*path, to=value))
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["profile = ", "\x00", "a = 1\na = 2"])
def test_what_is_no_toml_is_told_with_its_file(tmp_path, text):
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=re.escape(str(tmp_path / "bad.toml"))):
        load_plan(tmp_path / "bad.toml")


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    for path, told in (
        (tmp_path / "none.toml", "no file"),
        (tmp_path, "cannot read"),
        (tmp_path / "latin.toml", "UTF-8"),
    ):
        with pytest.raises(PlanError, match=told):
            load_plan(path)


RESULTS = [
    (("stages", 0, "group"), 4),
    (("stages", 0, "learning_rate"), 1e-5),
    (("model", "path"), "other/model"),
    (("tasks", "train"), "other.jsonl"),
    (("prompt",), "plain"),
    (("format",), "hermes"),
    (("profile",), "typed"),
    (("profile",), {"extends": "tool-n1", "rules": ["calls"]}),
    (("resources", "gpus"), 8),
    (("evaluation", "tasks"), 7),
]
NO_RESULTS = [
    (("name",), "other"),
    (("summary",), "a line"),
    (("output",), "elsewhere"),
    (("seeds",), [1, 2]),
    (("logs", "wandb"), "project"),
    (("checkpoints", "every"), 7),
    (("budget", "hours"), 2),
]


@pytest.mark.parametrize(("path", "value"), RESULTS, ids=[".".join(map(str, path)) for path, _ in RESULTS])
def test_the_hash_covers_what_decides_the_results(path, value):
    assert made(changed(*path, to=value)).hash != made(SMALL).hash


@pytest.mark.parametrize(("path", "value"), NO_RESULTS, ids=[path[-1] for path, _ in NO_RESULTS])
def test_the_hash_leaves_out_what_does_not(path, value):
    assert made(changed(*path, to=value)).hash == made(SMALL).hash


def test_a_profile_of_the_plan_may_change_with_the_steps():
    schedule = {"calls": 0.0, "format": 0.0, "reasoning": {"from": 1.0, "to": 0.0, "steps": 50}}
    profile = {"extends": "tool-n1", "combine": {"use": "weighted", "weights": schedule}}
    verifier = made(changed("profile", to=profile)).verifier()
    thought = "<think>t</think>"
    rewards = [verifier.score(thought, answer=[], context=Context(step=step)).reward for step in (0, 100)]
    assert rewards == [1.0, 0.0]


def test_a_plan_survives_being_written_down():
    data = changed(
        "stages", to=[{"use": "sft", "steps": 3, "lora": {"rank": 4}}, {"use": "grpo", "epochs": 0.5}]
    )
    data = changed("resources", to={"gpus": 2, "vllm": {"mode": "colocate"}}, base=data)
    plan = made(data)
    again = made(json.loads(json.dumps(plan.model_dump(mode="json"))))
    assert (again, again.hash) == (plan, plan.hash)


def test_every_key_has_a_meaning():
    for section in (Plan, *SECTIONS.values()):
        for name, field in section.model_fields.items():
            assert field.description or name == "folder", (section, name)


def test_a_command_is_shown_as_one_types_it():
    command = Command(("python", "-m", "x", "a b"), {"N": "1", "P": "a'b"})
    assert command.line() == "N=1 P='a'\"'\"'b' python -m x 'a b'"


def test_all_of_its_errors_are_of_one_kind():
    assert issubclass(PlanError, ToolverifyError)
