"""The demo's world, its teacher, its model and its command; the parts that need transformers or TRL say so."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from toolverify import Verifier
from toolverify.cli.app import main
from toolverify.errors import PlanError, ToolverifyError
from toolverify.formats.tool_n1 import TOOL_N1
from toolverify.plan import load_plan
from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.tasks import read_tasks, task_to_row, write_tasks
from toolverify_trl.demo.model import SHAPES, make_model
from toolverify_trl.demo.prompt import TOOL_NAMES
from toolverify_trl.demo.run_demo import _new
from toolverify_trl.demo.stage_set import MISTAKES, SIZES, Wanted, plan_text, set_before, set_stage
from toolverify_trl.demo.teacher import demonstrate
from toolverify_trl.demo.tokenizer import MARKERS, make_tokenizer
from toolverify_trl.demo.world import make_tasks
from toolverify_trl.demo.world_requests import MIX, OFFERED
from toolverify_trl.demo.world_tools import TOOLS

MANY = 3_000
EFFORT = "0.02"
SEED = 3
PROFILES = ("tool-n1", "typed")


@pytest.fixture(scope="module")
def tasks():
    """Some thousands of tasks to train on."""
    return make_tasks(MANY, seed=1)


@pytest.fixture(scope="module")
def held_out():
    """Tasks to measure on."""
    return make_tasks(1_000, seed=1, split="held-out")


def query(task):
    (message,) = task.messages
    return message["content"]


def names(tools):
    return [tool["function"]["name"] for tool in tools]


def wanted_calls(task):
    """What the words ask for, whether it can be had or not."""
    return task.answer or task.meta.get("wanted", [])


def has_options(call, tools):
    (tool,) = [tool["function"] for tool in tools if tool["function"]["name"] == call["name"]]
    return call["arguments"].keys() > set(tool["parameters"]["required"])


def can_go_wrong(task):
    """Whether somebody in a hurry can make a mistake: forget a call, leave out an option, call what is not there."""
    several = len(task.answer) > 1
    optional = any([has_options(call, task.tools) for call in task.answer])
    return task.meta["category"] == "not-offered" or several or optional


def passes(verifier, task, completion):
    return verifier.score(completion, answer=task.answer, tools=list(task.tools)).passed


# The tools.


def properties():
    return [schema for tool in TOOLS for schema in tool.spec["function"]["parameters"]["properties"].values()]


def test_the_tools_have_arguments_of_every_kind():
    assert len({tool.name for tool in TOOLS}) == len(TOOLS) >= 16
    kinds = Counter([schema["type"] for schema in properties()])
    assert set(kinds) == {"string", "integer", "number", "boolean", "array"}
    assert min(kinds.values()) >= 3
    assert sum(["enum" in schema for schema in properties()]) >= 5
    assert {schema["items"]["type"] for schema in properties() if schema["type"] == "array"} == {"string"}
    assert sum([bool(tool.extras) for tool in TOOLS]) >= 5


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_toolverify_reads_every_tool_and_types_its_arguments(tool):
    verifier, spec = Verifier("typed"), tool.spec["function"]
    case = verifier.compile(answer=[], tools=[tool.spec])
    assert case.tools[tool.name].parameters == spec["parameters"]
    arguments = [*tool.needs, *[extra.argument for extra in tool.extras]]
    drawn = {argument.name: argument.draw(Random(0))[1] for argument in arguments}
    assert verifier.compile(answer=[{"name": tool.name, "arguments": drawn}], tools=[tool.spec])
    assert set(spec["parameters"]["required"]) == {argument.name for argument in tool.needs}
    assert spec["description"].endswith(".")


def test_a_tool_of_the_world_refuses_what_it_does_not_take():
    tools = [tool.spec for tool in TOOLS]
    call = {"name": "set_heating", "arguments": {"room": "hall", "degrees": 18.5}}
    verifier = Verifier("typed")
    text = TOOL_N1.render([], reasoning="t")
    for arguments in ({"room": "garden", "degrees": 18.5}, {"room": "hall", "degrees": "warm"}):
        wrong = text.replace("[]", json.dumps([{**call, "arguments": arguments}]))
        assert not verifier.score(wrong, answer=[call], tools=tools).passed
    assert verifier.score(text.replace("[]", json.dumps([call])), answer=[call], tools=tools).passed


# The tasks.


@pytest.mark.parametrize("profile", PROFILES)
def test_every_gold_passes_when_it_is_written(tasks, held_out, profile):
    verifier = Verifier(profile)
    written = [(task, demonstrate(task, Random(0))) for task in [*tasks, *held_out]]
    assert [task.id for task, text in written if not passes(verifier, task, text)] == []


def test_golds_stand_in_the_requests_word_by_word(tasks):
    """Whoever reads the request can know the answer: every text and every number of it is there."""
    for task in tasks:
        for call in wanted_calls(task):
            values = [
                item
                for value in call["arguments"].values()
                for item in (value if isinstance(value, list) else [value])
            ]
            said = [str(value) for value in values if not isinstance(value, bool)]
            assert all([value in query(task) for value in said]), task


def test_one_request_never_has_two_meanings(tasks, held_out):
    meanings: dict[str, set[str]] = {}
    for task in [*tasks, *held_out, *make_tasks(MANY, seed=2)]:
        meanings.setdefault(query(task), set()).add(json.dumps(wanted_calls(task), sort_keys=True))
    assert [asked for asked, meant in meanings.items() if len(meant) > 1] == []


def test_kinds_come_up_as_often_as_they_should(tasks, held_out):
    for made in (tasks, held_out):
        found = Counter([task.meta["category"] for task in made])
        assert set(found) == set(MIX)
        assert all([abs(found[kind] / len(made) - share) < 0.04 for kind, share in MIX.items()])


def test_the_mix_may_be_another():
    only = make_tasks(50, seed=1, mix={"chat": 1.0})
    assert {task.meta["category"] for task in only} == {"chat"}
    both = make_tasks(400, seed=1, mix={"parallel": 3.0, "not-offered": 1.0})
    assert 0.6 < Counter([task.meta["category"] for task in both])["parallel"] / 400 < 0.9


def test_every_kind_is_what_it_is_called(tasks, held_out):
    for task in [*tasks, *held_out]:
        offered, category = names(task.tools), task.meta["category"]
        assert len(set(offered)) == OFFERED
        called = [call["name"] for call in task.answer]
        assert len(called) == {"single": 1, "parallel": 2}.get(category, 0)
        assert set(called) <= set(offered)
        wanted = [call["name"] for call in task.meta.get("wanted", [])]
        assert bool(wanted) == (category == "not-offered")
        assert not set(wanted) & set(offered)


def test_every_tool_is_called_and_every_option_is_asked_for(tasks):
    calls = [call for task in tasks for call in task.answer]
    assert {call["name"] for call in calls} == {tool.name for tool in TOOLS}
    used = {(call["name"], argument) for call in calls for argument in call["arguments"]}
    arguments = {
        (tool.name, argument)
        for tool in TOOLS
        for argument in tool.spec["function"]["parameters"]["properties"]
    }
    assert used == arguments


def test_no_request_stands_twice_and_no_id(tasks, held_out):
    more = [make_tasks(500, seed=seed, split=split) for seed in (0, 2) for split in ("train", "held-out")]
    ids = [task.id for made in (tasks, held_out, *more) for task in made]
    assert len(set(ids)) == len(ids)
    put = [(query(task), tuple(names(task.tools))) for task in tasks]
    assert len(set(put)) == len(put) == MANY


def shared_by_splits(task):
    """Calls in any order; the words, where there are none."""
    calls = sorted([json.dumps(call, sort_keys=True) for call in task.answer])
    return tuple(calls) or query(task)


def test_what_is_held_out_is_never_trained_on(tasks, held_out):
    seeds = (0, 7, 100, 123_456_789)
    trained = [*tasks, *[task for seed in seeds for task in make_tasks(2_000, seed=seed)]]
    measured = [
        *held_out,
        *[task for seed in seeds for task in make_tasks(400, seed=seed, split="held-out")],
    ]
    assert not {*map(shared_by_splits, trained)} & {*map(shared_by_splits, measured)}


def test_fewer_tasks_are_the_first_of_more_and_another_seed_gives_others(tasks):
    assert make_tasks(100, seed=1) == tasks[:100]
    assert {query(task) for task in make_tasks(100, seed=2)} != {query(task) for task in tasks[:100]}
    assert make_tasks(0, seed=1) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "test"}, "unknown split 'test' @ split; use train, held-out"),
        ({"mix": {"single": 1.0, "dance": 1.0}}, "unknown mix 'dance' @ mix; use single, parallel, not-offered, chat"),
        ({"mix": {}}, "no kind of request comes up @ mix; give at least one a share above 0"),
        ({"mix": {"chat": 0.0}}, "no kind of request comes up"),
        ({"mix": {"chat": 1.0, "single": -0.5}}, "no kind of request comes up"),
        ({"mix": {"chat": float("nan")}}, "no kind of request comes up"),
    ],
)  # fmt: skip
def test_splits_and_kinds_that_there_are_not_are_refused(options, words):
    with pytest.raises(PlanError, match=words):
        make_tasks(1, seed=0, **options)


def test_tasks_come_back_from_a_file(tasks, tmp_path):
    write_tasks(tmp_path / "tasks.jsonl", tasks[:300])
    assert [task_to_row(task) for task in read_tasks(tmp_path / "tasks.jsonl")] == [
        task_to_row(task) for task in tasks[:300]
    ]


DIGEST = """
import hashlib, json
from random import Random
from toolverify.tasks import task_to_row
from toolverify_trl.demo.teacher import demonstrate
from toolverify_trl.demo.world import make_tasks
made = [task for split in ("train", "held-out") for task in make_tasks(500, seed=5, split=split)]
chance = Random(1)
rows = [[task_to_row(task), demonstrate(task, chance, mistakes=0.5)] for task in made]
print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())
"""


def told_by(code, hash_seed):
    """What a process with another order of its sets says."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    return subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)


