"""`toolverify doctor`: every fault that it knows is planted and found, and a sound set-up is fine."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolverify as tv
from toolverify.checkup import Fault, Setup
from toolverify.cli import main
from toolverify.cli.row_files import read_rows
from toolverify.doctor import CODES, examine, grouped, look_at_plugins, look_at_profile
from toolverify.doctor.surroundings import look_at_parts
from toolverify.errors import RenderError, ToolverifyError
from toolverify.plugins import load, registry
from toolverify.profile import Profile
from toolverify.testing import json_values
from toolverify.training import Gold, read_label

ROOT = Path(__file__).resolve().parents[1]
TOOLS = [
    {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
    {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    },
]
WEATHER = {"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}
ADD = {"name": "add", "arguments": {"a": 2}}
ROW = {"id": "w", "answer": [WEATHER], "tools": TOOLS}
TEMPLATE = "{% if tools %}{{ tools }}{% endif %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"


ROW_KEYS = ("id", "answer", "tools", "meta", "messages", "category", "step", "label")
TOKENIZER_KEYS = (
    "added_tokens",
    "added_tokens_decoder",
    "additional_special_tokens",
    "extra_special_tokens",
    "eos_token",
    "chat_template",
)


class Trainer:
    """A backend whose rows carry a label."""

    name = "test-trainer"
    summary = "A trainer that is none."
    requires = {}  # noqa: RUF012
    path = None

    def usage(self, profile: str) -> str:
        return f"reward = {profile}"

    def gold(self, row):
        return read_label(row["label"])

    def check(self, setup):
        if setup.config.get("trainer.reward") == "none":
            yield Fault("trainer.no_reward", "no reward is set", "set trainer.reward", where="trainer.reward")


def setup(*rows, profile="typed", wire=None, **known) -> Setup:
    return Setup(tv.Verifier(profile, format=wire), rows=rows, **known)


def faults(made: Setup) -> list[Fault]:
    return [found for look in examine(made) for found in look.faults]


def own(**keys) -> Profile:
    return Profile.model_validate({"name": "own", "format": "tool-n1", **keys})


def trainer(**known) -> Trainer:
    return type("Changed", (Trainer,), known)()


def folder(tmp_path, *, template=TEMPLATE, added=(), config=None, **files) -> Path:
    """A tokenizer's folder."""
    texts = {
        "tokenizer.json": json.dumps({"added_tokens": list(added)}),
        "tokenizer_config.json": json.dumps(
            {"eos_token": "<|im_end|>", "chat_template": template, **(config or {})}
        ),
        **files,
    }
    for name, text in texts.items():
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def hooks(**named) -> types.ModuleType:
    """A module with hooks, as a plugin brings it."""
    module = types.ModuleType("planted_plugin")
    for name, parts in named.items():

        def hook(parts=parts):
            return parts()

        hook.__name__ = name
        setattr(module, name, tv.hookimpl(hook))
    return module


def plugins_with(monkeypatch, module: types.ModuleType | None, value="planted_plugin"):
    if module is not None:
        monkeypatch.setitem(sys.modules, "planted_plugin", module)
    return load([metadata.EntryPoint("planted", value, "toolverify")])


class Mute:
    name = "mute"

    def read(self, completion, case, context):
        raise AssertionError("it is never read")

    def render(self, calls, *, reasoning=None, content=""):
        raise RenderError("mute writes nothing", path="calls", mend="speak")


def raising(view):
    raise KeyError("planted")


@pytest.fixture
def planted(monkeypatch):
    """A registry with a format that writes nothing, and a rule that raises."""
    module = hooks(
        toolverify_formats=lambda: [Mute()], toolverify_rules=lambda: [tv.rule("raising")(raising)]
    )
    known = plugins_with(monkeypatch, module)
    monkeypatch.setattr("toolverify.verifier.registry", lambda: known)
    return known


# One plant for each code: what is wrong, and nothing else that could give the code.


