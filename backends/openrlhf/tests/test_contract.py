"""The reward file inside OpenRLHF's own code, and what that code does to reward files that are made differently."""

from __future__ import annotations

import json
import math
import struct
import unicodedata
from pathlib import Path

import pytest
from openrlhf_samples import ANSWER, END, LABEL, PROMPT, RIGHT, SILENT, TOOL, WRONG, hostile, workload

from toolverify.cli import main
from toolverify.training import write_label
from toolverify_openrlhf.backend import OpenRLHF
from toolverify_openrlhf.names import RESERVED, SPLIT_FAILED, SPLIT_REPAIRED

pytest.importorskip("openrlhf")
pytestmark = pytest.mark.filterwarnings("ignore")

import torch  # noqa: E402
from openrlhf_rollouts import SAMPLES, filtered, rolled_out, trained_on  # noqa: E402
from openrlhf_tokenizer import tiny_tokenizer  # noqa: E402

FILE = OpenRLHF().path


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture
def profile(monkeypatch):
    """Says which profile our reward file uses."""

    def use(name, **more):
        for key in ("FORMAT", "ON_ERROR", "FALLBACK", "LOG", "ENDINGS"):
            monkeypatch.delenv(f"TOOLVERIFY_{key}", raising=False)
        monkeypatch.setenv("TOOLVERIFY_PROFILE", str(name))
        for key, value in more.items():
            monkeypatch.setenv(f"TOOLVERIFY_{key.upper()}", str(value))

    return use


@pytest.fixture
def file_with(tmp_path):
    """A reward file of somebody else's."""

    def write(source):
        path = tmp_path / "somebodys_reward.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def logged(batch, name):
    """A metric of each sample, as the actor averages them."""
    return [float(value) for value in batch.info[name]]


# --- our file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tool-n1", "typed", "shaped"])
def test_5000_rewards_through_the_executor_are_those_of_toolverify_score(
    name, tokenizer, profile, tmp_path, shaped
):
    name = str(shaped) if name == "shaped" else name
    profile(name)
    rows = [row for row in workload(5_000) if "\ud800" not in str(row["completion"])]  # no token spells that
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out = tmp_path / "verdicts.jsonl"
    assert main(["score", str(tmp_path / "rows.jsonl"), "--profile", name, "--out", str(out)]) == 0
    verdicts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    labels = [write_label(row["answer"], tools=row["tools"]) for row in rows]
    made = rolled_out(FILE, tokenizer, [f"{row['completion']}{END}" for row in rows], labels)
    assert len(made) == len(verdicts) > 4_900
    assert [one["reward"].item() for one in made] == [float32(verdict["reward"]) for verdict in verdicts]
    assert [one["scores"].item() for one in made] == [float(verdict["passed"]) for verdict in verdicts]
    for one, verdict in zip(made, verdicts, strict=True):
        got = {rule: one["extra_logs"][rule].item() for rule in verdict["scores"]}
        assert got == {rule: float32(score) for rule, score in verdict["scores"].items()}


def test_200_hostile_completions_lose_no_sample(tokenizer, profile):
    profile("typed", fallback=-1)
    texts = [text for text in hostile(230) if "\ud800" not in text][:200]
    labels = [LABEL if index % 10 else "no label" for index in range(200)]
    made = rolled_out(FILE, tokenizer, texts, labels)
    assert len(made) == 200
    assert len({tuple(one["extra_logs"]) for one in made}) == 1
    for one in made:
        values = [one["reward"], one["scores"], *one["extra_logs"].values()]
        assert all(math.isfinite(value.item()) and value.dtype == torch.float32 for value in values)
    assert sum(one["extra_logs"]["verifier_error"].item() for one in made) == 20
    assert {one["reward"].item() for one in made[::10]} == {-1.0}
    experiences, batch = trained_on(made[:SAMPLES], tokenizer)
    assert all(torch.isfinite(experience.advantages).all() for experience in experiences)
    assert len(batch.info["acc"]) == SAMPLES


