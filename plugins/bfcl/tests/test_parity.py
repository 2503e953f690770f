"""The rows of the parity matrix that compares the field's scorers, for BFCL's checker."""

import json
from pathlib import Path

import bfcl_data
import pytest

import toolverify as tv

TABLE = json.loads((Path(__file__).parent / "cases" / "parity.json").read_text(encoding="utf-8"))


def _tools(row):
    return [tool for tool in TABLE["specifications"] if tool["name"] in row["tools"]]


@pytest.mark.parametrize("row", TABLE["rows"], ids=[row["row"] for row in TABLE["rows"]])
def test_a_row_of_the_matrix_has_its_verdict(row):
    verifier = tv.Verifier("bfcl-ast")
    context = tv.Context(category=row["category"])
    wanted = (row["passed"], row.get("source_code"))
    case = verifier.compile(answer=row["gold"], tools=_tools(row))
    assert bfcl_data.outcome(verifier.score(calls=row["calls"], case=case, context=context)) == wanted
    text = tv.render(row["calls"], format="bfcl-prompt") or "[]"
    assert bfcl_data.outcome(verifier.score(text, case=case, context=context)) == wanted
    assert verifier.rewards([text], [case], contexts=[context]) == [float(row["passed"])]


@pytest.mark.parametrize("row", TABLE["rows"], ids=[row["row"] for row in TABLE["rows"]])
def test_where_no_category_is_told_the_answer_decides_it(row):
    if row["category"] != "simple" or len(row["tools"]) == 1:
        verifier = tv.Verifier("bfcl-ast")
        verdict = verifier.score(calls=row["calls"], answer=row["gold"], tools=_tools(row))
        assert verdict.passed == row["passed"]