def broken_plugin(monkeypatch, **_):
    with pytest.warns(RuntimeWarning, match="failed to import"):
        known = plugins_with(monkeypatch, None, "no_module_of_this_name")
    return look_at_plugins(known).faults


def broken_hook(monkeypatch, **_):
    module = hooks(toolverify_rules=lambda: [object()])
    return look_at_plugins(plugins_with(monkeypatch, module)).faults


def twins(monkeypatch, **_):
    module = hooks(toolverify_formats=lambda: [tv_format("hermes")])
    return look_at_plugins(plugins_with(monkeypatch, module)).faults


def tv_format(name):
    from toolverify.formats.engines import JsonBlocks

    return JsonBlocks(name=name)


def unmet_requirement(monkeypatch, **_):
    wants = ["msgspec>=99", "no-such-distribution", "pluggy>=1 ; extra == 'never'", "rich @ file:///x"]
    monkeypatch.setattr(metadata, "requires", lambda name: wants)
    return look_at_parts(setup()).faults


def with_requirement(wanted, installed="1.5"):
    return lambda **_: faults(setup(backend=trainer(requires={"it": wanted}), versions={"it": installed}))


def with_tokenizer(**files):
    return lambda tmp_path, **_: faults(setup(tokenizer=folder(tmp_path, **files), backend=Trainer()))


def with_rows(*rows, **known):
    return lambda **_: faults(setup(*rows, **known))


def unreadable_line(tmp_path, **_):
    (tmp_path / "rows.jsonl").write_text('{"answer": []}\n{"answer": [}\n', encoding="utf-8")
    return read_rows(str(tmp_path / "rows.jsonl"), 10).faults


def unwritten(planted, **_):
    return faults(setup(ROW, wire="mute"))


def unscorable(planted, **_):
    return faults(setup(ROW, profile=own(rules=["calls", {"use": "raising", "gate": True}])))


def failing(*_):
    raise KeyError("planted")


BENT = {
    "id": 1,
    "answer": [{"name": "add", "arguments": {"a": 2, "city": None, "days": None}}],
    "tools": TOOLS,
}
LABEL = {"label": json.dumps({"answer": [WEATHER], "tools": TOOLS})}
OPEN = "{% if tools %}{% endif %}{% if add_generation_prompt %}<|assistant|>\n<think>\n{% endif %}"
SPECIAL = [{"id": 5, "content": "<tool_call>", "special": True}]

PLANTS = {
    "plugins.broken": broken_plugin,
    "plugins.hook": broken_hook,
    "plugins.twins": twins,
    "profile.broken": lambda **_: look_at_profile("typd", None)[0].faults,
    "parts.requirement": unmet_requirement,
    "versions.missing": with_requirement(">=1", None),
    "versions.old": with_requirement(">=2,<3"),
    "versions.untried": with_requirement(">=1,<1.4"),
    "versions.excluded": with_requirement(">=1,!=1.5"),
    "tokenizer.missing_file": with_tokenizer(**{"tokenizer.json": None}),
    "tokenizer.unreadable": with_tokenizer(**{"tokenizer.json": "[1, 2"}),
    "tokenizer.special_marker": with_tokenizer(added=SPECIAL),
    "tokenizer.prefilled_reasoning": with_tokenizer(template=OPEN),
    "tokenizer.no_chat_template": with_tokenizer(template=None),
    "tokenizer.no_tools": with_tokenizer(template="{{ messages }}"),
    "rows.none": with_rows(data=Path("empty.jsonl")),
    "rows.unreadable": unreadable_line,
    "rows.no_answer": with_rows({"id": 1, "gold": []}),
    "rows.null_answer": with_rows({"id": 1, "answer": None}),
    "rows.answer": with_rows({"answer": [{"name": "add", "arguments": "{}"}]}),
    "rows.tools": with_rows({"answer": [], "tools": [{"parameters": {}}]}),
    "rows.gold": with_rows({}, backend=trainer(gold=lambda self, row: read_rows_error())),
    "rows.null_filled": with_rows(BENT),
    "rows.structs": with_rows(ROW, data=Path("rows.parquet")),
    "rows.grading_shown": with_rows(
        {**ROW, "messages": [{"role": "system", "content": '{"x-toolverify": 1}'}]}
    ),
    "rows.duplicate_id": with_rows(ROW, ROW),
    "gold.unwritten": unwritten,
    "gold.fails": with_rows({**ROW, "answer": [{"name": "add", "arguments": {"a": "two"}}]}),
    "gold.unscorable": unscorable,
    "gold.wrong_passes": with_rows(ROW, profile=own(rules=["format", {"use": "names", "gate": True}])),
    "gold.wrong_pays": with_rows(
        ROW,
        profile=own(
            rules=["format", "calls"], combine={"use": "weighted", "weights": {"format": 1.0, "calls": 0.0}}
        ),
    ),
    "gold.nothing_fails": with_rows(ROW, profile=own(rules=["format"])),
    "backend.raised": with_rows(LABEL, backend=trainer(check=lambda self, setup: failing())),
}