@pytest.mark.parametrize("micro_batch", [1, SAMPLES])
def test_components_reach_the_log_beside_the_trainers_own(micro_batch, tokenizer, profile, shaped):
    profile(shaped)
    made = rolled_out(FILE, tokenizer, [RIGHT, WRONG, SILENT, RIGHT], [LABEL, LABEL, LABEL, "{"])
    experiences, batch = trained_on(made, tokenizer, micro_batch)
    assert logged(batch, "acc") == [1.0, 0.0, 0.0, 0.0]
    assert logged(batch, "verifier_error") == [0.0, 0.0, 0.0, 1.0]
    assert logged(batch, "reward") == [float32(number) for number in (0.1 + 0.2 + 0.7, 0.1 + 0.2, 0.0, 0.0)]
    assert logged(batch, "score") == [1.0, 0.0, 0.0, 0.0]
    advantages = torch.cat([experience.advantages.max(1).values for experience in experiences])
    assert advantages.argmax() == 0


def test_every_name_that_the_trainer_logs_is_reserved(tokenizer, profile):
    profile("tool-n1")
    made = rolled_out(FILE, tokenizer, [RIGHT] * SAMPLES, [LABEL] * SAMPLES)
    _, batch = trained_on(made, tokenizer)
    assert set(batch.info) - set(made[0]["extra_logs"]) <= set(RESERVED)
    assert not set(made[0]["extra_logs"]) & set(RESERVED) - {SPLIT_REPAIRED, SPLIT_FAILED}


def test_a_group_that_is_all_right_gets_no_advantage_and_no_nan(tokenizer, profile):
    profile("tool-n1")
    experiences, _ = trained_on(rolled_out(FILE, tokenizer, [RIGHT] * 4, [LABEL] * 4), tokenizer)
    assert all((experience.advantages == 0).all() for experience in experiences)


def test_dynamic_filtering_keeps_the_groups_that_can_teach(tokenizer, profile, shaped):
    profile(shaped)

    def group(texts):
        return rolled_out(FILE, tokenizer, texts, [LABEL] * SAMPLES)

    right, wrong, mixed = group([RIGHT] * 4), group([WRONG, SILENT, WRONG, WRONG]), group([RIGHT, WRONG] * 2)
    assert wrong[0]["reward"] > 0  # filtering by rewards would keep this group
    assert filtered([right]) == filtered([wrong]) == 0
    assert filtered([mixed]) == 1
    assert filtered([right, mixed, wrong, mixed]) == 2
    assert filtered([right, wrong], -1, 2) == 2  # what the checks warn of


def test_labels_may_be_objects_too(tokenizer, profile):
    profile("typed")
    labels = [LABEL, ANSWER, {"answer": ANSWER, "tools": [TOOL]}, json.dumps(ANSWER)]
    made = rolled_out(FILE, tokenizer, [RIGHT] * 4, labels)
    assert [one["reward"].item() for one in made] == [1.0] * 4


def test_without_a_label_column_the_label_is_an_empty_text(tokenizer, profile):
    profile("tool-n1")
    (made,) = rolled_out(FILE, tokenizer, [RIGHT], [""])
    assert made["extra_logs"]["unscorable"].item() == 1.0


def test_a_prompt_in_another_normal_form_is_split_where_cutting_by_length_fails(profile, file_with):
    from tokenizers import normalizers

    profile("tool-n1")
    tokenizer = tiny_tokenizer(normalizers.NFC())
    prompt = PROMPT.replace("weather", unicodedata.normalize("NFD", "météo à Orléans"))
    cut = "def reward_func(queries, prompts, labels):\n    return {'rewards': float(queries[0][len(prompts[0]):].startswith('<think>'))}"
    (theirs,) = rolled_out(file_with(cut), tokenizer, [RIGHT], [LABEL], [prompt])
    assert theirs["reward"] == 0.0
    (ours,) = rolled_out(FILE, tokenizer, [RIGHT + END], [LABEL], [prompt])
    assert ours["reward"].item() == 1.0
    assert ours["extra_logs"][SPLIT_REPAIRED].item() == 1.0


