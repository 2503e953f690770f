"""The example: its rows are read by the reward, its command lines by the checks and by the real parsers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.checkup import Setup
from toolverify_openrlhf import make_reward_func
from toolverify_openrlhf.backend import OpenRLHF
from toolverify_openrlhf.settings import read_command

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "openrlhf"
SCRIPTS = {"train_dotted.sh": ["0.10.2", "0.11.2"], "train_flat.sh": ["0.9.8", "0.10.1"]}
CASES = [(name, version) for name, versions in SCRIPTS.items() for version in versions]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    target = tmp_path_factory.mktemp("data") / "train.jsonl"
    command = [sys.executable, str(EXAMPLE / "make_data.py"), str(EXAMPLE / "tasks.jsonl"), str(target)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == f"4 rows: {target}\n"
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]


def config(script):
    read = read_command((EXAMPLE / script).read_text(encoding="utf-8").replace(' "$@"', ""))
    return {key: str(OpenRLHF().path) if value == "$REWARD" else value for key, value in read.items()}


@pytest.mark.parametrize(("script", "version"), CASES)
def test_the_command_lines_and_the_rows_have_no_fault(script, version, rows):
    setup = Setup(tv.Verifier("tool-n1"), rows=rows, config=config(script), versions={"openrlhf": version})
    assert len(setup.config) > 40
    assert list(OpenRLHF().check(setup)) == []


def test_the_gold_of_every_row_passes(rows):
    verifier = tv.Verifier("typed")
    for row in rows:
        gold = OpenRLHF().gold(row)
        text = tv.render(gold.answer, format="tool-n1", reasoning="So.")
        assert verifier.score(text, answer=gold.answer, tools=gold.tools).reward == 1.0
        assert json.loads(row["label"])["id"].startswith(row["datasource"])


def test_the_reward_of_ones_own_is_three_lines():
    source = (EXAMPLE / "my_reward.py").read_text(encoding="utf-8")
    assert len([line for line in source.splitlines() if line]) <= 3
    made = {}
    exec(compile(source, "my_reward.py", "exec"), made)  # noqa: S102  # as OpenRLHF runs it
    assert made["reward_func"].__module__ == make_reward_func.__module__


@pytest.mark.parametrize(("script", "version"), [("train_dotted.sh", ""), ("train_flat.sh", "0.10.0")])
def test_the_parser_itself_takes_the_command_line(script, version, tmp_path):
    """The real script parses and checks the options; behind that it would start Ray, which is cut off."""
    openrlhf = pytest.importorskip("openrlhf")
    folder = (
        Path(sys.prefix) / f"openrlhf-{version}" / "openrlhf" if version else Path(openrlhf.__file__).parent
    )
    if not folder.is_dir():
        pytest.skip(f"no openrlhf at {folder}")
    source = (folder / "cli" / "train_ppo_ray.py").read_text(encoding="utf-8")
    cut = re.sub(r"^    train\(args\)$", "    print('parsed')", source, flags=re.MULTILINE)
    assert cut != source
    (tmp_path / "parse.py").write_text(cut, encoding="utf-8")
    lines = (EXAMPLE / script).read_text(encoding="utf-8")
    shell = lines.replace(
        "exec python3 -m openrlhf.cli.train_ppo_ray", f"exec {sys.executable} {tmp_path}/parse.py"
    )
    standins = Path(__file__).parent / "standins"
    paths = [str(folder.parent)] * bool(version) + [str(standins)]
    result = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "DATA": str(tmp_path),
            "REWARD": str(OpenRLHF().path),
            "PYTHONPATH": os.pathsep.join(paths),
        },
        check=False,
    )
    assert result.stdout.splitlines()[-1:] == ["parsed"], result.stderr[-2_000:]