def read_rows_error():
    raise ToolverifyError("no label here", mend="make one")


@pytest.mark.parametrize("code", CODES)
def test_every_fault_is_found_with_its_mend(code, monkeypatch, tmp_path, request):
    plant = PLANTS[code]
    asked = {"planted": request.getfixturevalue("planted")} if plant in {unwritten, unscorable} else {}
    found = [
        fault for fault in plant(monkeypatch=monkeypatch, tmp_path=tmp_path, **asked) if fault.code == code
    ]
    assert found
    assert all(fault.mend and fault.message for fault in found)


def test_every_plant_has_a_code():
    assert set(PLANTS) == set(CODES)


def test_a_sound_set_up_has_no_fault(tmp_path):
    rows = [{**LABEL, "id": 1}, {"id": 2, "label": json.dumps({"answer": [], "tools": TOOLS})}]
    made = setup(
        *rows,
        backend=Trainer(),
        versions={},
        tokenizer=folder(tmp_path),
        config={"trainer.reward": "x"},
    )
    looks = examine(made)
    assert [look.name for look in looks if look.faults or look.skipped] == []
    gold = next(look for look in looks if look.name == "gold")
    assert gold.told.startswith("2 of 2 golds pass; ")


def test_every_requirement_that_is_not_met_is_told(monkeypatch):
    told = [found.message for found in unmet_requirement(monkeypatch)]
    assert len(told) == 2
    assert "wants msgspec>=99; installed is" in told[0]
    assert "wants no-such-distribution, which is not installed" in told[1]


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(ROW_KEYS, json_values())), max_size=4))
def test_no_row_ends_the_look(made):
    for profile in ("typed", "tool-n1"):
        assert len(examine(setup(*made, profile=profile))) == 7
    examine(
        setup(
            *made, data=Path("rows.parquet"), backend=trainer(gold=lambda self, row: Gold(row["answer"], row))
        )
    )


@settings(max_examples=40)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TOKENIZER_KEYS, json_values())))
def test_no_tokenizer_ends_the_look(tmp_path_factory, files):
    made = folder(tmp_path_factory.mktemp("tokenizer"), **{"tokenizer_config.json": json.dumps(files)})
    assert len(examine(setup(tokenizer=made, backend=Trainer()))) == 7


def test_what_fails_says_where_and_why():
    broken = {**ROW, "id": "b", "answer": [{"name": "add", "arguments": {"a": "two"}}]}
    (found,) = faults(setup(ROW, broken, places=("line 1", "line 7")))
    assert found.where == "line 7, id b"
    assert "schema.violated @ calls[0].arguments.a: 'two' is not of type 'integer'" in found.message
    assert "schema" in found.mend


def test_a_gold_that_is_empty_must_not_pass_with_a_call():
    assert faults(setup({"answer": [], "tools": TOOLS})) == []
    found = faults(setup({"answer": []}, profile=own(rules=["format"])))
    assert [fault.code for fault in found] == ["gold.nothing_fails"]


