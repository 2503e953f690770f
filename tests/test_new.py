"""`toolverify new plugin`: what it writes works as it is, and wrong uses are refused in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from toolverify.cli import main

ROOT = Path(__file__).resolve().parents[1]
# The longest name that is allowed: if no line of its code is too long, none ever is.
LONGEST = "rewards-of-our-own-for-many-a-good-reply"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plugin, and a folder that makes Python find it, as installing it would."""
    folder = tmp_path_factory.mktemp("made")
    assert main(["new", "plugin", LONGEST, "--out", str(folder)]) == 0
    plugin = folder / LONGEST
    project = tomllib.loads((plugin / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "site" / "made-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    points = "\n".join(f"{name} = {value}" for name, value in project["entry-points"]["toolverify"].items())
    (info / "entry_points.txt").write_text(f"[toolverify]\n{points}\n", encoding="utf-8")
    return plugin


def run(plugin, *arguments):
    paths = os.pathsep.join([str(plugin.parent / "site"), str(plugin / "src")])
    # Of an editable install mypy sees nothing, so it is shown the sources.
    environment = {**os.environ, "PYTHONPATH": paths, "MYPYPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=plugin,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize(
    "tool",
    [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["mypy", "--cache-dir", os.devnull],
        ["pytest", "-q", "-p", "no:cacheprovider"],
    ],
    ids=lambda tool: "-".join(tool[:2]),
)
def test_a_new_plugin_passes_its_own_checks(made, tool):
    result = run(made, *tool)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_new_plugin_scores_its_rows(made):
    assert f"rule: {LONGEST}-brevity" in run(made, "toolverify", "plugins", "show", LONGEST).stdout
    result = run(made, "toolverify", "score", "rows.jsonl", "--profile", LONGEST)
    assert result.returncode == 0, result.stderr
    right, wrong = map(json.loads, result.stdout.splitlines())
    assert (right["reward"], right["passed"]) == (1.0, True)
    assert (wrong["reward"], wrong["passed"]) == (0.375, False)


def test_the_next_commands_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "plugin", "mine"]) == 0
    assert capsys.readouterr().out == (
        "./mine holds the plugin toolverify-mine. What to type next:\n"
        "  pip install -e './mine[test]'\n"
        "  pytest ./mine\n"
        "  toolverify score ./mine/rows.jsonl --profile mine\n"
    )
    written = {
        str(path.relative_to(tmp_path / "mine")) for path in (tmp_path / "mine").rglob("*") if path.is_file()
    }
    assert written == {
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "rows.jsonl",
        "src/toolverify_mine/__init__.py",
        "src/toolverify_mine/comparisons.py",
        "src/toolverify_mine/profiles/mine.toml",
        "src/toolverify_mine/py.typed",
        "src/toolverify_mine/rules.py",
        "tests/test_toolverify_mine.py",
    }
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    assert not any("PLUGIN" in text or "PACKAGE" in text for text in texts)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "mine").mkdir()
    assert main(["new", "plugin", "mine", "--out", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plugin", ""], "'' is no name for a plugin; use small letters"),
        (["plugin", "a.b"], "'a.b' is no name for a plugin"),
        (["plugin", "My-Rules"], "'My-Rules' is no name for a plugin"),
        (["plugin", "my_rules"], "'my_rules' is no name for a plugin"),
        (["plugin", "../mine"], "'../mine' is no name for a plugin"),
        (["plugin", "1a"], "'1a' is no name for a plugin"),
        (["plugin", "class"], "'class' is a word of Python; take another name"),
        (["plugin", "match"], "'match' is a word of Python"),
        (["plugin", "a" * 41], "the name has 41 letters; use up to 40"),
        (["plugin", "toolverify-mine"], "begins with toolverify; leave that out"),
        (["plugin", "typed"], "the name 'typed' is taken: a profile of toolverify"),
        (["plugin", "rules"], "the name 'rules' is taken: a plugin of toolverify"),
        (["plugin", "toolrl"], "the name 'toolrl' is taken"),
        (["rule", "mine"], "cannot make a 'rule'; type toolverify new plugin NAME"),
        (["plugin"], "see toolverify --help"),
        (["plugin", "full"], "/full' is not empty; take another name, or another --out"),
        (["plugin", "file"], "cannot write"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, capsys, arguments, words):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept.txt").write_text("kept", encoding="utf-8")
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    assert main(["new", *arguments, "--out", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert words in told.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "kept.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main(["new", "plugin", "mine", "--out", str(tmp_path)]) == 2
    assert "Permission denied; name a folder that you may write to with --out" in capsys.readouterr().err
