"""This folder is a place to import from; a plugin whose rule raises, and whatever was told once is told again."""

import os
import sys
from pathlib import Path

import pytest

from toolverify.plugins import registry
from toolverify_trl import ready, sample_log

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
sys.path.insert(0, str(Path(__file__).parent))

RAISING = '''
import toolverify as tv

@tv.rule("moody")
def moody(view):
    """It dies of one word."""
    if "boom" in (view.reply.reasoning or ""):
        raise KeyError("boom " * 1000)
    return 1.0

@tv.hookimpl
def toolverify_rules():
    return [moody]
'''


@pytest.fixture(autouse=True)
def _nothing_told():
    """Every test hears what is told once a process."""
    sample_log._told.clear()
    ready.ready.cache_clear()


@pytest.fixture
def moody_profile(tmp_path, monkeypatch):
    """The path of a profile with a rule of a plugin that raises where a thought says "boom"."""
    (tmp_path / "moody_rules.py").write_text(RAISING, encoding="utf-8")
    info = tmp_path / "moody_rules-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: moody-rules\nVersion: 0.1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[toolverify]\nmoody = moody_rules\n", encoding="utf-8")
    profile = tmp_path / "moody.toml"
    profile.write_text(
        'extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "moody"]\n', encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.cache_clear()
    yield profile
    sys.modules.pop("moody_rules", None)
    registry.cache_clear()