@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
@pytest.mark.parametrize("wire", ["tool-n1", "hermes", "openai-message"])
def test_plain_golds_pass_in_every_format(profile, wire):
    made = [
        ROW,
        {"answer": [WEATHER, ADD], "tools": TOOLS},
        {"answer": {"any_of": [[ADD], [WEATHER]]}, "tools": TOOLS},
    ]
    assert faults(setup(*made, profile=profile, wire=wire)) == []


@pytest.mark.parametrize(
    ("compare", "answer"),
    [
        ({"city": "casefold"}, WEATHER),
        ({"city": "ignore"}, WEATHER),
        ({"city": {"use": "one-of"}}, {"name": "get_weather", "arguments": {"city": ["Oslo", "Bergen"]}}),
        ({"city": {"use": "regex"}}, {"name": "get_weather", "arguments": {"city": "O[a-z]+"}}),
    ],
)
def test_relaxed_arguments_are_no_faults(compare, answer):
    assert faults(setup({"answer": [answer], "meta": {"compare": compare}}, profile="tool-n1")) == []


def test_a_subset_may_have_more_calls_and_that_is_no_fault():
    assert faults(setup(ROW, profile=own(rules=["calls"], matcher="subset"))) == []


def test_a_gold_that_nests_too_deep_for_the_interpreter_is_counted(monkeypatch):
    def too_deep(calls):
        raise RecursionError

    monkeypatch.setattr("toolverify.doctor.replay.every_mutation", too_deep)
    gold = next(look for look in examine(setup(ROW)) if look.name == "gold")
    assert gold.faults == ()
    assert gold.told.endswith("; golds that nest too deep to be tried: 1")


def test_answers_that_a_dataset_has_filled_with_nulls_are_found_without_tools():
    union = {"a": None, "city": None}
    rows = [
        {"answer": [{"name": "add", "arguments": {**union, "a": 2}}]},
        {"answer": [{"name": "get_weather", "arguments": {**union, "city": "Oslo"}}]},
    ]
    found = [fault for fault in faults(setup(*rows, profile="tool-n1")) if fault.code == "rows.null_filled"]
    assert [fault.message for fault in found] == [
        "null at answer[0].arguments.city",
        "null at answer[0].arguments.a",
    ]


def test_a_null_that_the_tool_knows_is_an_answer():
    tool = {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}},
    }
    assert faults(setup({"answer": [{"name": "add", "arguments": {"a": None}}], "tools": [tool]})) == []


def test_tools_that_a_dataset_has_filled_with_nulls_are_found():
    tool = {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "city": None}},
    }
    found = faults(setup({"answer": [ADD], "tools": [tool]}))
    assert "null at tools[0].parameters.properties.city" in [fault.message for fault in found]


@pytest.mark.parametrize(
    ("files", "token"),
    [
        ({"added": SPECIAL}, "<tool_call>"),
        ({"config": {"additional_special_tokens": ["</think>"]}}, "</think>"),
        ({"config": {"extra_special_tokens": {"call": "</tool_call>"}}}, "</tool_call>"),
        ({"config": {"eos_token": {"content": "</tool_call>"}}}, "</tool_call>"),
        ({"config": {"added_tokens_decoder": {"7": {"content": "<think>", "special": True}}}}, "<think>"),
        ({"special_tokens_map.json": '{"additional_special_tokens": ["<think>"]}'}, "<think>"),
    ],
)
def test_a_marker_is_special_however_that_is_said(tmp_path, files, token):
    (found,) = faults(setup(tokenizer=folder(tmp_path, **files), backend=Trainer()))
    assert (found.code, found.level) == ("tokenizer.special_marker", "error")
    assert repr(token) in found.message


def test_markers_that_are_not_special_or_are_kept_are_fine(tmp_path):
    made = folder(tmp_path, added=[{"content": "<tool_call>", "special": False}])
    assert faults(setup(tokenizer=made, backend=Trainer())) == []
    made = folder(tmp_path, added=SPECIAL)
    assert faults(setup(tokenizer=made, backend=trainer(keeps_special_tokens=True))) == []
    assert [fault.level for fault in faults(setup(tokenizer=made))] == ["warning"]
    assert faults(setup(tokenizer=made, wire="openai-message", backend=Trainer())) == []


