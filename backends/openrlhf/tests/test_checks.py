"""What `check` finds before a training is started, and that it finds nothing where nothing is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from openrlhf_samples import ANSWER, LABEL, TOOL

from toolverify import Verifier
from toolverify.checkup import Setup
from toolverify.errors import RowError
from toolverify.plugins import registry
from toolverify.protocols import Backend
from toolverify.training import Gold, write_label
from toolverify_openrlhf.backend import OpenRLHF
from toolverify_openrlhf.settings import read_command, settings_of

BACKEND = OpenRLHF()
NEW = {
    "reward.remote_url": str(BACKEND.path),
    "data.input_key": "prompt",
    "data.label_key": "label",
    "data.apply_chat_template": True,
    "data.max_len": "6144",
    "rollout.max_new_tokens": "2048",
    "rollout.n_samples_per_prompt": "8",
    "algo.advantage.estimator": "group_norm",
    "algo.dynamic_filtering_enable": True,
    "algo.dynamic_filtering_range": ["0", "1"],
}
OLD = {
    "--remote_rm_url": str(BACKEND.path),
    "--input_key": "prompt",
    "--label_key": "label",
    "--apply_chat_template": True,
    "--prompt_max_len": 4096,
    "--generate_max_len": 2048,
    "--n_samples_per_prompt": 8,
    "--advantage_estimator": "group_norm",
    "--dynamic_filtering": True,
    "--dynamic_filtering_reward_range": "0 1",
}
ROW = {
    "prompt": [{"role": "system", "content": "Tools: get_weather"}, {"role": "user", "content": "Oslo?"}],
    "label": LABEL,
}


def faults(config=NEW, version="0.11.2", rows=(ROW,), profile="typed", **more):
    setup = Setup(Verifier(profile), rows=rows, config=config, versions={"openrlhf": version}, **more)
    return list(BACKEND.check(setup))


def codes(*arguments, **options):
    return [fault.code.removeprefix("openrlhf.") for fault in faults(*arguments, **options)]


def test_it_is_a_backend_of_the_registry():
    assert isinstance(BACKEND, Backend)
    assert isinstance(registry().get("backend", "openrlhf").value, OpenRLHF)
    assert BACKEND.path.is_file()
    assert str(BACKEND.path) in BACKEND.usage("typed")
    assert "TOOLVERIFY_PROFILE=typed" in BACKEND.usage("typed")


@pytest.mark.parametrize(
    ("config", "version"),
    [(NEW, "0.11.2"), (NEW, "0.10.2"), (NEW, None), (OLD, "0.9.5"), (OLD, None), ({}, None)],
)
def test_a_good_set_up_has_no_fault(config, version):
    assert faults(config, version) == []


def test_the_command_lines_of_the_usage_are_good():
    _, new, old = BACKEND.usage("typed").split("python3 -m")
    more = {"data.max_len": 1, "train.batch_size": 1}
    assert codes(read_command(new.replace("…", "")), "0.11.2") == []
    assert codes(read_command(old.replace("…", "").split("#")[0]), "0.9.5") == []
    assert codes({**read_command(old.replace("…", "")), **more}, "0.9.5") == ["option_name"] * 2


def without(key, config=NEW):
    return {name: value for name, value in config.items() if name != key}


@pytest.mark.parametrize(
    ("config", "version", "expected"),
    [
        (NEW, "0.8.2", ["version_old", *["option_name"] * len(NEW)]),
        (NEW, "0.12.0", ["version_untried"]),
        (NEW, "0.11.0", ["filtering_loses"]),
        (OLD, "0.10.2", ["option_name"] * len(OLD)),
        (NEW, "0.9.5", ["option_name"] * len(NEW)),
        (OLD, "0.9.8", ["option_name"] * 2),
        ({**NEW, "label_key": "label"}, None, ["option_name"]),
        ({**NEW, "flash_attn": True}, None, ["option_name"]),
        ({**OLD, "bf16": True}, "0.9.1", []),
        ({**OLD, "bf16": True}, "0.9.2", ["option_name"]),
        ({**OLD, "param_dtype": "bf16"}, "0.9.1", ["option_name"]),
        ({**NEW, "algo.advantage.is_correction_enable": True}, "0.11.2", ["option_name"]),
        ({**NEW, "algo.advantage.is_correction_enable": True}, "0.11.1", []),
        ({**NEW, "actor.loss_agg_mode": "token"}, "0.11.1", ["option_name"]),
        (without("reward.remote_url"), "0.11.2", ["no_reward_file"]),
        ({**NEW, "train.agent_func_path": "/a.py"}, "0.11.2", ["agent"]),
        ({**NEW, "reward.remote_url": "http://localhost:5000/get_reward"}, "0.11.2", ["no_py_file"]),
        ({**NEW, "reward.remote_url": "/no/such/file.py"}, "0.11.2", ["no_file"]),
        ({**NEW, "reward.remote_url": "reward.py"}, "0.11.2", ["relative_path", "no_file"]),
        ({**NEW, "reward.remote_url": f"{BACKEND.path},http://x"}, "0.11.2", ["several_rewards"]),
        (without("data.label_key"), "0.11.2", ["no_label_key"]),
        ({**NEW, "data.label_key": "gold"}, "0.11.2", ["no_label"]),
        (without("data.input_key"), "0.11.2", ["no_input"]),
        ({**NEW, "data.apply_chat_template": False}, "0.11.2", ["no_chat_template"]),
        ({**NEW, "data.input_template": "{} and {more}"}, "0.11.2", ["template"]),
        ({**NEW, "data.input_template": "Q: {}\nA:"}, "0.11.2", []),
        ({**NEW, "rollout.n_samples_per_prompt": 1}, "0.11.2", ["filtering_one_sample", "group_of_one"]),
        (without("rollout.n_samples_per_prompt"), "0.11.2", ["filtering_one_sample", "group_of_one"]),
        ({**NEW, "algo.dynamic_filtering_range": [1, 2]}, "0.11.2", ["filtering_range"]),
        ({**NEW, "algo.dynamic_filtering_range": "-1 1"}, "0.11.2", ["filtering_range"]),
        ({**NEW, "algo.dynamic_filtering_range": [0.1, 0.9]}, "0.11.2", []),
        ({**NEW, "data.max_len": 2048}, "0.11.2", ["no_room"]),
        ({**without("--prompt_max_len", OLD), "prompt_max_len": 0}, "0.9.5", ["no_room"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(config, version, expected):
    assert codes(config, version) == expected


def test_every_fault_says_what_to_do():
    found = [*faults(OLD, "0.10.2"), *faults({"reward.remote_url": "reward.py"}, None, rows=[{"x": 1}])]
    assert len(found) > 10
    for fault in found:
        assert fault.code.startswith("openrlhf.")
        assert len(fault.mend) > 5
        assert fault.message


def test_a_renamed_option_is_told_with_its_new_name():
    (fault,) = [fault for fault in faults(OLD, "0.11.2") if fault.where == "--remote_rm_url"]
    assert fault.mend == "write --reward.remote_url"
    (fault,) = [fault for fault in faults(NEW, "0.10.1") if fault.where == "--algo.advantage.estimator"]
    assert fault.mend == "write --advantage_estimator"


FILES = {
    "def other(): pass": ["no_reward_func"],
    "def reward_func(q, p, l): pass": [],
    "from mine import reward_func": [],
    "reward_func: object = print": [],
    "async def reward_func(q, p, l): pass": ["async_reward_func"],
    "def reward_func(:": ["file_unreadable"],
    "from .beside import x\nreward_func = x": ["sibling_import"],
    "import beside.deep\nreward_func = 1": ["sibling_import"],
    "import json, os\nreward_func = 1": [],
    "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A: pass\nreward_func = A": [
        "postponed_annotations"
    ],
    "from __future__ import annotations\nclass A: pass\nreward_func = A": [],
}


@pytest.mark.parametrize(("source", "expected"), FILES.items(), ids=range(len(FILES)))
def test_a_reward_file_is_read_and_never_run(source, expected, tmp_path):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "__init__.py").touch()
    path = tmp_path / "my_reward.py"
    path.write_text(source + "\nraise SystemExit('it was run')", encoding="utf-8")
    assert codes({**NEW, "reward.remote_url": str(path)}) == expected


BENT = {"answer": [{"name": "get_weather", "arguments": {"city": "Oslo", "days": None}}], "tools": [TOOL]}


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Oslo", ["label_no_json"]),
        ("", ["label_no_json"]),
        ("5", ["label_unreadable"]),
        (None, ["label_bent", "label_unreadable"]),
        (BENT, ["label_bent"]),
        ({"answer": ANSWER, "tools": [TOOL]}, ["label_no_text"]),
        (json.dumps(ANSWER), ["no_tools_in_label"]),
        (write_label(ANSWER, tools=[{"name": 5}]), ["label_unreadable"]),
        (write_label(ANSWER, compare={"city": "no such"}), ["label_unreadable"]),
    ],
)
def test_a_label_that_does_not_hold_what_is_needed_is_found(label, expected):
    assert codes(rows=[{**ROW, "label": label}]) == expected


def test_a_profile_that_reads_no_tools_misses_none():
    assert codes(rows=[{**ROW, "label": json.dumps(ANSWER)}], profile="tool-n1") == []


def test_tools_that_the_model_is_not_told_of_are_found():
    row = {**ROW, "prompt": [{"role": "user", "content": "Is it <image> in Oslo?"}]}
    assert codes(rows=[row]) == ["image_tag", "tools_not_in_prompt"]


def test_parts_of_a_message_are_looked_at_too():
    row = {
        **ROW,
        "prompt": [{"role": "user", "content": [{"type": "text", "content": "get_weather in Oslo"}]}],
    }
    assert codes(rows=[row]) == []


def test_a_schedule_stands_still(tmp_path):
    path = tmp_path / "late.toml"
    path.write_text(
        'extends = "tool-n1"\ncombine = { use = "weighted", weights = { reasoning = 0, format = 0, calls = { from = 0, to = 1, steps = 9 } } }\n',
        encoding="utf-8",
    )
    assert codes(profile=path) == ["no_step"]


def test_a_rule_of_a_reserved_name_is_found(foreign_rules):
    path = foreign_rules / "kl.toml"
    path.write_text('extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "kl"]\n', encoding="utf-8")
    assert codes(profile=path) == ["reserved_name"]


def test_the_gold_of_a_row_is_what_the_reward_reads():
    assert BACKEND.gold(ROW) == Gold(ANSWER, [TOOL])
    assert BACKEND.gold({"gold": LABEL}, "gold") == Gold(ANSWER, [TOOL])
    for row in ({"prompt": "x"}, {"label": None}):
        with pytest.raises(RowError, match="no label"):
            BACKEND.gold(row)


def test_a_tokenizer_that_cannot_be_read_is_told(tmp_path):
    (fault,) = faults(tokenizer=tmp_path / "nothing")
    assert fault.code == "openrlhf.tokenizer_unread"
    assert fault.level == "warning"


def test_every_code_is_listed_on_the_page():
    sources = "".join(path.read_text(encoding="utf-8") for path in BACKEND.path.parent.glob("check_*.py"))
    written = set(re.findall(r'Fault\(\s*"openrlhf\.(\w+)"', sources)) | set(
        re.findall(r'_fault\(\s*"(\w+)"', sources)
    )
    page = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(?:openrlhf)?\.(\w+)`", page)
    assert len(written) > 30
    assert sorted(listed) == sorted(written)


def test_a_command_line_is_read_as_a_shell_reads_it():
    text = "# a training\nray start\npython3 -m openrlhf.cli.train_ppo_ray --a.b c \\\n  --range 0 1 --flag --x=y --neg -1 '--q' \"a b\"\n"
    assert read_command(text) == {
        "a.b": "c",
        "range": ["0", "1"],
        "flag": True,
        "x": "y",
        "neg": "-1",
        "q": "a b",
    }
    assert settings_of({"--range": ["0", "x"]}, "1").get("range") == ["0", "x"]