def test_every_process_makes_the_same_tasks():
    assert told_by(DIGEST, "1") == told_by(DIGEST, "4242")


# The prompt and the teacher.


def test_the_prompt_names_the_tools_in_their_order_and_nothing_else(tasks):
    for task in tasks[:200]:
        system, turn = TOOL_NAMES.messages(task, TOOL_N1)
        assert system == {"role": "system", "content": " ".join(["Tools:", *names(task.tools)])}
        assert turn == task.messages[0]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_hurried_teacher_is_wrong_where_something_can_go_wrong_and_right_elsewhere(tasks, profile):
    verifier = Verifier(profile)
    judged = [(task, passes(verifier, task, demonstrate(task, Random(0), mistakes=1.0))) for task in tasks]
    assert [task.id for task, passed in judged if passed == can_go_wrong(task)] == []
    assert {task.meta["category"] for task, passed in judged if not passed} == set(MIX) - {"chat"}


@pytest.mark.parametrize("mistakes", [0.0, 0.1, 0.3, 0.7])
def test_a_teacher_errs_about_as_often_as_told(tasks, mistakes):
    verifier, chance = Verifier("tool-n1"), Random(8)
    able = [task for task in tasks if can_go_wrong(task)]
    wrong = [
        task for task in able if not passes(verifier, task, demonstrate(task, chance, mistakes=mistakes))
    ]
    assert len(able) > MANY / 3
    assert abs(len(wrong) / len(able) - mistakes) < (0.04 if mistakes else 1e-9)