@pytest.mark.parametrize(
    "ending",
    [
        "{% if add_generation_prompt %}<|assistant|>\n<think>\n{% endif %}",
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}",
        (
            "{%- if add_generation_prompt %}{{- 'a' }}{%- if not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}"
            "{%- else %}{{- '<think>\\n' }}{%- endif %}{%- endif %}"
        ),
    ],
)
def test_a_template_that_opens_the_reasoning_is_found_where_nobody_says_so(tmp_path, ending):
    made = folder(tmp_path, template="{{ tools }}" + ending)
    (found,) = faults(setup(tokenizer=made))
    assert (found.code, found.level) == ("tokenizer.prefilled_reasoning", "warning")
    assert faults(setup({**ROW, "reasoning_open": True}, tokenizer=made)) == []
    assert faults(setup(tokenizer=made, backend=trainer(sees_prompts=True))) == []
    assert faults(setup(tokenizer=made, backend=Trainer(), config={"reward.reasoning_open": True})) == []
    assert faults(setup(tokenizer=made, profile=own(rules=["calls"]))) == []


@pytest.mark.parametrize(
    "ending",
    [
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}",
        (
            "{%- if add_generation_prompt %}{{- 'a' }}{%- if not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}"
            "{%- endif %}{%- endif %}"
        ),
        "{{ '<think>' }}{% if add_generation_prompt %}<|assistant|>{% endif %}",
    ],
)
def test_a_template_that_leaves_the_reasoning_to_the_model_is_fine(tmp_path, ending):
    assert faults(setup(tokenizer=folder(tmp_path, template="{{ tools }}" + ending))) == []


@pytest.mark.parametrize("profile", ["toolrl", "bfcl-ast"])
def test_a_format_that_names_no_markers_is_written_to_see_them(tmp_path, profile):
    pytest.importorskip("toolverify_toolrl")
    pytest.importorskip("toolverify_bfcl")
    special = [{"content": "</think>", "special": True}]
    made = setup(
        profile=profile, tokenizer=folder(tmp_path, added=special, template="{{ tools }}"), backend=Trainer()
    )
    assert [found.code for found in faults(made)] == ["tokenizer.special_marker"]
    made = setup(profile=profile, tokenizer=folder(tmp_path, template=OPEN), backend=Trainer())
    (found,) = faults(made)
    assert found.code == "tokenizer.prefilled_reasoning"
    assert "does not heed reasoning_open" in found.mend


def test_a_folder_without_a_fast_tokenizer_is_read_as_far_as_it_goes(tmp_path):
    made = folder(tmp_path, **{"tokenizer.json": None, "vocab.json": "{}"})
    assert [(found.code, found.level) for found in faults(setup(tokenizer=made))] == [
        ("tokenizer.missing_file", "warning")
    ]


def test_a_template_in_a_file_of_its_own_or_one_of_several_is_read(tmp_path):
    several = [{"name": "default", "template": "{{ messages }}"}, {"name": "tool_use", "template": TEMPLATE}]
    assert faults(setup(tokenizer=folder(tmp_path, template=several))) == []
    made = folder(tmp_path, template=TEMPLATE, **{"chat_template.jinja": "{{ messages }}"})
    assert [fault.where for fault in faults(setup(tokenizer=made))] == ["chat_template.jinja"]


def test_a_backend_that_fails_on_a_row_is_told_and_does_not_end_the_look():
    looks = examine(setup(LABEL, {"id": 2}, backend=Trainer()))
    found = [fault for look in looks for fault in look.faults]
    assert [(fault.code, fault.where) for fault in found] == [("backend.raised", "row 2, id 2")]
    assert "KeyError: 'label'" in found[0].message
    assert faults(setup(LABEL, backend=trainer(gold=lambda self, row: [])))[0].message == (
        "test-trainer: its gold is a list"
    )


