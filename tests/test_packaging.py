"""Packaging: what a user installs, in fresh virtual environments, from sources, in editable form and from wheels."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEAVES = sorted(path.parent for path in ROOT.glob("*/*/pyproject.toml"))
ROW = '{"completion": "<think></think><tool_call>[]</tool_call>", "answer": []}\n'


def project(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_all_distributions_have_one_version_and_are_pinned_to_it():
    version = project(ROOT)["version"]
    for leaf in LEAVES:
        data = project(leaf)
        assert data["version"] == version
        assert f"toolverify=={version}" in data["dependencies"]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_every_leaf_has_the_same_shape(leaf):
    data = project(leaf)
    package = f"toolverify_{leaf.name.replace('-', '_')}"
    assert data["name"] == f"toolverify-{leaf.name}"
    assert data["entry-points"]["toolverify"] == {leaf.name: package}
    for part in ("README.md", f"src/{package}/__init__.py", f"src/{package}/py.typed", "tests"):
        assert (leaf / part).exists(), part
    trainers = re.compile(r"^(torch|verl|trl|openrlhf|transformers|ray)\b")
    assert not [name for name in data["dependencies"] if trainers.match(name)]


def test_every_dependency_is_explained():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    names = [re.split(r"[<>=]", requirement)[0] for requirement in project(ROOT)["dependencies"]]
    for name in names:
        assert f"| {name} |" in page
    assert f"with {len(names)} dependencies" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_folders_that_are_no_packages_have_no_init_file():
    for folder in ("backends", "plugins", "benchmarks", "examples", "tests"):
        assert not (ROOT / folder / "__init__.py").exists()


class Fresh:
    """A virtual environment with nothing in it, used from a folder far from the sources."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        venv.create(folder / "venv", with_pip=True)

    def pip(self, *arguments: str) -> None:
        command = [
            self.bin / "python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            *arguments,
        ]
        subprocess.run(command, check=True, cwd=ROOT)

    def run(self, *arguments: str) -> str:
        result = subprocess.run(
            [self.bin / arguments[0], *arguments[1:]],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def plugins(self) -> set[str]:
        return {plugin["name"] for plugin in json.loads(self.run("toolverify", "plugins", "--json"))}

    def scores(self, profile: str) -> None:
        (self.folder / "rows.jsonl").write_text(ROW, encoding="utf-8")
        assert (
            json.loads(self.run("toolverify", "score", "rows.jsonl", "--profile", profile))["reward"] == 1.0
        )

    def is_clean(self) -> None:
        """No folder of the repository but `toolverify` can be imported, and nothing else was left behind."""
        code = (
            "import importlib.util, json, sysconfig, pathlib;"
            "print(json.dumps([[n for n in ('backends','plugins','tests','examples','benchmarks','docs') if importlib.util.find_spec(n)],"
            "sorted(p.name for p in pathlib.Path(sysconfig.get_paths()['purelib']).iterdir() if 'toolverify' in p.name)]))"
        )
        importable, ours = json.loads(self.run("python", "-c", code))
        assert importable == []
        assert ours
        records = "import importlib.metadata as m, json; print(json.dumps([str(f) for d in m.distributions() if d.name.startswith('toolverify') for f in d.files]))"
        for name in json.loads(self.run("python", "-c", records)):
            assert "toolverify" in name, name


@pytest.fixture
def fresh(tmp_path):
    """A fresh virtual environment."""
    return Fresh(tmp_path)


@pytest.mark.packaging
def test_the_core_alone_installs_from_its_sources(fresh):
    fresh.pip(".")
    fresh.is_clean()
    assert "tool-n1" not in fresh.plugins()
    fresh.scores("tool-n1")
    fresh.run("python", "-c", "import toolverify as tv; tv.Verifier('typed')")


@pytest.mark.packaging
def test_the_core_alone_installs_in_editable_form(fresh):
    fresh.pip("-e", ".")
    fresh.is_clean()
    fresh.scores("typed")


@pytest.mark.packaging
def test_the_core_and_its_leaves_install_from_their_sources(fresh):
    fresh.pip(".", *[f"./{leaf.relative_to(ROOT)}" for leaf in LEAVES])
    fresh.is_clean()
    assert {leaf.name for leaf in LEAVES} <= fresh.plugins()
    fresh.scores("tool-n1-v0")


@pytest.mark.packaging
def test_the_core_and_its_leaves_install_in_editable_form(fresh):
    fresh.pip("-e", ".", *[word for leaf in LEAVES for word in ("-e", f"./{leaf.relative_to(ROOT)}")])
    fresh.is_clean()
    assert {leaf.name for leaf in LEAVES} <= fresh.plugins()
    fresh.scores("tool-n1-v0")


@pytest.mark.packaging
def test_a_new_plugin_installs_and_passes_its_tests(fresh):
    fresh.pip(".[testing]")
    told = fresh.run("toolverify", "new", "plugin", "mine").splitlines()
    assert [line.split()[0] for line in told[1:]] == ["pip", "pytest", "toolverify"]
    fresh.pip("-e", f"{fresh.folder / 'mine'}[test]")
    for line in told[2:]:
        assert fresh.run(*shlex.split(line))


@pytest.mark.packaging
def test_wheels_install_without_an_index(fresh, tmp_path):
    wheels = tmp_path / "wheels"
    for folder in (ROOT, *LEAVES):
        command = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(wheels),
            str(folder),
        ]
        subprocess.run(command, check=True, capture_output=True)
    requirements = project(ROOT)["dependencies"]
    download = [
        fresh.bin / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--quiet",
        "--dest",
        str(wheels),
    ]
    subprocess.run([*download, *requirements], check=True)
    fresh.pip(
        "--no-index",
        "--find-links",
        str(wheels),
        "toolverify",
        *[f"toolverify-{leaf.name}" for leaf in LEAVES],
    )
    fresh.is_clean()
    assert {leaf.name for leaf in LEAVES} <= fresh.plugins()
    fresh.scores("tool-n1-v4")
