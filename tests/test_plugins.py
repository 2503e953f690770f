"""Plugins: found, loaded, refused with names; and the docs' own plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
import warnings
from importlib import metadata
from pathlib import Path

import pytest

import toolverify as tv
from toolverify import hookspecs
from toolverify.errors import PluginError, ProfileError
from toolverify.plugins import BUILTIN, KINDS, find_entry_points, load, registry
from toolverify.protocols import AnswerReader, Coercion, Combiner, Comparison, Format, Matcher, Rule

PROTOCOLS = {
    "format": Format,
    "answer reader": AnswerReader,
    "comparison": Comparison,
    "coercion": Coercion,
    "matcher": Matcher,
    "rule": Rule,
    "combiner": Combiner,
}


@pytest.mark.parametrize("kind", sorted(PROTOCOLS))
def test_every_part_implements_its_protocol(kind):
    parts = registry().all(kind)
    assert parts
    for name, part in parts.items():
        assert isinstance(part.value, PROTOCOLS[kind])
        assert part.value.name == name


def test_every_hook_brings_a_kind_of_parts():
    specified = {name for name in vars(hookspecs) if name.startswith("toolverify_")}
    assert specified == set(KINDS.values())


def test_the_core_comes_in_by_the_hooks_and_by_nothing_else():
    sources = [path.read_text(encoding="utf-8") for path in Path(tv.__file__).parent.rglob("*.py")]
    implementers = sum("@hookimpl" in source for source in sources)
    assert implementers == len(BUILTIN)


def site(folder: Path, distribution: str, entry: str, module: str, source: str) -> None:
    """What installing a small distribution leaves in site-packages."""
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{distribution.replace('-', '_')}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[toolverify]\n{entry} = {module}\n", encoding="utf-8")


RULE = """
import toolverify as tv

@tv.rule("mine")
def mine(view):
    return 1.0

@tv.hookimpl
def toolverify_rules():
    return [mine]
"""


@pytest.fixture
def python(tmp_path):
    """Run Python with a folder of plugins on its path."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            check=False,
        )

    return run


def test_an_installed_plugin_is_found_and_can_be_left_out(tmp_path, python):
    site(tmp_path, "my-rules", "mine", "my_rules", RULE)
    assert "mine" in python("-m", "toolverify", "plugins", "show", "mine").stdout
    gone = python("-m", "toolverify", "plugins", "show", "mine", TOOLVERIFY_DISABLE="other, mine")
    assert gone.returncode == 0
    assert "not loaded: left out by TOOLVERIFY_DISABLE" in gone.stdout


def test_two_distributions_of_one_name_stop_the_program(tmp_path, python):
    site(tmp_path, "my-rules", "mine", "my_rules", RULE)
    site(tmp_path, "your-rules", "mine", "your_rules", RULE.replace('"mine"', '"yours"'))
    result = python("-m", "toolverify", "profiles")
    assert result.returncode == 2
    assert re.search(
        r"two plugins are named 'mine': my-rules 0.1 and your-rules 0.1; uninstall one", result.stderr
    )


def test_two_parts_of_one_name_stop_the_program(tmp_path, python):
    site(tmp_path, "my-rules", "mine", "my_rules", RULE)
    site(tmp_path, "your-rules", "yours", "your_rules", RULE)
    result = python("-c", "import toolverify as tv; tv.Verifier('tool-n1')")
    assert "two rules are named 'mine': one of my-rules 0.1, one of your-rules 0.1" in result.stderr
    assert "TOOLVERIFY_DISABLE=yours" in result.stderr


def test_a_broken_plugin_is_a_warning_and_an_error_only_where_it_is_asked_for(tmp_path, python):
    site(tmp_path, "bad-leaf", "bad", "bad_leaf", "import no_such_trainer")
    (tmp_path / "rows.jsonl").write_text('{"completion": "x", "answer": []}\n', encoding="utf-8")
    fine = python("-m", "toolverify", "score", "rows.jsonl", "--profile", "tool-n1")
    assert fine.returncode == 0
    warning = "warning: plugin 'bad' (bad-leaf 0.1) failed to import 'bad_leaf': ModuleNotFoundError: No module named"
    assert warning in fine.stderr
    asked = python("-m", "toolverify", "score", "rows.jsonl", "--profile", "bads")
    assert asked.returncode == 2
    assert "plugin 'bad' is not loaded" in asked.stderr
    assert "no_such_trainer" in python("-m", "toolverify", "plugins").stdout


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "import toolverify\n@toolverify.hookimpl\ndef toolverify_ruls():\n    return []\n",
            "unknown hook 'toolverify_ruls'",
        ),
        (
            "import toolverify\n@toolverify.hookimpl\ndef toolverify_rules(own):\n    return []\n",
            "plugin 'mine' (my-rules 0.1)",
        ),
    ],
)
def test_a_misspelt_hook_is_an_error_that_names_it(tmp_path, python, source, words):
    site(tmp_path, "my-rules", "mine", "my_rules", source)
    result = python("-m", "toolverify", "profiles")
    assert result.returncode == 2
    assert words in result.stderr