def test_a_gold_of_a_backend_may_be_null():
    made = setup({}, backend=trainer(gold=lambda self, row: Gold(None)))
    assert [fault.code for fault in faults(made)] == ["rows.null_answer"]


def test_faults_of_one_kind_are_one_group():
    found = [Fault("a", str(index), "mend it") for index in range(9)] + [Fault("a", "x", "mend it otherwise")]
    assert [(group.count, len(group.first)) for group in grouped(found)] == [(9, 3), (1, 1)]


# The command.


@pytest.fixture
def rows(tmp_path):
    def write(*made, name="rows.jsonl"):
        text = "".join([json.dumps(row) + "\n" for row in made]).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_sound_file_exits_0_and_says_what_was_looked_at(rows, capsys, name):
    assert main(["doctor", rows(ROW, {**ROW, "id": 2, "answer": []}, name=name), "-p", "typed"]) == 0
    out = capsys.readouterr().out
    assert "fine    rows        2 rows read, each with an answer that compiles" in out
    assert out.endswith("nothing is wrong; not looked at: versions, tokenizer, backend\n")
    assert max(map(len, out.splitlines())) <= 80


def test_a_wrong_file_exits_1_and_shows_the_first_rows_of_each_kind(rows, capsys):
    bad = [{"id": index, "answer": None} for index in range(5)]
    assert main(["doctor", rows(ROW, *bad), "-p", "typed"]) == 1
    out = capsys.readouterr().out
    assert (
        "  error rows.null_answer, 5 times\n    line 2, id 0: the answer is missing (null) @ answer\n" in out
    )
    assert "    and 2 more\n    mend: Write [] where no call is expected" in out
    assert "fine    gold        1 of 1 golds pass" in out
    assert out.endswith("1 error; not looked at: versions, tokenizer, backend\n")


def test_warnings_alone_exit_0(rows, capsys):
    assert main(["doctor", rows(ROW, ROW), "-p", "typed"]) == 0
    assert "no errors, 1 warning" in capsys.readouterr().out


def test_only_the_first_rows_are_looked_at(rows, capsys):
    file = rows(ROW, {"answer": None})
    assert main(["doctor", file, "-p", "typed", "--rows", "1"]) == 0
    assert "1 rows read" in capsys.readouterr().out


def test_lines_that_are_no_rows_are_told_with_their_number(rows, tmp_path, capsys):
    file = Path(rows(ROW))
    file.write_bytes(file.read_bytes() + b"[1]\n{broken\n")
    assert main(["doctor", str(file), "-p", "typed"]) == 1
    out = capsys.readouterr().out
    assert "rows.unreadable, 2 times" in out
    assert "line 2: expected an object, got list" in out


