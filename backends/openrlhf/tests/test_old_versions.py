"""Older versions, run in a process of their own: `make test-openrlhf` lays them beside the newest one."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from toolverify_openrlhf.backend import OpenRLHF

pytest.importorskip("openrlhf")
SCRIPT = Path(__file__).with_name("old_version.py")


def through(version, profile):
    """What a version's own code makes of five samples: right, wrong, silent, right, and one with a broken label."""
    folder = Path(sys.prefix) / f"openrlhf-{version}"
    if not folder.is_dir():
        pytest.skip(f"no openrlhf {version} at {folder}")
    result = subprocess.run(
        [sys.executable, str(SCRIPT), str(OpenRLHF().path)],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "TOOLVERIFY_PROFILE": str(profile),
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        },
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3_000:]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["version"] == version
    return told


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


PARTLY = float32(0.1 + 0.2)


@pytest.mark.parametrize("version", ["0.8.3", "0.9.0"])
def test_chunks_in_ray_tasks(version, shaped):
    told = through(version, shaped)
    assert told["rewards"] == [1.0, PARTLY, 0.0, 1.0, 0.0, 0.0]
    assert told["scores"] == [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    assert told["info"]["verifier_error"] == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("version", ["0.9.1", "0.10.0"])
def test_a_score_of_0_is_not_taken_for_none(version, shaped):
    told = through(version, shaped)
    assert told["rewards"] == [1.0, PARTLY, 0.0, 1.0, 0.0]
    assert told["scores"][0] == told["scores"][3] == 1.0
    wrong = [told["scores"][index] for index in (1, 2, 4)]
    assert all(-1e-20 < score <= 0 for score in wrong)  # 0.3 would stand there if it were taken for none
    assert not sum(wrong) > 0  # dynamic filtering still sees a group that is all wrong
    assert 1 + wrong[0] == 1
    assert told["info"]["verifier_error"] == [0.0, 0.0, 0.0, 0.0, 1.0]