def test_the_errors_are_the_same_in_the_same_process(tmp_path):
    def point(name: str, value: str) -> metadata.EntryPoint:
        return metadata.EntryPoint(name, value, "toolverify")

    with pytest.warns(RuntimeWarning, match="failed to import 'no_such_module_at_all'"):
        parts = load([point("x", "no_such_module_at_all")])
    with pytest.raises(ProfileError, match="plugin 'x' is not loaded"):
        parts.get("rule", "nope")
    sys.modules["hooked_twice"] = types.ModuleType("hooked_twice")
    try:
        with pytest.raises(PluginError, match="hooked_twice"):
            load([point("a", "hooked_twice"), point("b", "hooked_twice")])
    finally:
        del sys.modules["hooked_twice"]


def test_what_a_leaf_would_bring_names_the_leaf():
    parts = load([])
    with pytest.raises(ProfileError, match=r"pip install \./plugins/tool-n1"):
        parts.get("profile", "tool-n1-v0")
    with pytest.raises(ProfileError, match="did you mean 'typed'"):
        parts.get("profile", "typd")
    with pytest.raises(ProfileError, match="known: hermes, openai-message, tool-n1"):
        parts.get("format", "zzz")


def test_loading_plugins_imports_no_heavy_library():
    code = (
        "import sys; from toolverify.plugins import registry; registry().all('profile'); registry().all('rule');"
        "print({'torch', 'numpy', 'pandas', 'verl', 'trl', 'openrlhf', 'typer', 'rich'} & set(sys.modules))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "set()"
    )


def test_importing_toolverify_leaves_pydantic_alone():
    code = "import sys, toolverify; print({'pydantic', 'jsonschema', 'jsonschema_rs', 'numpy'} & set(sys.modules))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "set()"
    )


def test_each_entry_point_is_found_once():
    names = [point.name for point in find_entry_points()]
    assert len(names) == len(set(names))


def test_a_rule_that_raises_makes_the_sample_unscorable_and_names_its_distribution(tmp_path, python):
    broken = RULE.replace("return 1.0", "return 1 / (len(view.reply.content) - 1)")
    site(tmp_path, "my-rules", "mine", "my_rules", broken)
    (tmp_path / "own.toml").write_text('extends = "tool-n1"\nrules = ["calls", "mine"]\n', encoding="utf-8")
    rows = '{"completion": "x", "answer": []}\n{"completion": "xy", "answer": []}\n{"completion": "xyz", "answer": []}\n'
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    result = python("-m", "toolverify", "score", "rows.jsonl", "--profile", "own.toml")
    assert result.returncode == 0
    first, second, third = result.stdout.splitlines()
    assert '"reward":null' in first
    assert "mine of my-rules 0.1 raised ZeroDivisionError" in first
    assert '"reward":1.0' in second
    assert "a score from 0 to 1 is due" not in third
    assert "unscorable 1" in result.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("return None", "TypeError"),
        ("return [5]", "5 has no name"),
        ("raise ValueError('x')", "ValueError: x"),
        ("return [type('Own', (), {'name': 'own'})]", "Own is a class; return an instance of it"),
    ],
)
def test_a_hook_that_goes_wrong_is_left_out_and_told(tmp_path, python, source, words):
    module = f"import toolverify as tv\n@tv.hookimpl\ndef toolverify_rules():\n    {source}\n"
    site(tmp_path, "my-rules", "mine", "my_rules", module)
    fine = python("-m", "toolverify", "profiles", "show", "tool-n1")
    assert fine.returncode == 0
    assert "warning: left out toolverify_rules of plugin 'mine' (my-rules 0.1)" in fine.stderr
    assert words in fine.stderr
    (tmp_path / "own.toml").write_text('extends = "tool-n1"\nrules = ["own"]\n', encoding="utf-8")
    asked = python("-m", "toolverify", "profiles", "show", "own.toml")
    assert asked.returncode == 2
    assert words in asked.stderr.splitlines()[-1]


def test_a_plugins_profile_may_be_a_path_as_text(tmp_path, python):
    (tmp_path / "own.toml").write_text('extends = "tool-n1"\nsummary = "mine"\n', encoding="utf-8")
    module = "import toolverify as tv\n@tv.hookimpl\ndef toolverify_profiles():\n    return [__file__.replace('my_rules.py', 'own.toml')]\n"
    site(tmp_path, "my-rules", "mine", "my_rules", module)
    assert "own" in python("-m", "toolverify", "profiles").stdout


@pytest.mark.parametrize("value", ["2.0", "float('nan')", "'x'"])
def test_a_score_outside_its_range_counts_as_raising(tmp_path, python, value):
    site(tmp_path, "my-rules", "mine", "my_rules", RULE.replace("1.0", value))
    (tmp_path / "own.toml").write_text('extends = "tool-n1"\nrules = ["mine"]\n', encoding="utf-8")
    code = "import toolverify as tv; print(tv.Verifier('own.toml').score('x', answer=[]).reward)"
    assert python("-c", code).stdout.strip() == "None"


def test_warnings_are_not_raised_by_a_sound_set_up():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(find_entry_points())
