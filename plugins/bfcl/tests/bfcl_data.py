"""Where BFCL's data and the recorded verdicts of its checker are, for the tests that need them."""

import gzip
import json
import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
DATA = SHARED / "data" / "bfcl"
VECTORS = SHARED / "vectors" / "bfcl_ast.jsonl.gz"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data at {DATA}; set TOOLVERIFY_SHARED")
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_file(), reason=f"no vectors at {VECTORS}; set TOOLVERIFY_SHARED"
)


def lines(path):
    """The rows of a file of JSON lines, plain or gzipped; none where there is no file."""
    if not path.is_file():
        return []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def entries(category):
    """Tools and gold calls of a category, by id."""
    tools = {row["id"]: row["function"] for row in lines(DATA / f"BFCL_v4_{category}.json")}
    golds = {
        row["id"]: row["ground_truth"] for row in lines(DATA / "possible_answer" / f"BFCL_v4_{category}.json")
    }
    return tools, golds


def categories(folder):
    """The categories that have a file in a folder of the data."""
    return sorted(path.stem.removeprefix("BFCL_v4_") for path in (DATA / folder).glob("*.json*"))


def outcome(verdict):
    """What a verdict says, as the checker says it: whether valid, and the error type. One error at most decides."""
    errors = [finding.source_code for finding in verdict.findings if finding.level == "error"]
    assert len(errors) == (not verdict.passed), verdict
    return verdict.passed, errors[0] if errors else None
