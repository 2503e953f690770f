"""Verdicts of the released code itself on mutated real rows."""

import gzip
import json
import os
from pathlib import Path

import n1_oracle
import pytest

import toolverify as tv

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
VECTORS = SHARED / "vectors" / "tool_n1.jsonl.gz"

pytestmark = pytest.mark.skipif(
    not VECTORS.is_file(), reason=f"no vectors at {VECTORS}; set TOOLVERIFY_SHARED"
)


@pytest.fixture(scope="module")
def vectors():
    with gzip.open(VECTORS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) > 1000
    return rows


def _wanted(row, variant):
    """The released reward and what the released code raised; a crash earns 0."""
    value = row["expected"][variant]
    return (0.0, [value["__raises__"]]) if isinstance(value, dict) else (value, [])


@pytest.mark.parametrize("variant", n1_oracle.PROFILES)
def test_every_vector_has_its_verdict(variant, vectors):
    verifier = tv.Verifier(n1_oracle.PROFILES[variant])
    for row in vectors:
        verdict = verifier.score(row["completion"], answer=row["answer"], tools=row["tools"])
        raised = [f.source_code for f in verdict.findings if f.code == "tool-n1.reference_raises"]
        assert (verdict.reward, raised) == _wanted(row, variant), row["id"]


@pytest.mark.parametrize("variant", n1_oracle.PROFILES)
def test_the_fast_path_gives_every_vector_its_reward(variant, vectors):
    verifier = tv.Verifier(n1_oracle.PROFILES[variant])
    cases = [verifier.compile(answer=row["answer"]) for row in vectors]
    rewards = verifier.rewards([row["completion"] for row in vectors], cases)
    wrong = [
        row["id"] for row, reward in zip(vectors, rewards, strict=True) if reward != _wanted(row, variant)[0]
    ]
    assert wrong == []


@pytest.mark.parametrize("variant", n1_oracle.PROFILES)
def test_the_oracle_agrees_with_every_vector(variant, vectors):
    for row in vectors:
        value = row["expected"][variant]
        wanted = n1_oracle.Raises(value["__raises__"]) if isinstance(value, dict) else value
        assert n1_oracle.reward(variant, row["completion"], json.dumps(row["answer"])) == wanted, row["id"]