def test_a_prompt_cut_on_its_left_leaves_the_response(tokenizer, profile, file_with):
    profile("tool-n1")
    prompt = "A" * 600 + "bcdé" * 50 + PROMPT
    cut = "def reward_func(queries, prompts, labels):\n    return {'rewards': float(len(queries[0][len(prompts[0]):]))}"
    (theirs,) = rolled_out(file_with(cut), tokenizer, [RIGHT], [LABEL], [prompt], room=200)
    assert theirs["reward"] == 0.0  # an empty response
    (ours,) = rolled_out(FILE, tokenizer, [RIGHT + END], [LABEL], [prompt], room=200)
    assert ours["reward"].item() == 1.0
    assert ours["extra_logs"][SPLIT_FAILED].item() == 0.0


def test_reasoning_that_the_template_opened_is_not_missing(tokenizer, profile):
    profile("tool-n1")
    (made,) = rolled_out(
        FILE, tokenizer, [RIGHT.removeprefix("<think>") + END], [LABEL], [f"{PROMPT}<think>\n"]
    )
    assert made["reward"].item() == 1.0


def test_a_rule_that_raises_ends_nothing_and_is_counted(tokenizer, profile, foreign_rules):
    path = foreign_rules / "fragile.toml"
    path.write_text(
        'extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "fragile"]\n', encoding="utf-8"
    )
    profile(path)
    made = rolled_out(FILE, tokenizer, [RIGHT, RIGHT.replace("Oslo.", "BOOM"), WRONG, SILENT], [LABEL] * 4)
    _, batch = trained_on(made, tokenizer)
    assert logged(batch, "verifier_error") == [0.0, 1.0, 0.0, 0.0]
    assert logged(batch, "reward") == [1.0, 0.0, 0.0, 0.0]


def test_32_calls_at_once_give_what_one_gives(tokenizer, profile, tmp_path):
    profile("typed", log=tmp_path / "log.jsonl")
    rows = [row for row in workload(256) if "\ud800" not in str(row["completion"])]
    texts, labels = (
        [row["completion"] for row in rows],
        [write_label(row["answer"], tools=row["tools"]) for row in rows],
    )
    many = rolled_out(FILE, tokenizer, texts, labels, at_once=32)
    single = rolled_out(FILE, tokenizer, texts, labels, at_once=1)
    assert [one["reward"].item() for one in many] == [one["reward"].item() for one in single]
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 2 * len(rows)


def test_a_file_of_ones_own_is_three_lines(tokenizer, file_with):
    own = file_with(
        'from toolverify_openrlhf import make_reward_func\n\nreward_func = make_reward_func(profile="typed", format="hermes")\n'
    )
    hermes = RIGHT.replace("[", "").replace("]", "")
    made = rolled_out(own, tokenizer, [hermes, RIGHT], [LABEL] * 2)
    assert [one["reward"].item() for one in made] == [1.0, 0.0]


def test_batches_come_back_as_they_went_in(profile):
    from toolverify_openrlhf import make_reward_func

    told = make_reward_func("tool-n1")(
        [PROMPT + RIGHT, PROMPT + WRONG, PROMPT], [PROMPT] * 3, [LABEL] * 3, more=1
    )
    assert told["rewards"].tolist() == [1.0, 0.0, 0.0]
    assert all(tensor.shape == (3,) for tensor in told["extra_logs"].values())


def test_with_on_error_raise_the_cause_is_told_before_the_trainer_swallows_it(tokenizer, profile, caplog):
    profile("tool-n1", on_error="raise")
    (made,) = rolled_out(FILE, tokenizer, [RIGHT], ["{"])
    assert made["reward"] is None
    assert "so the training stops: the text is not JSON" in caplog.text


