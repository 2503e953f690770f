"""This folder is a place to import from; where OpenRLHF is, so are the stand-ins for what it imports and needs a GPU."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
if find_spec("openrlhf") is not None:
    sys.path.append(str(HERE / "standins"))  # behind the real ones

SHAPED = """
summary = "A reward between 0 and 1, for tests."
format = "tool-n1"
answers = "calls"
rules = ["reasoning", "format", "calls"]
combine = { use = "weighted", weights = { reasoning = 0.1, format = 0.2, calls = 0.7 } }
"""
RAISING = """
import toolverify as tv

@tv.rule("fragile")
def fragile(view):
    if "BOOM" in (view.reply.reasoning or ""):
        raise RuntimeError("the rule broke on this one")
    return 1.0

@tv.rule("kl")
def kl(view):
    return 1.0

@tv.hookimpl
def toolverify_rules():
    return [fragile, kl]
"""


@pytest.fixture
def shaped(tmp_path):
    """A profile whose rewards are neither 0 nor 1."""
    path = tmp_path / "shaped.toml"
    path.write_text(SHAPED, encoding="utf-8")
    return path


@pytest.fixture
def foreign_rules(tmp_path, monkeypatch):
    """An installed plugin: a rule that raises on some samples, and one that has the name of a metric."""
    from toolverify.plugins import registry

    site = tmp_path / "site"
    info = site / "foreign_rules-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "foreign_rules.py").write_text(RAISING, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: foreign-rules\nVersion: 0.1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[toolverify]\nforeign = foreign_rules\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    registry.cache_clear()
    yield tmp_path
    registry.cache_clear()
