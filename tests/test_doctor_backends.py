"""The doctor with the three adapters, as it is typed: what their own pages say is sound."""

import json
import sys
from pathlib import Path

import pytest

from toolverify.cli import main
from toolverify.training import write_label

ROOT = Path(__file__).resolve().parents[1]
CALLS = [{"name": "f", "arguments": {"a": 1}}]
TOOLS = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]
PROMPT = [{"role": "system", "content": "Tools: f"}, {"role": "user", "content": "hi"}]
GOOD = {
    "verl": {
        "prompt": PROMPT,
        "data_source": "x",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(CALLS)},
        "extra_info": {"index": 0, "tools": json.dumps(TOOLS)},
    },
    "openrlhf": {"prompt": PROMPT, "label": write_label(CALLS, tools=TOOLS)},
    "trl": {"prompt": PROMPT, "answer": json.dumps(CALLS), "tools": json.dumps(TOOLS)},
}
BAD = {
    "verl": {**GOOD["verl"], "reward_model": {"style": "rule", "ground_truth": None}},
    "openrlhf": {**GOOD["openrlhf"], "label": None},
    "trl": {**GOOD["trl"], "answer": None},
}
CONFIG = {
    "verl": [ROOT / "examples" / "verl" / "overrides.txt"],
    "openrlhf": [ROOT / "examples" / "openrlhf" / "train_dotted.sh"],
    "trl": [],
}


def doctor(name, rows, tmp_path, capsys):
    pytest.importorskip(f"toolverify_{name}", reason="the leaf is not installed")
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = [part for file in CONFIG[name] for part in ("--config", str(file))]
    code = main(["doctor", str(path), "--profile", "typed", "--backend", name, *given, "--json"])
    return code, json.loads(capsys.readouterr().out)["faults"]


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_set_up_is_sound(name, tmp_path, capsys):
    code, faults = doctor(name, [GOOD[name]] * 4, tmp_path, capsys)
    assert [fault for fault in faults if fault["level"] == "error"] == []
    assert code == 0


@pytest.mark.parametrize("name", GOOD)
def test_a_lost_answer_is_found_at_its_row(name, tmp_path, capsys):
    code, faults = doctor(name, [GOOD[name], BAD[name]], tmp_path, capsys)
    assert code == 1
    assert all(fault["mend"] for fault in faults)
    assert "2" in json.dumps([fault for fault in faults if fault["level"] == "error"])


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_key_that_hydra_refuses_is_found(tmp_path, capsys):
    pytest.importorskip("toolverify_verl", reason="the leaf is not installed")
    key = "reward.custom_reward_function.reward_kwargs.profile"
    found = []
    for sign in ("", "+"):
        given = [
            "--set",
            "reward.reward_manager.name=toolverify",
            "--set",
            "+a.b=1",
            "--set",
            f"{sign}{key}=typed",
        ]
        main(["doctor", "--profile", "typed", "--backend", "verl", *given, "--json"])
        found.append([fault["code"] for fault in json.loads(capsys.readouterr().out)["faults"]])
    assert "config.no_plus" in found[0]
    assert "config.no_plus" not in found[1]