# --- files that are made differently ------------------------------------------------------------------------------------

_N = "def reward_func(queries, prompts, labels, **more):\n    n = len(queries[0]) - len(prompts[0])\n"
FINE = {
    "a tensor with one number": "import torch\n" + _N + "    return {'rewards': torch.tensor([n / 10])}",
    "a tensor without dimensions": "import torch\n" + _N + "    return {'rewards': torch.tensor(n / 10)}",
    "floats": _N + "    return {'rewards': n / 10, 'scores': 1.0, 'extra_logs': {'a': n / 10}}",
    "lists": _N + "    return {'rewards': [n / 10], 'scores': [1.0]}",
    "ints": _N + "    return {'rewards': n}",
    "ints and floats": _N + "    return {'rewards': 1 if n > 2 else 0.5}",
    "rewards alone": _N + "    return {'rewards': n / 10}",
    "truths in extra_logs": _N + "    return {'rewards': 1.0, 'extra_logs': {'ok': n > 2}}",
    "a score of 0": _N + "    return {'rewards': -1.0, 'scores': 0.0}",
    "a callable object": "class Reward:\n    def __call__(self, q, p, l):\n        return {'rewards': 1.0}\nreward_func = Reward()",
}  # fmt: skip
SWALLOWED = {
    "a bare tensor": "import torch\n" + _N + "    return torch.tensor([1.0])",
    "an async function": "async def reward_func(queries, prompts, labels):\n    return {'rewards': 1.0}",
    "an exception": _N + "    raise RuntimeError('no')",
    "a reward that is None": _N + "    return {'rewards': None}",
}
BREAKING = {
    "a text in extra_logs": (_N + "    return {'rewards': 1.0, 'extra_logs': {'why': 'bad'}}", "too many dimensions 'str'"),
    "a None in extra_logs": (_N + "    return {'rewards': 1.0, 'extra_logs': {'why': None}}", "NoneType"),
    "keys that differ": (_N + "    return {'rewards': 1.0, 'extra_logs': {'x': 1.0} if n > 2 else {'y': 1.0}}", "batch_size|'y'"),
    "an exception for one": (_N + "    assert n != 2\n    return {'rewards': 1.0}", "'NoneType' object has no attribute"),
    "an exception for the first": (_N + "    assert n != 1\n    return {'rewards': 1.0}", "reward_model_group is required"),
}  # fmt: skip
UNLOADABLE = {
    "postponed annotations and a dataclass": (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\ndef reward_func(q, p, l):\n    return {'rewards': 1.0}",
        "__dict__",
    ),
    "a module beside it": (
        "import beside_it\ndef reward_func(q, p, l):\n    return {'rewards': 1.0}",
        "beside_it",
    ),
}
TEXTS = ["a", "bb", "ccc", "dddd"]


@pytest.mark.parametrize("source", FINE.values(), ids=FINE)
def test_what_a_reward_may_return(source, tokenizer, file_with):
    experiences, _ = trained_on(rolled_out(file_with(source), tokenizer, TEXTS, [""] * 4), tokenizer)
    assert all(torch.isfinite(experience.advantages).all() for experience in experiences)


@pytest.mark.parametrize("source", SWALLOWED.values(), ids=SWALLOWED)
@pytest.mark.filterwarnings("ignore")
def test_what_becomes_no_reward_without_a_word(source, tokenizer, file_with):
    made = rolled_out(file_with(source), tokenizer, TEXTS, [""] * 4)
    assert [one["reward"] for one in made] == [None] * 4


@pytest.mark.parametrize(("source", "words"), BREAKING.values(), ids=BREAKING)
@pytest.mark.parametrize("micro_batch", [1, SAMPLES])
def test_what_ends_the_training(source, words, micro_batch, tokenizer, file_with):
    made = rolled_out(file_with(source), tokenizer, TEXTS, [""] * 4)
    with pytest.raises(
        (ValueError, RuntimeError, KeyError, AttributeError, TypeError, AssertionError), match=words
    ):
        trained_on(made, tokenizer, micro_batch)