def test_what_a_teacher_thinks_is_true_unless_it_errs(tasks):
    for task in tasks[:500]:
        thought = task.meta["reasoning"]
        assert demonstrate(task, Random(0)).startswith(f"<think>{thought}</think>")
        offered = [call["name"] in names(task.tools) for call in wanted_calls(task)]
        assert thought.count(" is offered") == sum(offered)
        assert thought.count(" is not offered") == len(offered) - sum(offered)


# The plans.


def wish(out, **changes):
    """What `toolverify demo` asks for when nothing is said."""
    standard = Wanted(out=out, seed=0, profile="tool-n1", size="tiny", device="cpu", effort=1.0)
    return replace(standard, **changes)


def planned(out, **changes):
    out.mkdir(exist_ok=True, parents=True)
    (out / "plan.toml").write_text(plan_text(wish(out, **changes)), encoding="utf-8")
    return load_plan(out / "plan.toml")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("effort", [1.0, 0.5, 0.02, 0.001, 2.5])
def test_the_plan_of_every_size_loads_and_effort_scales_steps_alone(tmp_path, size, effort):
    whole, part = [planned(tmp_path / name, size=size, effort=e) for name, e in (("a", 1.0), ("b", effort))]
    kinds = [type(stage) for stage in part.stages]
    assert kinds == [SftStage, SftStage, GrpoStage]
    for before, after in zip(whole.stages, part.stages, strict=True):
        counted = ("steps", "warmup", "evaluate_every")
        scaled = {
            key: max(1, round(getattr(before, key) * effort)) for key in counted if getattr(before, key)
        }
        assert {key: getattr(after, key) for key in scaled} == scaled
        assert after.model_copy(update=dict.fromkeys(counted)) == before.model_copy(
            update=dict.fromkeys(counted)
        )
    rest = {"stages", "folder"}
    assert part.model_dump(exclude=rest) == whole.model_dump(exclude=rest)
    assert {stage.label for stage in part.stages if isinstance(stage, SftStage)} == set(MISTAKES)
    assert part.missing_files()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_asked_for_stands_in_the_plan(tmp_path, size):
    plan = planned(tmp_path, size=size, seed=17, profile="toolrl", device="auto")
    assert (plan.seeds, plan.profile, plan.resources.device) == ((17,), "toolrl", "auto")
    assert plan.prompting() is not None
    (run,) = plan.runs()
    assert (run.seed, run.folder) == (17, tmp_path / "run")