def test_the_report_as_json(rows, capsys):
    assert main(["doctor", rows({"id": "x", "answer": None}), "-p", "typed", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["profile"], told["sound"], told["backend"]) == ("typed", False, None)
    assert [check["state"] for check in told["checks"] if check["name"] == "rows"] == ["error"]
    (found,) = told["faults"]
    assert found["code"] == "rows.null_answer"
    assert found["count"] == 1
    assert found["first"] == [{"where": "line 1, id x", "message": "the answer is missing (null) @ answer"}]


def test_nothing_that_a_row_holds_acts_on_a_terminal(rows, capsys):
    assert main(["doctor", rows({"id": "\x1b[31mred", "answer": None}), "-p", "typed"]) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "a=1"], "name the trainer with --backend"),
        (["--tokenizer", "/no/folder"], "is no folder"),
        (["/no/file.jsonl"], "does not exist"),
        (["--backend", "no-such-trainer"], "unknown backend 'no-such-trainer'"),
        (["--rows", "0"], "--rows"),
    ],
)
def test_wrong_use_exits_2_with_one_line(arguments, told, capsys):
    assert main(["doctor", "-p", "typed", *arguments]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_a_profile_that_is_none_is_a_fault_and_nothing_else_is_looked_at(rows, capsys):
    assert main(["doctor", rows(ROW), "-p", "typd"]) == 1
    out = capsys.readouterr().out
    assert "did you mean 'typed'?" in out
    assert "rows" not in out


# A backend as an outsider installs it.

BACKEND = """
import toolverify as tv
from toolverify.checkup import Fault
from toolverify.training import read_label


class Trainer:
    name = "outside"
    summary = "A trainer from outside."
    requires = {"msgspec": ">=0.1", "no-such-trainer": ">=2,<3"}
    path = None

    def usage(self, profile):
        return f"reward: {profile}"

    def gold(self, row):
        return read_label(row["label"])

    def check(self, setup):
        for key in ("a.ignored", "old_flag"):
            if key in setup.config:
                yield Fault("config.ignored_key", f"{key} = {setup.config[key]!r}", "leave it out", where=key)


@tv.hookimpl
def toolverify_backends():
    return [Trainer()]
"""


@pytest.fixture
def outside(tmp_path):
    """Run the program where the backend is installed."""
    place = tmp_path / "site"
    info = place / "outside_trainer-0.1.dist-info"
    info.mkdir(parents=True)
    (place / "outside_trainer.py").write_text(BACKEND, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: outside-trainer\nVersion: 0.1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[toolverify]\noutside = outside_trainer\n", encoding="utf-8")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "toolverify", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(place)},
            check=False,
        )

    return run


def test_the_backends_are_listed_shown_and_pointed_at(outside):
    listed = outside("backends").stdout.splitlines()
    assert listed[0].split() == ["NAME", "FROM", "WORKS", "WITH", "INSTALLED", "SUMMARY"]
    (line,) = [line for line in listed if line.startswith("outside ")]
    assert "outside-trainer 0.1" in line
    assert "no-such-trainer >=2,<3" in line
    assert "no-such-trainer not" in line
    shown = outside("backends", "show", "outside", "--profile", "typed")
    assert shown.stdout.splitlines()[-1] == "reward: typed"
    assert all(line.startswith("#") for line in shown.stdout.splitlines()[:-1])
    assert json.loads(outside("backends", "show", "outside", "--json").stdout)["usage"] == "reward: tool-n1"
    pointed = outside("backends", "path", "outside")
    assert (pointed.returncode, pointed.stdout) == (2, "")
    assert pointed.stderr.count("\n") == 1
    assert "has no file" in pointed.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show"], "which one?"),
        (["path"], "which one?"),
        (["point"], "unknown word 'point'"),
        (["show", "nobody"], "unknown backend 'nobody'"),
    ],
)
def test_backends_refuses_wrong_words(arguments, told, capsys):
    assert main(["backends", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_path_is_printed_alone(monkeypatch, capsys, tmp_path):
    module = hooks(toolverify_backends=lambda: [trainer(path=tmp_path / "reward.py")])
    known = plugins_with(monkeypatch, module)
    monkeypatch.setattr("toolverify.cli.backends.registry", lambda: known)
    assert main(["backends", "path", "test-trainer"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'reward.py'}\n"


def test_a_backend_from_outside_reads_rows_and_configuration(outside, rows, tmp_path):
    (tmp_path / "run.sh").write_text("python -m train a.ignored=1 \\\n  --old_flag\n", encoding="utf-8")
    done = outside(
        "doctor", rows(LABEL), "-p", "typed", "--backend", "outside", "--config", "run.sh", "--json"
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert [(found["code"], found["count"]) for found in told["faults"]] == [
        ("versions.missing", 1),
        ("config.ignored_key", 2),
    ]
    assert told["faults"][0]["mend"] == "pip install 'no-such-trainer>=2,<3'"
    gold = next(check for check in told["checks"] if check["name"] == "gold")
    assert gold["told"].startswith("1 of 1 golds pass")


def test_the_registry_of_this_process_is_sound():
    assert look_at_plugins(registry()).faults == ()
