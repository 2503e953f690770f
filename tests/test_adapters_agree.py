"""The same completions through all three adapters and through `score`: the same rewards, components and names."""

import json

import pytest

import toolverify as tv
from toolverify.bench.workload import make_workload
from toolverify.cli import main
from toolverify.testing import HOSTILE
from toolverify.training import write_label

openrlhf = pytest.importorskip("toolverify_openrlhf.reward", reason="the leaf is not installed")
openrlhf_options = pytest.importorskip("toolverify_openrlhf.options")
trl = pytest.importorskip("toolverify_trl", reason="the leaf is not installed")
verl = pytest.importorskip("toolverify_verl.reward", reason="the leaf is not installed")

PROMPT = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
ROWS = [(row.completion, row.answer, row.tools) for row in make_workload(5_000, 0)]
ROWS += [(make(2_000), ROWS[0][1], ROWS[0][2]) for make in HOSTILE.values()]
ROWS += [(ROWS[0][0], None, None), (ROWS[0][0], "no answer", None), ("", ROWS[0][1], "no tools")]


def by_verl(profile):
    for completion, answer, tools in ROWS:
        extra = {"tools": None if tools is None else tools if isinstance(tools, str) else json.dumps(tools)}
        truth = None if answer is None else json.dumps(answer)
        told = verl.compute_score(
            data_source="x", solution_str=completion, ground_truth=truth, extra_info=extra, profile=profile
        )
        yield told.pop("score"), told


def by_openrlhf(profile):
    reward = openrlhf.Reward(openrlhf_options.Options(profile=profile))
    for completion, answer, tools in ROWS:
        label = None if answer is None else write_label(answer, tools=tools)
        sample = reward.sample(PROMPT + completion, PROMPT, label)
        own = {name: value for name, value in sample.logs.items() if name in reward.judge.model.names}
        yield sample.reward, own


def by_trl(profile, tmp_path):
    log = tmp_path / f"{profile}.jsonl"
    trl.Reward(profile, log=log)(
        prompts=[PROMPT] * len(ROWS),
        completions=[completion for completion, _, _ in ROWS],
        completion_ids=[[1]] * len(ROWS),
        answer=[None if answer is None else json.dumps(answer) for _, answer, _ in ROWS],
        tools=[
            tools if tools is None or isinstance(tools, str) else json.dumps(tools) for _, _, tools in ROWS
        ],
    )
    for line in log.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        yield told["reward"], told["components"]


def by_score(profile, tmp_path):
    rows, out = tmp_path / "rows.jsonl", tmp_path / "verdicts.jsonl"
    lines = [
        json.dumps({"completion": text, "answer": answer, "tools": tools}) for text, answer, tools in ROWS
    ]
    rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["score", str(rows), "--profile", profile, "--out", str(out)]) == 1  # some rows are bad
    rules = tv.Verifier(profile).rules
    for line in out.read_text(encoding="utf-8").splitlines():
        verdict = json.loads(line)
        bad = float(verdict["reward"] is None)
        scores = dict.fromkeys(rules, 0.0) if bad else verdict["scores"]
        yield (
            verdict["reward"],
            {
                "acc": float(bool(verdict["passed"])),
                **scores,
                "verifier_error": bad,
                "unscorable": bad,
            },
        )


@pytest.mark.parametrize("profile", ["typed", "tool-n1"])
def test_all_three_give_what_score_gives(profile, tmp_path):
    scored = list(by_score(profile, tmp_path))
    assert len(scored) == len(ROWS) > 5_000
    assert {bool(components["acc"]) for _, components in scored} == {True, False}
    assert list(by_trl(profile, tmp_path)) == scored
    with_fallback = [(0.0 if reward is None else reward, components) for reward, components in scored]
    assert list(by_verl(profile)) == with_fallback
    assert list(by_openrlhf(profile)) == with_fallback