def test_a_profile_of_a_person_s_own_is_found_from_where_the_person_stands(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text('extends = "tool-n1"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    plan = planned(tmp_path / "deep" / "demo", profile="mine.toml")
    assert plan.profile == str(tmp_path / "mine.toml")
    assert plan.verifier().profile.name == "mine"


# What the command refuses.


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


WRONG = [
    ({"size": "huge"}, "unknown size 'huge' @ --size; known: large, tiny"),
    ({"size": "tinny"}, "unknown size 'tinny' @ --size; did you mean 'tiny'"),
    ({"profile": "tool-nl"}, "unknown profile 'tool-nl'; did you mean 'tool-n1'"),
    ({"profile": "no/such.toml"}, "no file .*no/such.toml"),
    ({"device": "tpu"}, "resources.device: Input should be 'auto', 'cpu' or 'cuda', got 'tpu'"),
]
WRONG_IDS = ("size", "a size misspelt", "profile", "the file of a profile", "device")


@pytest.mark.parametrize(("changes", "words"), WRONG, ids=WRONG_IDS)
def test_what_there_is_not_is_refused_before_anything_is_made(tmp_path, changes, words):
    with pytest.raises(ToolverifyError, match=words):
        set_stage(wish(tmp_path / "demo", **changes))
    assert set(contents(tmp_path / "demo")) <= {"plan.toml"}


@pytest.mark.parametrize("name", ["notes.txt", "run/weights", ".hidden"])
def test_a_folder_of_somebody_else_s_is_refused_and_stays_as_it_was(tmp_path, name):
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(PlanError, match="holds something else @ --out; name a folder that is empty"):
        set_stage(wish(tmp_path / "mine"))
    assert contents(tmp_path / "mine") == {name: b"precious"}


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "demo").write_text("precious", encoding="utf-8")
    with pytest.raises(PlanError, match="is a file @ --out; name a folder"):
        set_stage(wish(tmp_path / "demo"))
    assert (tmp_path / "demo").read_text(encoding="utf-8") == "precious"


@pytest.fixture
def begun(tmp_path):
    """A folder as a demo leaves it that was broken off in training."""
    planned(tmp_path / "demo")
    (tmp_path / "demo" / "tasks").mkdir()
    (tmp_path / "demo" / "tasks" / "complete").touch()
    (tmp_path / "demo" / "run").mkdir()
    (tmp_path / "demo" / "run" / "log.jsonl").write_text("{}\n", encoding="utf-8")
    return tmp_path / "demo"


def test_a_demo_is_gone_on_with_by_the_options_that_it_was_begun_with(begun):
    known = set_before(wish(begun))
    assert known is not None
    assert known.seeds == (0,)


@pytest.mark.parametrize(
    "changes",
    [{"seed": 1}, {"profile": "typed"}, {"size": "large"}, {"device": "auto"}, {"effort": 0.5}],
)
def test_other_options_are_refused_on_resuming(begun, changes):
    before = contents(begun)
    with pytest.raises(PlanError, match=r"was begun with other options @ --resume; give the options that"):
        set_before(wish(begun, **changes))
    assert contents(begun) == before


def test_there_is_nothing_to_resume_where_not_all_was_made(tmp_path, begun):
    assert set_before(wish(tmp_path / "nowhere")) is None
    (begun / "tasks" / "complete").unlink()
    assert set_before(wish(begun)) is None


def test_without_resume_the_run_of_an_earlier_demo_goes_and_nothing_else(begun):
    (begun / "notes.txt").write_text("precious", encoding="utf-8")
    run = _new(load_plan(begun / "plan.toml"))
    assert not run.folder.exists()
    assert set(contents(begun)) == {"plan.toml", "notes.txt", "tasks/complete"}


def test_without_torch_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("toolverify: not installed, and needed to train: torch")
    assert "pip install 'toolverify-trl[train]'" in line
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--effort", "0"], ["--effort", "-1"], ["--effort", "nan"], ["--seed", "-1"], ["--seed", "x"], ["--sise", "x"]],
    ids=" ".join,
)  # fmt: skip
def test_a_slip_of_the_pen_is_one_line(tmp_path, arguments, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("toolverify: ")
    assert not (tmp_path / "demo").exists()


def test_the_options_of_the_command_are_told(capsys):
    assert main(["demo", "--help"]) == 0
    told = capsys.readouterr().out
    options = ("--out", "--seed", "--profile", "--size", "--device", "--effort", "--resume")
    assert all([option in told for option in options])


def test_a_folder_with_a_plan_of_a_person_s_own_is_refused(tmp_path):
    (tmp_path / "plan.toml").write_text('name = "precious"\n', encoding="utf-8")
    with pytest.raises(PlanError, match="--out"):
        set_stage(wish(tmp_path, effort=0.001))
    assert contents(tmp_path) == {"plan.toml": b'name = "precious"\n'}


@pytest.mark.parametrize(("changes", "words"), WRONG, ids=WRONG_IDS)
def test_a_slip_of_the_pen_costs_no_demo_that_could_be_gone_on_with(begun, changes, words):
    before = contents(begun)
    with pytest.raises(ToolverifyError, match=words):
        set_stage(wish(begun, **changes))
    assert contents(begun) == before


def test_an_effort_without_end_is_refused(tmp_path):
    with pytest.raises(PlanError, match="effort"):
        plan_text(wish(tmp_path, effort=float("inf")))


def test_a_seed_that_no_trainer_takes_is_refused(tmp_path):
    with pytest.raises(PlanError, match="seed"):
        planned(tmp_path, seed=2**32)


# The tokenizer and the model.


@pytest.fixture(scope="module")
def tokenizer():
    """The tokenizer of the world."""
    pytest.importorskip("transformers")
    return make_tokenizer()


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def given_back(tokenizer, text):
    return tokenizer.decode(ids(tokenizer, text), skip_special_tokens=False)


UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PIECES = st.sampled_from(
    [*MARKERS, "<|end|>", "<|user|>", '[{"name": "', "get_weather", "Oslo", " and ", "  ", "\r\n", "12:30", "\x00", "é"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(text=st.one_of(UNICODE, st.lists(st.one_of(UNICODE, PIECES), max_size=6).map("".join)))
def test_any_text_comes_back_from_its_tokens(tokenizer, text):
    assert given_back(tokenizer, text) == text


def test_what_teachers_write_comes_back_as_a_trainer_decodes_it(tokenizer, tasks):
    """Without special tokens, for that is how a trainer decodes; a profile still passes it."""
    verifier, chance = Verifier("tool-n1"), Random(2)
    for task in tasks[:500]:
        text = demonstrate(task, chance, mistakes=0.5)
        tokens = [*ids(tokenizer, text), tokenizer.eos_token_id]
        assert tokenizer.decode(tokens, skip_special_tokens=True) == text
        gold = tokenizer.decode(ids(tokenizer, demonstrate(task, Random(0))), skip_special_tokens=True)
        assert passes(verifier, task, gold)


def test_markers_are_single_tokens_that_are_not_special(tokenizer):
    for marker in MARKERS:
        (token,) = ids(tokenizer, marker)
        assert tokenizer.decode([token], skip_special_tokens=True) == marker
        assert token not in tokenizer.all_special_ids
        around = ids(tokenizer, f"Oslo{marker}Oslo")
        assert around == [*ids(tokenizer, "Oslo"), token, *ids(tokenizer, "Oslo")]


def test_the_tokenizer_is_always_the_same_and_survives_being_saved(tokenizer, tasks, tmp_path):
    from transformers import AutoTokenizer

    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for other in (make_tokenizer(), loaded):
        assert other.get_vocab() == tokenizer.get_vocab()
        assert (other.eos_token, other.pad_token) == (tokenizer.eos_token, tokenizer.pad_token)
        assert other.chat_template == tokenizer.chat_template
        odd = ["  a\n b ", "größe \U0001f600", "<|end|><think>", " , .", ""]
        for text in [*odd, *[demonstrate(task, Random(0)) for task in tasks[:100]]]:
            assert ids(other, text) == ids(tokenizer, text)
            assert given_back(other, text) == text


def test_every_answer_of_the_world_fits_into_the_completions_of_its_plans(
    tokenizer, tasks, held_out, tmp_path
):
    written = [len(ids(tokenizer, demonstrate(task, Random(0)))) + 1 for task in [*tasks, *held_out]]
    for size in SIZES:
        *_, stage = planned(tmp_path / size, size=size).stages
        assert max(written) <= stage.max_completion_tokens


def test_a_conversation_is_far_shorter_than_what_the_model_can_hold(tokenizer, tasks):
    for task in tasks[:500]:
        messages = TOOL_NAMES.messages(task, TOOL_N1)
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert text == f"<|system|>{messages[0]['content']}<|end|><|user|>{query(task)}<|end|><|assistant|>"
        assert len(ids(tokenizer, text)) < 100


TOKENS = """
import hashlib, json
from toolverify_trl.demo.tokenizer import make_tokenizer
print(hashlib.sha256(make_tokenizer().backend_tokenizer.to_str().encode()).hexdigest())
"""


def test_every_process_makes_the_same_tokenizer(tokenizer):
    assert told_by(TOKENS, "1") == told_by(TOKENS, "4242")


def parameters(model):
    return sum([weight.numel() for weight in model.parameters()])


def test_sizes_are_what_they_are_said_to_be(tokenizer):
    torch = pytest.importorskip("torch")
    assert set(SHAPES) == set(SIZES)
    assert 400_000 < parameters(make_model(tokenizer)) < 600_000
    with torch.device("meta"):  # without weights
        assert 35_000_000 < parameters(make_model(tokenizer, "large")) < 45_000_000


def test_a_seed_makes_its_weights_and_an_unknown_size_is_refused(tokenizer):
    torch = pytest.importorskip("torch")
    torch.manual_seed(99)
    one, again, other = [dict(make_model(tokenizer, seed=seed).state_dict()) for seed in (4, 4, 5)]
    assert all([torch.equal(one[name], again[name]) for name in one])
    assert not torch.equal(one["model.embed_tokens.weight"], other["model.embed_tokens.weight"])
    with pytest.raises(PlanError, match="unknown size 'huge' @ size; use one of tiny, large"):
        make_model(tokenizer, "huge")


def test_the_model_ends_its_turns_with_the_tokenizer_s_mark(tokenizer, tmp_path):
    pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    make_model(tokenizer).save_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert model.generation_config.pad_token_id == tokenizer.pad_token_id
    assert model.config.vocab_size == len(tokenizer)


# The whole of it, shortened.

needs_trl = pytest.mark.skipif(
    not all([find_spec(name) for name in ("torch", "trl", "datasets", "matplotlib")]),
    reason="needs TRL and matplotlib",
)


@dataclass(frozen=True)
class Demo:
    """A demo that has ended."""

    out: Path
    code: int
    told: str

    @property
    def summary(self) -> dict[str, Any]:
        """Its figures."""
        return json.loads((self.out / "summary.json").read_text(encoding="utf-8"))


def arguments(out):
    return ["demo", "--out", str(out), "--seed", str(SEED), "--effort", EFFORT]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo with a fiftieth of its steps, in this process."""
    out = tmp_path_factory.mktemp("demo") / "here"
    with redirect_stdout(io.StringIO()) as told:
        code = main(arguments(out))
    return Demo(out, code, told.getvalue())


@needs_trl
def test_a_demo_leaves_figures_a_picture_and_a_page(demo):
    assert demo.code == 0
    for side in ("before", "after"):
        found = demo.summary[side]
        assert {"sampled", "greedy", "n", "sampled_interval", "greedy_interval"} <= set(found)
        assert found["n"] == 400
        for decoding in ("sampled", "greedy"):
            low, high = found[f"{decoding}_interval"]
            assert 0 <= low <= found[decoding] <= high <= 1
    assert demo.summary["seed"] == SEED
    assert demo.summary["seconds"] > 0
    assert demo.summary["finished"] is True
    assert (demo.out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (demo.out / "reward.png").read_bytes().startswith(b"\x89PNG")


@needs_trl
def test_a_demo_says_where_everything_is_and_how_well_it_went(demo):
    for name in ("summary.json", "reward.png", "report.html"):
        assert str(demo.out / name) in demo.told
    assert f"{100 * demo.summary['after']['greedy']:.1f}" in demo.told
    assert "held-out tasks, after hurried-teacher, step 2 -> after rewarded, step 2" in demo.told


@needs_trl
def test_what_a_demo_trains_on_is_not_what_it_is_judged_by(demo):
    files = {file.stem: read_tasks(file) for file in (demo.out / "tasks").glob("*.jsonl")}
    assert {name: len(made) for name, made in files.items()} == {
        "careful-teacher": 20 * 16,
        "hurried-teacher": 2 * 16,
        "train": 2 * 16,
        "held-out": 400,
    }
    trained = [task for name, made in files.items() if name != "held-out" for task in made]
    assert not {*map(shared_by_splits, trained)} & {*map(shared_by_splits, files["held-out"])}
    verifier = Verifier("tool-n1")
    right = [passes(verifier, task, task.completion) for task in files["careful-teacher"] if not task.answer]
    assert all(right)
    hurried = [passes(verifier, task, task.completion) for task in files["hurried-teacher"]]
    assert 0 < sum(hurried) < len(hurried)


NUMBERS = (
    "tasks/train.jsonl",
    "tasks/held-out.jsonl",
    "tasks/hurried-teacher.jsonl",
    "start/model.safetensors",
)


@needs_trl
def test_the_same_seed_gives_the_same_numbers_in_another_folder_and_process(demo, tmp_path):
    command = [sys.executable, "-m", "toolverify", *arguments("there")]
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    other = Demo(tmp_path / "there", ended.returncode, ended.stdout)
    timed = {"seconds", "stages"}
    one, two = [{key: made.summary[key] for key in made.summary.keys() - timed} for made in (demo, other)]
    assert one == two
    same = [*NUMBERS, "run/stages/rewarded/model/model.safetensors"]
    same += [f"run/evaluations/rewarded-2-{decoding}.jsonl" for decoding in ("sampled", "greedy")]
    assert [name for name in same if (demo.out / name).read_bytes() != (other.out / name).read_bytes()] == []
    assert [line for line in demo.told.splitlines() if line.startswith("greedy:")] == [
        line for line in other.told.splitlines() if line.startswith("greedy:")
    ]


@needs_trl
def test_resuming_what_has_ended_changes_nothing(demo, tmp_path):
    shutil.copytree(demo.out, tmp_path / "demo")
    (tmp_path / "demo" / "report.html").unlink()
    assert main([*arguments(tmp_path / "demo"), "--resume"]) == 0
    assert contents(tmp_path / "demo") == contents(demo.out)


@needs_trl
@pytest.mark.parametrize(
    "changes", [["--seed", "4"], ["--effort", "1"], ["--profile", "typed"], ["--size", "large"]], ids=" ".join
)
def test_the_command_refuses_to_resume_with_other_options(demo, changes, capsys):
    before = contents(demo.out)
    assert main([*arguments(demo.out), *changes, "--resume"]) == 2
    assert "was begun with other options @ --resume" in capsys.readouterr().err
    assert contents(demo.out) == before


@needs_trl
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "huge"], "unknown size 'huge'"),
        (["--profile", "tool-nl"], "did you mean 'tool-n1'"),
        (["--device", "tpu"], "got 'tpu'"),
    ],
)
def test_the_command_says_in_a_line_what_it_does_not_know(tmp_path, options, words, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), *options]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("toolverify: ")
    assert words in last


@needs_trl
def test_the_command_leaves_folders_of_others_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("precious", encoding="utf-8")
    for more in ([], ["--resume"]):
        assert main(["demo", "--out", str(tmp_path), *more]) == 2
        assert "holds something else @ --out" in capsys.readouterr().err
    assert contents(tmp_path) == {"notes.txt": b"precious"}
