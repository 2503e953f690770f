"""The files that `toolverify doctor` reads: configurations, scripts, Parquet; and versions as PEP 440 has them."""

from __future__ import annotations

import sys
from itertools import product

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from toolverify.cli.config_files import read_config
from toolverify.cli.override_text import read_script, read_value
from toolverify.cli.row_files import read_rows
from toolverify.errors import ConfigError, PluginError, RowError
from toolverify.versions import fit, installed_versions, read_version

NESTED = {"actor.lr": 1e-6, "actor.names": ["a", "b"], "reward.path": "x.py", "use": True}
TEXTS = {
    "run.yaml": "actor:\n  lr: 1.0e-6\n  names: [a, b]\nreward:\n  path: x.py\nuse: true\n",
    "run.json": '{"actor": {"lr": 1e-6, "names": ["a", "b"]}, "reward": {"path": "x.py"}, "use": true}',
    "run.toml": 'use = true\n[actor]\nlr = 1e-6\nnames = ["a", "b"]\n[reward]\npath = "x.py"\n',
    "run.sh": "python -m train actor.lr=1e-6 \\\n  'actor.names=[a,b]' reward.path=x.py use=true\n",
}


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["run.yaml", "run.json", "run.toml", "run.sh"])
def test_every_kind_of_file_gives_the_same_keys(tmp_path, name):
    if name.endswith("yaml"):
        pytest.importorskip("yaml")
    config = read_config([write(tmp_path, name, TEXTS[name])], [])
    assert {key: config[key] for key in NESTED} == NESTED


def test_a_text_of_overrides_is_read_a_line_each():
    assert read_script('actor.lr=1e-6\nactor.names="[a, b]"\n# note\non=True\n', "run.txt") == {
        "actor.lr": 1e-6,
        "actor.names": ["a", "b"],
        "on": True,
    }


def test_flags_take_what_follows_them():
    script = (
        "set -x\nexport CUDA_VISIBLE_DEVICES=0\nMODEL='my model'\n"
        "torchrun --standalone -m train.main \\\n   --reward.remote_url file.py \\\n   --train.max_len=16 --bf16 \\\n"
        '   --path "${MODEL}/x" $HOME/y --offset -3 # a note\necho done\n'
    )
    config = read_script(script, "run.sh")
    assert config["reward.remote_url"] == "file.py"
    assert config["train.max_len"] == 16
    assert config["bf16"] is True
    assert config["path"] == ["my model/x", "$HOME/y"]
    assert config["offset"] == -3
    assert config["standalone"] is True
    assert "MODEL" not in config


def test_hydra_signs_and_what_is_taken_away():
    assert read_script("train ++a.b=1 +c='x=y' ~d.e f=", "run.sh") == {
        "++a.b": 1,
        "+c": "x=y",
        "d.e": None,
        "f": "",
    }


def test_a_quotation_may_go_over_lines():
    assert read_script("train a='[1,\n 2]' b=1\n", "run.sh") == {"a": [1, 2], "b": 1}
    with pytest.raises(ConfigError, match="quotation is not closed"):
        read_script("train a='[1,\n", "run.sh")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("None", None),
        ("-7", -7),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("[]", []),
        ("[a,1,true]", ["a", 1, True]),
        ('{"a": [1]}', {"a": [1]}),
        ("{a:1}", "{a:1}"),
        ("[[a],b]", "[[a],b]"),
        ('"5"', "5"),
        ("'5'", "5"),
        ("a b", "a b"),
    ],
)
def test_values_are_what_a_configuration_means(text, value):
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


def test_later_files_and_settings_stand_above_earlier_ones(tmp_path):
    first, second = write(tmp_path, "a.json", '{"a": {"b": 1, "c": 1}}'), write(tmp_path, "b.toml", "a.b = 2")
    assert read_config([first, second], ["a.c=3", "d=x"]) == {"a.b": 2, "a.c": 3, "d": "x"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.json", "{", "not JSON"),
        ("a.json", "[1]", "expected keys, got list"),
        ("a.toml", "=", "not TOML"),
        ("a.sh", "x 'y", "quotation is not closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path, name, text, told):
    path = write(tmp_path, name, text)
    with pytest.raises(ConfigError, match=told) as raised:
        read_config([path], [])
    assert raised.value.path == str(path)
    assert raised.value.mend


def test_a_yaml_that_is_none_is_refused(tmp_path):
    pytest.importorskip("yaml")
    with pytest.raises(ConfigError, match="not YAML"):
        read_config([write(tmp_path, "a.yaml", "a: [1")], [])
    assert read_config([write(tmp_path, "a.yaml", "")], []) == {}


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match="pip install pyyaml"):
        read_config([write(tmp_path, "a.yaml", "a: 1")], [])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(RowError, match="pip install pyarrow"):
        read_rows(str(write(tmp_path, "a.parquet", "PAR1")), 1)
    with pytest.raises(ConfigError, match="no file"):
        read_config([tmp_path / "none.json"], [])
    with pytest.raises(ConfigError, match="is no setting"):
        read_config([], ["alone"])


def test_parquet_rows_come_as_a_trainer_sees_them(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    calls = [[{"name": "add", "arguments": {"a": 1}}], [{"name": "find", "arguments": {"city": "Oslo"}}]]
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        arrow.Table.from_pylist([{"id": index, "answer": call} for index, call in enumerate(calls)]), path
    )
    read = read_rows(str(path), 1)
    assert read.places == ("row 1",)
    assert read.rows[0]["answer"] == [{"name": "add", "arguments": {"a": 1, "city": None}}]
    assert len(read_rows(str(path), 10).rows) == 2
    with pytest.raises(RowError, match="not Parquet"):
        read_rows(str(write(tmp_path, "b.parquet", "no")), 1)


VERSIONS = [
    "1",
    "1.0.0",
    "1.0.1",
    "1.1",
    "1.10",
    "2",
    "2.0rc1",
    "2.0a1",
    "2.0b2",
    "2.0.dev1",
    "2.0rc1.dev3",
    "1.0.post1",
    "1.0.post1.dev2",
    "1!1.0",
    "0.9",
    "1.0-1",
    "1.2.3.4",
]
SPECIFIERS = [
    ">=1.0",
    "<2",
    ">1.0",
    "<=2.0",
    "==1.*",
    "==1.0",
    "!=1.0",
    "!=1.*",
    "~=1.0",
    "~=1.0.1",
    "<2.0rc2",
    ">=2.0a1,<3",
    ">1.0.post1",
    "==1!1.0",
    "~=1.2.3",
    ">=1,<1.5,!=1.1",
]


def test_versions_compare_as_packaging_compares_them():
    for one, other in product(VERSIONS, VERSIONS):
        assert (read_version(one) < read_version(other)) == (Version(one) < Version(other)), (one, other)
    for version, wanted in product(VERSIONS, SPECIFIERS):
        allowed = SpecifierSet(wanted).contains(version, prereleases=True)
        assert (fit(version, wanted) == "fits") == allowed, (version, wanted)


def test_a_version_lies_on_one_side():
    assert [fit(version, ">=1.2,<2") for version in ("1.1", "1.2+cpu", "2.0rc1", "2.1", "odd")] == [
        "older",
        "fits",
        "newer",
        "newer",
        "excluded",
    ]
    with pytest.raises(PluginError, match="no version specifier"):
        fit("1.0", "1.0")


def test_what_is_not_installed_has_no_version():
    found = installed_versions(["msgspec", "no-such-distribution"])
    assert found["no-such-distribution"] is None
    assert found["msgspec"]