def test_a_nan_spoils_its_whole_group_without_a_word(tokenizer, file_with):
    path = file_with(_N + "    return {'rewards': float('nan') if n == 2 else n / 10}")
    experiences, _ = trained_on(rolled_out(path, tokenizer, TEXTS, [""] * 4), tokenizer)
    assert all(torch.isnan(experience.advantages).any() for experience in experiences)


def test_a_log_of_the_name_of_a_metric_overwrites_it(tokenizer, file_with):
    path = file_with(_N + "    return {'rewards': 1.0, 'extra_logs': {'score': 5.0}}")
    _, batch = trained_on(rolled_out(path, tokenizer, TEXTS, [""] * 4), tokenizer)
    assert logged(batch, "score") == [5.0] * 4


@pytest.mark.parametrize(("source", "words"), UNLOADABLE.values(), ids=UNLOADABLE)
def test_what_cannot_be_loaded(source, words, tokenizer, file_with, tmp_path):
    (tmp_path / "beside_it.py").write_text("X = 1\n", encoding="utf-8")
    with pytest.raises((AttributeError, ModuleNotFoundError), match=words):
        rolled_out(file_with(source), tokenizer, ["a"], [""])


def test_the_checks_say_what_the_loader_will(file_with, tmp_path):
    from toolverify import Verifier
    from toolverify.checkup import Setup

    (tmp_path / "beside_it.py").write_text("X = 1\n", encoding="utf-8")

    def codes(source):
        config = {"reward.remote_url": str(file_with(source)), "data.label_key": "label"}
        return {fault.code for fault in OpenRLHF().check(Setup(Verifier("tool-n1"), config=config))}

    assert not any(codes(source) for source in FINE.values())
    assert codes(SWALLOWED["an async function"]) == {"openrlhf.async_reward_func"}
    assert codes(UNLOADABLE["postponed annotations and a dataclass"][0]) == {"openrlhf.postponed_annotations"}
    assert codes(UNLOADABLE["a module beside it"][0]) == {"openrlhf.sibling_import"}


# --- the parser ---------------------------------------------------------------------------------------------------------


def parser_of(version=""):
    """The names that a version's parser knows, read from its source."""
    import re
    import sys

    import openrlhf

    folder = (
        Path(sys.prefix) / f"openrlhf-{version}" / "openrlhf" if version else Path(openrlhf.__file__).parent
    )
    if not folder.is_dir():
        pytest.skip(f"no openrlhf {version} beside the installed one")
    source = (folder / "cli" / "train_ppo_ray.py").read_text(encoding="utf-8")
    shared = re.findall(r'add_argument\(\s*f"--\{\w+\}\.([\w.]+)"', source)
    both = {f"{model}.{name}" for model in ("actor", "critic") for name in shared}
    return both | set(re.findall(r'add_argument\(\s*"--([\w.]+)"', source))


@pytest.mark.parametrize("version", ["", "0.8.3", "0.9.0", "0.9.1", "0.10.0"])
def test_no_option_that_a_parser_knows_is_refused_and_old_names_are(version):
    from toolverify_openrlhf.check_options import check_names
    from toolverify_openrlhf.option_names import DOTTED_NAMES, FLAT_NAMES
    from toolverify_openrlhf.settings import settings_of

    known = parser_of(version)
    assert len(known) > 100
    told = version or "0.11.2"
    assert not list(check_names(settings_of(dict.fromkeys(known), told)))
    others = dict.fromkeys(set(FLAT_NAMES if version else DOTTED_NAMES) - known)
    refused = {fault.where.lstrip("-") for fault in check_names(settings_of(others, told))}
    assert refused == set(others)
    if not version:
        ended = {"algo.advantage.is_correction_enable", "algo.advantage.is_correction_type"}
        assert set(FLAT_NAMES) - ended <= known


