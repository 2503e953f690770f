"""All nine released rewards: real verdicts, fresh cases against the oracle, and steps of every size."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import toolrl_nearly
import toolrl_oracle

import toolverify as tv

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
VECTORS = SHARED / "vectors" / "toolrl.jsonl.gz"
CASES = int(os.environ.get("TOOLVERIFY_FUZZ", "1500"))
VERIFIERS = {switch: tv.Verifier(name) for switch, name in toolrl_oracle.PROFILES.items()}
WITH_LENGTH = {"withlength", "schedulelength"}
STEPS = (0, 1, 10, 29, 30, 74, 75, 76, 105, 106, 149, 150, 151, 200, 10_000, 10**12)


def found(verdict: tv.Verdict) -> list[float]:
    parts = verdict.parts
    return [verdict.reward, parts["format"], parts["correctness"], parts.get("length", 0.0)]


@pytest.mark.skipif(not VECTORS.exists(), reason="no shared vectors")
@pytest.mark.parametrize("switch", VERIFIERS)
def test_the_vectors_agree_in_the_reward_and_in_each_part(switch):
    verifier = VERIFIERS[switch]
    with gzip.open(VECTORS, "rt", encoding="utf-8") as stream:
        rows = [json.loads(row) for row in stream]
    assert len(rows) > 1000
    assert set(rows[0]["expected"]) == set(VERIFIERS)
    cases = [verifier.compile(answer=row["answer"]) for row in rows]
    contexts = [tv.Context(step=row["step"]) for row in rows]
    rewards = verifier.rewards([row["completion"] for row in rows], cases, contexts=contexts)
    for row, case, context, reward in zip(rows, cases, contexts, rewards, strict=True):
        verdict = verifier.score(row["completion"], case=case, context=context)
        assert found(verdict) == pytest.approx(row["expected"][switch], abs=1e-9), row["id"]
        assert verdict.reward == reward
        expected = toolrl_oracle.rewards(switch, row["completion"], row["answer"], row["step"])
        assert expected == pytest.approx(row["expected"][switch], abs=1e-9), row["id"]


@pytest.mark.parametrize("switch", VERIFIERS)
def test_the_leaf_and_the_oracle_agree_on_nearly_right_completions(switch):
    verifier = VERIFIERS[switch]
    outcomes = Counter()
    for seed in range(CASES):
        random = Random(seed)
        calls = toolrl_nearly.gold(random)
        blocks = {"block": random.random() < 0.9, "response": random.random() < 0.3}
        gold = toolrl_nearly.written(random, calls, **blocks)
        text = toolrl_nearly.written(random, toolrl_nearly.made(random, calls), **blocks)
        text = toolrl_nearly.damaged(random, text)
        step = random.choice(STEPS)
        expected = toolrl_oracle.rewards(switch, text, gold, step)
        case, context = verifier.compile(answer=gold), tv.Context(step=step)
        verdict = verifier.score(text, case=case, context=context)
        assert found(verdict) == pytest.approx(expected, abs=1e-9), (seed, text, gold, step)
        assert verifier.rewards([text], [case], contexts=[context]) == [verdict.reward]
        assert verdict.passed or any(finding.level == "error" for finding in verdict.findings), seed
        outcomes[verdict.scores["correctness"]] += 1
    # The cases would prove little if they were all alike.
    assert outcomes[1.0] > CASES / 10
    assert outcomes[0.0] > CASES / 10
    assert switch == "coarse" or len(outcomes) > 10


@pytest.mark.parametrize("switch", VERIFIERS)
def test_without_contexts_every_reward_is_that_of_step_0(switch):
    verifier = VERIFIERS[switch]
    random = Random(7)
    calls = toolrl_nearly.gold(random)
    gold = toolrl_nearly.written(random, calls, block=True, response=False)
    case = pickle.loads(pickle.dumps(verifier.compile(answer=gold)))  # noqa: S301  # our own bytes
    texts = [gold, gold.replace('"name"', '"nome"'), "x", "<think>w</think>"]
    expected = [toolrl_oracle.rewards(switch, text, gold, 0)[0] for text in texts]
    assert verifier.rewards(texts, [case] * 4) == pytest.approx(expected, abs=1e-9)


LINE = '{"name": "f", "parameters": {"a": 1, "b": 2}}'
GOLD = f"<think>{'w ' * 192}</think>\n<tool_call>\n{LINE}\n</tool_call>"
WRONG = "nothing that is due"

# The switch, the step, and the parts of a right and of a wrong reply; the format and correctness of each.
EDGES = [
    ("default", 10**6, (1.0, 3.0), (0.0, -3.0)),
    ("correctmax1", 10**6, (1.0, 1.0), (0.0, -1.0)),
    ("twostage", -1, (1.0, 1.0), (0.0, -1.0)),
    ("twostage", 29, (1.0, 1.0), (0.0, -1.0)),
    ("twostage", 30, (0.5, 3.0), (0.0, -3.0)),
    ("twostage", 10**400, (0.5, 3.0), (0.0, -3.0)),
    ("schedule", -15, (2.1, 1.9), (-2.2, -1.9)),
    ("schedule", 0, (2.0, 2.0), (-2.0, -2.0)),
    ("schedule", 15, (1.9, 2.1), (-1.8, -2.1)),
    ("schedule", 75, (1.5, 2.5), (-1.0, -2.5)),
    ("schedule", 76, (1 + 74 / 150, 2 + 76 / 150), (-1.0, -2 - 76 / 150)),
    ("schedule", 150, (1.0, 3.0), (-1.0, -3.0)),
    ("schedule", 151, (1.0, 3.0), (-1.0, -3.0)),
    ("schedule", 10**400, (1.0, 3.0), (-1.0, -3.0)),
]


@pytest.mark.parametrize(("switch", "step", "right", "wrong"), EDGES)
def test_the_ranges_stand_where_the_released_code_has_them(switch, step, right, wrong):
    verifier = VERIFIERS[switch]
    for text, parts in ((GOLD, right), (WRONG, wrong)):
        verdict = verifier.score(text, answer=GOLD, context=tv.Context(step=step))
        assert tuple(verdict.parts) == ("format", "correctness")
        assert tuple(verdict.parts.values()) == pytest.approx(parts)


@pytest.mark.parametrize(
    ("switch", "step", "length"),
    [
        ("withlength", 0, 0.38),
        ("withlength", 10**6, 0.38),
        ("schedulelength", 0, 0.5),
        ("schedulelength", 105, 0.3),
        ("schedulelength", 210, 0.21),
        ("schedulelength", -105, 1.0),
        ("schedulelength", -200, 0.0),
        ("schedulelength", 10**400, 0.0),
    ],
)
def test_the_target_of_the_length_grows_on_beyond_its_last_step(switch, step, length):
    verdict = VERIFIERS[switch].score(GOLD, answer=GOLD, context=tv.Context(step=step))
    assert verdict.parts == {"format": 1.0, "correctness": 3.0, "length": length}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<think></think>", 0),
        ("</think><think>", 0),
        ("<think>a b</think> c", 2),
        ("<think>a b", 0),
        ("a b</think>", 0),
        ("</think> a <think>b c d", 3),
        ("<think>a</think><think>b c</think>", 2),
        ("<think>a<think>b c d</think>e</think>", 3),
        ("<think>a\u3000b\x1cc\n\n</think>", 3),
        ("x <think>a</think><|im_end|><think>b c</think>", 1),
        ("<think>a b c</think><|im_start|>assistant<think>d</think>", 1),
        ("<tool_call><think>a b</think></tool_call>", 2),
    ],
)
def test_the_words_of_odd_thoughts(text, words):
    verdict = VERIFIERS["withlength"].score(text, answer=GOLD)
    assert verdict.parts["length"] == round(words / 512, 2)
    assert verdict.parts["length"] == toolrl_oracle.rewards("withlength", text, GOLD, 0)[3]


TWO = [{"name": "f", "parameters": {"a": 1, "b": 2}}, {"name": "g", "parameters": {"c": [1]}}]


def block(*lines: object) -> str:
    return "\n".join(["<think>t</think>", "<tool_call>", *map(json.dumps, lines), "</tool_call>"])


# What was made, and its correctness under each switch.
MADE = [
    ("as it stands", block(*TWO), {"default": 3, "refined": 3, "coarse": 3, "intermediate": 3}),
    (
        "in another order",
        block(*reversed(TWO)),
        {"default": 3, "refined": 6 * 5 / 6 - 3, "coarse": -3, "intermediate": 3},
    ),
    (
        "parameters in another order",
        block({"name": "f", "parameters": {"b": 2, "a": 1}}, TWO[1]),
        {"default": 3, "refined": 3, "coarse": 3, "intermediate": 3},
    ),
    (
        "parameters in another order, and a value",
        block({"name": "f", "parameters": {"b": 3, "a": 1}}, TWO[1]),
        {"default": 6 * 5 / 6 - 3, "refined": 6 * 4 / 6 - 3, "coarse": -3, "intermediate": 1},
    ),
    (
        "a key more beside the parameters",
        block({**TWO[0], "id": 1}, TWO[1]),
        {"default": 3, "refined": 3, "coarse": -3, "intermediate": 1},
    ),
    (
        "1 and true",
        block({"name": "f", "parameters": {"a": True, "b": 2.0}}, TWO[1]),
        {"default": 3, "refined": 3, "coarse": 3, "intermediate": 3},
    ),
    (
        "a call more",
        block(*TWO, TWO[1]),
        {
            "default": 6 * (5 + 2 / 3) / 6 - 3,
            "refined": 2,
            "coarse": -3,
            "intermediate": 6 * (2 + 2 / 3) / 3 - 3,
        },
    ),
    (
        "a name that is a list",
        block(*TWO, {"name": []}),
        {"default": -3, "refined": 2, "coarse": -3, "intermediate": -3},
    ),
    (
        "no parameters",
        block({"name": "f"}, TWO[1]),
        {"default": -3, "refined": -3, "coarse": -3, "intermediate": 1},
    ),
]


@pytest.mark.parametrize(("says", "text", "correctness"), MADE, ids=[made[0] for made in MADE])
def test_what_earns_credit_depends_on_the_switch(says, text, correctness):
    for switch, expected in correctness.items():
        verdict = VERIFIERS[switch].score(text, answer=block(*TWO))
        assert verdict.parts["correctness"] == pytest.approx(expected), switch
        assert toolrl_oracle.rewards(switch, text, block(*TWO), 0)[2] == pytest.approx(expected), switch
        assert verdict.passed is (expected == 3)
        assert verdict.passed or any(finding.level == "error" for finding in verdict.findings)


@pytest.mark.parametrize("switch", VERIFIERS)
def test_a_gold_with_keys_of_its_own_is_compared_as_it_stands(switch):
    gold = block({**TWO[0], "id": 1}, TWO[1])
    for text in (gold, block(*TWO)):
        expected = toolrl_oracle.rewards(switch, text, gold, 0)
        assert found(VERIFIERS[switch].score(text, answer=gold)) == pytest.approx(expected)


@pytest.mark.parametrize("switch", VERIFIERS)
def test_a_gold_without_calls_makes_correctness_nothing_at_every_step(switch):
    for step in STEPS:
        for text in (block(*TWO), "<think>t</think>", ""):
            verdict = VERIFIERS[switch].score(text, answer="<think>t</think>", context=tv.Context(step=step))
            assert verdict.parts["correctness"] == 0
            expected = toolrl_oracle.rewards(switch, text, "<think>t</think>", step)
            assert found(verdict) == pytest.approx(expected)


@pytest.mark.parametrize("switch", VERIFIERS)
def test_length_is_a_part_where_the_profile_has_it(switch):
    parts = ("format", "correctness", *(["length"] if switch in WITH_LENGTH else []))
    assert VERIFIERS[switch].part_names == parts
    assert tuple(VERIFIERS[switch].score("", answer=GOLD).parts) == parts
