"""This folder is a place to import from; and a profile with a rule that raises."""

import sys
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.plugins import Part, registry

sys.path.insert(0, str(Path(__file__).parent))


class Fails:
    """Raises where a reply has no calls, as a careless plugin does."""

    name = "fails"
    gate = False

    def __call__(self, view):
        return tv.Outcome(1.0 / len(view.calls))


@pytest.fixture
def failing_profile(tmp_path, monkeypatch):
    """The path of a profile one of whose rules raises on some replies."""
    rules = registry().all("rule")
    monkeypatch.setitem(rules, "fails", Part("fails", Fails(), rules["calls"].plugin))
    path = tmp_path / "failing.toml"
    path.write_text('extends = "typed"\nrules = ["reasoning", "format", "schema", "calls", "fails"]\n')
    return str(path)