def test_the_checks_with_a_real_tokenizer(tokenizer, tmp_path):
    from tokenizers import normalizers

    from toolverify import Verifier
    from toolverify.checkup import Setup

    tokenizer.save_pretrained(tmp_path / "fine")
    changing = tiny_tokenizer(normalizers.Lowercase())
    changing.eos_token = "<|my_end|>"  # noqa: S105  # a token, no password
    changing.save_pretrained(tmp_path / "changing")
    config = {"data.input_key": "prompt", "data.label_key": "label", "data.max_len": 100, "data.apply_chat_template": True,
              "rollout.max_new_tokens": 20, "reward.remote_url": str(FILE)}  # fmt: skip
    rows = [
        {"prompt": [{"role": "user", "content": "Use get_weather: what is it like in Oslo?"}], "label": LABEL}
    ]

    def codes(folder, rows=rows, **more):
        setup = Setup(Verifier("typed"), rows=rows, config={**config, **more}, tokenizer=tmp_path / folder)
        return [fault.code for fault in OpenRLHF().check(setup)]

    assert codes("fine") == []
    assert codes("fine", **{"data.max_len": 40}) == ["openrlhf.prompt_cut"]
    assert codes("nothing here") == ["openrlhf.tokenizer_unread"]
    assert "openrlhf.ending_unknown" in codes("changing")
    assert "openrlhf.markers_lost" in codes("changing")
    text = [{"prompt": "USE get_weather: What Is It Like In OSLO?", "label": LABEL}]
    assert "openrlhf.prompt_changed" in codes("changing", text, **{"data.apply_chat_template": False})


# --- the data -----------------------------------------------------------------------------------------------------------


def test_rows_go_through_the_trainers_own_reader_as_they_are(tokenizer, profile, tmp_path):
    from datasets import load_dataset
    from openrlhf.datasets.prompts_dataset import preprocess_data

    from toolverify_openrlhf.check_tokenizer import prompt_of
    from toolverify_openrlhf.settings import settings_of

    calls = [{"city": "Oslo"}, {"n": 3}, {"n": "three", "deep": {"list": [1, None]}}]
    rows = [
        {
            "prompt": [{"role": "user", "content": "What?"}],
            "label": write_label([{"name": "f", "arguments": call}]),
        }
        for call in calls
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    read = list(load_dataset("json", data_files=str(path), cache_dir=str(tmp_path / "cache"))["train"])
    settings = settings_of({"data.input_key": "prompt", "data.apply_chat_template": True}, "0.11.2")
    profile("tool-n1")
    for row, call in zip(read, calls, strict=True):
        prompt, label = preprocess_data(row, None, "prompt", "label", tokenizer.apply_chat_template)
        assert prompt == prompt_of(tokenizer, row, settings)
        text = f"<think>So.</think><tool_call>{json.dumps([{'name': 'f', 'arguments': call}])}</tool_call>"
        (made,) = rolled_out(FILE, tokenizer, [text + END], [label], [prompt])
        assert made["reward"].item() == 1.0


def test_a_prompt_template_is_filled_as_the_checks_think(tokenizer):
    from openrlhf.datasets.prompts_dataset import preprocess_data

    from toolverify_openrlhf.check_tokenizer import prompt_of
    from toolverify_openrlhf.settings import settings_of

    row, template = {"prompt": "What?"}, "Q: {}\nA:"
    settings = settings_of({"data.input_key": "prompt", "data.input_template": template}, "0.11.2")
    assert (
        preprocess_data(row, template, "prompt")[0] == prompt_of(tokenizer, row, settings) == "Q: What?\nA:"
    )
    with pytest.raises((KeyError, ValueError, IndexError)):
        preprocess_data(row, "{} {more}", "prompt")
