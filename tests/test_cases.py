"""The tables in cases/*.json: what a completion earns, why, and by which sentence of the design."""

import json
from pathlib import Path

import pytest

import toolverify as tv
from toolverify import errors

TABLES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def _rows():
    for path in TABLES:
        table = json.loads(path.read_text(encoding="utf-8"))
        for row in table["cases"]:
            marks = [pytest.mark.xfail(strict=True, reason=row["gap"])] if "gap" in row else []
            yield pytest.param(table["profile"], row, id=f"{path.stem}-{row['id']}", marks=marks)


def _verifier(profile, row):
    profile = profile if isinstance(profile, str) else tv.Profile.model_validate(profile)
    return tv.Verifier(profile, format=row.get("format"))


def _joined(row, key):
    """A value as it stands in the row, or a text whose pieces stand there, some of them many times."""
    if f"{key}_parts" not in row:
        return row.get(key)
    pieces = [(piece, 1) if isinstance(piece, str) else piece for piece in row[f"{key}_parts"]]
    return "".join(text * times for text, times in pieces)


def _given(row):
    return {"calls": row["calls"]} if "calls" in row else {"completion": _joined(row, "completion")}


ROWS = list(_rows())
SCORED = [row for row in ROWS if "error" not in row.values[1]]
REFUSED = [row for row in ROWS if "error" in row.values[1]]
TEXTS = [row for row in SCORED if "calls" not in row.values[1]]


@pytest.mark.parametrize(("profile", "row"), SCORED)
def test_the_verdict_is_the_tables(profile, row):
    verifier = _verifier(profile, row)
    context = tv.Context(**row.get("context", {}))
    verdict = verifier.score(
        **_given(row), answer=_joined(row, "answer"), tools=row.get("tools"), context=context
    )
    errors_found = [finding for finding in verdict.findings if finding.level == "error"]
    found = sorted(finding.code for finding in errors_found)
    assert (verdict.reward, verdict.passed, found) == (row["reward"], row["passed"], row["codes"])
    if "path" in row:
        assert errors_found[0].path == row["path"]


@pytest.mark.parametrize(("profile", "row"), TEXTS)
def test_the_fast_path_gives_the_tables_reward(profile, row):
    verifier = _verifier(profile, row)
    case = verifier.compile(answer=_joined(row, "answer"), tools=row.get("tools"))
    contexts = [tv.Context(**row["context"])] if "context" in row else None
    assert verifier.rewards([_joined(row, "completion")], [case], contexts=contexts) == [row["reward"]]


@pytest.mark.parametrize(("profile", "row"), REFUSED)
def test_what_cannot_be_compiled_raises_with_its_path(profile, row):
    verifier = _verifier(profile, row)
    with pytest.raises(getattr(errors, row["error"])) as raised:
        verifier.compile(answer=_joined(row, "answer"), tools=row.get("tools"))
    assert raised.value.path == row["path"]


@pytest.mark.parametrize(("profile", "row"), [row for row in SCORED if not row.marks])
def test_the_keys_of_a_verdict_are_those_of_its_profile(profile, row):
    verifier = _verifier(profile, row)
    verdict = verifier.score(**_given(row), answer=_joined(row, "answer"), tools=row.get("tools"))
    assert tuple(verdict.scores) == verifier.rules
    assert tuple(verdict.parts) == verifier.part_names
    assert sum(verdict.parts.values()) == verdict.reward


def test_the_tables_tell_their_cases_apart():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids)) > 80
