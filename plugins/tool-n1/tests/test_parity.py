"""The rows of the parity matrix that compares the field's scorers, for the released v0 and v4."""

import json
from pathlib import Path

import n1_oracle
import pytest

import toolverify as tv

ROWS = json.loads((Path(__file__).parent / "cases" / "parity.json").read_text(encoding="utf-8"))["rows"]


def _text(row):
    pieces = [json.dumps(row["calls"])] if "calls" in row else row["block"]
    body = "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces)
    return f"<think>t</think><tool_call>{body}</tool_call>"


@pytest.mark.parametrize("variant", ["v0", "v4"])
@pytest.mark.parametrize("row", ROWS, ids=[row["row"] for row in ROWS])
def test_a_row_of_the_matrix_has_its_reward(row, variant):
    verifier = tv.Verifier(n1_oracle.PROFILES[variant])
    verdict = verifier.score(_text(row), answer=row["gold"])
    assert verdict.reward == row[variant]
    assert verifier.rewards([_text(row)], [verifier.compile(answer=row["gold"])]) == [row[variant]]
    raised = [f.source_code for f in verdict.findings if f.code == "tool-n1.reference_raises"]
    assert raised == ([row["raises"]] if "raises" in row else [])


@pytest.mark.parametrize("variant", ["v0", "v4"])
@pytest.mark.parametrize("row", ROWS, ids=[row["row"] for row in ROWS])
def test_the_oracle_has_the_matrix_too(row, variant):
    expected = n1_oracle.reward(variant, _text(row), json.dumps(row["gold"]))
    assert expected == (n1_oracle.Raises(row["raises"]) if "raises" in row else row[variant])


@pytest.mark.parametrize("name", ["tool-n1-release", "tool-n1-release-llama"])
@pytest.mark.parametrize(
    ("thought", "path"), [("<tool_call>", "reasoning"), ("</tool_call>", "calls"), ("a < b", None)]
)
def test_what_the_release_cannot_read_back_is_not_written(name, thought, path):
    calls = [{"name": "f", "arguments": {"a": "<tool_call>"}}]
    if path is None:
        text = tv.render(calls, format=name, reasoning=thought)
        assert tv.parse(text, format=name).calls == (tv.ToolCall("f", {"a": "<tool_call>"}),)
    else:
        with pytest.raises(tv.ToolverifyError, match=f"@ {path}"):
            tv.render(calls, format=name, reasoning=thought)
