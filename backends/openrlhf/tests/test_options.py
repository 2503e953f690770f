"""What may be set, and what a wrong setting says."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from openrlhf_samples import PROMPT, RIGHT

import toolverify_openrlhf
from toolverify.errors import ProfileError
from toolverify_openrlhf import make_reward_func
from toolverify_openrlhf.options import Options, checked, options_from

FILE = Path(toolverify_openrlhf.__file__).with_name("reward_file.py")


def test_the_environment_says_everything(tmp_path):
    options = options_from(
        {
            "TOOLVERIFY_PROFILE": "typed",
            "TOOLVERIFY_FORMAT": "hermes",
            "TOOLVERIFY_ON_ERROR": "raise",
            "TOOLVERIFY_FALLBACK": "-1",
            "TOOLVERIFY_LOG": str(tmp_path / "log.jsonl"),
            "TOOLVERIFY_ENDINGS": "<a>,<b>",
            "HOME": "/nowhere",
        }
    )
    assert options == Options("typed", "hermes", "raise", -1.0, str(tmp_path / "log.jsonl"), ("<a>", "<b>"))
    assert options_from({"TOOLVERIFY_PROFILE": "typed", "TOOLVERIFY_FORMAT": ""}) == Options("typed")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "which profile"),
        ({"TOOLVERIFY_PROFILE": "typed", "TOOLVERIFY_FALLBACK": "x"}, "not a number"),
        ({"TOOLVERIFY_PROFILE": "typed", "TOOLVERIFY_FALLBACK": "nan"}, "finite"),
        ({"TOOLVERIFY_PROFILE": "typed", "TOOLVERIFY_ON_ERROR": "ignore"}, "use 'zero' or 'raise'"),
        ({"TOOLVERIFY_PROFILE": "typed", "TOOLVERIFY_LOG": "/no/such/folder/log"}, "no folder"),
    ],
)
def test_a_wrong_environment_is_an_error_that_says_what_to_do(given, words):
    with pytest.raises(ProfileError, match=words):
        options_from(given)


def test_a_relative_log_stands_where_the_training_began(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert checked("typed", log="log.jsonl").log == str(tmp_path / "log.jsonl")


@pytest.mark.parametrize("profile", ["no-such-profile", "/no/such.toml"])
def test_an_unknown_profile_is_an_error_when_the_function_is_made(profile):
    with pytest.raises(ProfileError):
        make_reward_func(profile)


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ProfileError, match="finite"):
        make_reward_func("typed", fallback=True)


def test_the_file_wants_to_be_told_the_profile(monkeypatch):
    monkeypatch.delenv("TOOLVERIFY_PROFILE", raising=False)
    with pytest.raises(ProfileError, match="which profile"):
        runpy.run_path(str(FILE), run_name="reward_func")


def test_the_file_brings_a_plain_function(monkeypatch):
    monkeypatch.setenv("TOOLVERIFY_PROFILE", "typed")
    loaded = runpy.run_path(str(FILE), run_name="reward_func")
    assert type(loaded["reward_func"]).__name__ == "function"


def test_importing_the_leaf_imports_no_trainer_and_no_torch():
    code = "import sys, toolverify_openrlhf as t; t.toolverify_backends(); print([m for m in ('torch', 'ray', 'openrlhf', 'transformers') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_what_comes_out_is_float32_in_one_dimension():
    torch = pytest.importorskip("torch")
    told = make_reward_func("tool-n1")([PROMPT + RIGHT] * 3, [PROMPT] * 3, ["[]"] * 3)
    for tensor in (told["rewards"], told["scores"], *told["extra_logs"].values()):
        assert tensor.shape == (3,)
        assert tensor.dtype == torch.float32
