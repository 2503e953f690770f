"""The command `compare`: who flips between profiles, and why."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from toolverify.cli import main
from toolverify.flips import MOST_COMPARED, Contrast, Example, Flips, nothing_yet

THINK = "<think></think>"
CALL = {"name": "f", "arguments": {"a": 1}}
TOOLS = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}]


def row(id_: object, completion: str, answer: object = None, **more: object) -> dict[str, object]:
    return {"id": id_, "completion": completion, "answer": [CALL] if answer is None else answer, **more}


def block(*calls: object) -> str:
    return f"{THINK}<tool_call>{json.dumps(list(calls))}</tool_call>"


RIGHT = row("right", block(CALL))
BEYOND_SCHEMA = row("schema", block(CALL), tools=TOOLS)  # tool-n1 passes, typed does not
SILENT = row("silent", f"{THINK}I cannot.", answer=[])  # typed passes, tool-n1 does not
WRONG = row("wrong", "no")
BAD_FOR_TYPED = row("bad tools", block(CALL), tools=[{}])
BAD = row("bad", "x", answer=[3])
EVERY = [RIGHT, BEYOND_SCHEMA, SILENT, WRONG, BAD_FOR_TYPED, BAD]


@pytest.fixture
def rows(tmp_path):
    """Write rows to a file and give its path."""

    def write(*lines: object, name: str = "rows.jsonl") -> str:
        path = tmp_path / name
        text = b"".join(
            line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines
        )
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return str(path)

    return write


def profiles(*names: str) -> list[str]:
    return [word for name in names for word in ("--profile", name)]


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["compare", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_report_tells_who_flips_and_why(rows, capsys):
    code, out, err = run(capsys, rows(*EVERY), *profiles("tool-n1", "typed"))
    assert (code, err) == (1, "")
    assert out == (
        "rows 6\n"
        "profile  scored     bad  unsc.    mean      passed\n"
        "tool-n1       5       1      0  0.6000        3  60.0%\n"
        "typed         4       2      0  0.5000        2  50.0%\n"
        "1 row is bad for tool-n1: line 6: expected a call, got int @ answer[0]; write\n"
        '  {"name": …, "arguments": {…}}\n'
        "2 rows are bad for typed: line 5: a tool needs a name @ tools[0].name; add a\n"
        "  non-empty string\n"
        "\n"
        "tool-n1 against typed\n"
        "                      typed\n"
        "                          passed     failed        bad\n"
        "  tool-n1 passed               1          1          1\n"
        "          failed               1          1          0\n"
        "          bad                  0          0          1\n"
        "  1 row passes under tool-n1 and fails under typed\n"
        "         1  schema.violated\n"
        "    line 2, id schema: 1 → 0, schema.violated @ calls[0].arguments.a\n"
        "  1 row passes under typed and fails under tool-n1\n"
        "         1  format.silence\n"
        "    line 3, id silent: 0 → 1, format.silence @ reply\n"
    )


def test_a_line_a_row_goes_to_a_file_and_every_number_agrees_with_score(rows, tmp_path, capsys):
    path, out = rows(*EVERY, name="r.jsonl.gz"), tmp_path / "out.jsonl.gz"
    assert run(capsys, path, *profiles("tool-n1", "typed"), "--out", str(out))[0] == 1
    lines = [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    for name in ("tool-n1", "typed"):
        main(["score", path, "-p", name])
        scored = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["rewards"][name] for line in lines] == [one["reward"] for one in scored]
        assert [line["passed"][name] for line in lines] == [one["passed"] for one in scored]
        for line, one in zip(lines, scored, strict=True):
            errors = [found["code"] for found in one.get("findings", ()) if found["level"] == "error"]
            assert line["codes"][name] == list(dict.fromkeys(errors))
            assert line.get("errors", {}).get(name) == one.get("error", {}).get("message")
    assert [(line["id"], line["line"]) for line in lines] == [
        (one["id"], i) for i, one in enumerate(EVERY, 1)
    ]
    assert set(lines[0]) == {"id", "line", "rewards", "passed", "codes"}
    assert set(lines[4]["errors"]) == {"typed"}


def test_lines_on_standard_output_leave_the_report_to_standard_error(rows, capsys):
    code, out, err = run(capsys, rows(RIGHT, WRONG), *profiles("tool-n1", "typed"), "--out", "-")
    assert (code, len(out.splitlines())) == (0, 2)
    assert json.loads(out.splitlines()[0])["rewards"] == {"tool-n1": 1.0, "typed": 1.0}
    assert err.startswith("rows 2\n")
    assert "no row passes under one and fails under the other" in err


def test_the_report_as_json(rows, capsys):
    code, out, _ = run(capsys, rows(*EVERY), *profiles("tool-n1", "typed"), "--json")
    data = json.loads(out)
    assert code == 1
    assert [(one["label"], one["passed"], one["bad"]) for one in data["profiles"]] == [
        ("tool-n1", 3, 1),
        ("typed", 2, 2),
    ]
    (pair,) = data["pairs"]
    assert pair["table"]["passed"] == {"passed": 1, "failed": 1, "unscorable": 0, "bad": 1}
    lost, gained = pair["flips"]
    assert (lost["passed"], lost["failed"], lost["rows"]) == ("tool-n1", "typed", 1)
    assert lost["codes"] == {"schema.violated": 1}
    assert lost["examples"][0]["rewards"] == {"tool-n1": 1.0, "typed": 0.0}
    assert (gained["passed"], gained["codes"]) == ("typed", {"format.silence": 1})
    assert gained["examples"][0]["rewards"] == {"tool-n1": 0.0, "typed": 1.0}


def test_up_to_three_profiles_are_compared_each_with_each_and_more_with_the_first(rows, tmp_path, capsys):
    own = tmp_path / "own.toml"
    own.write_text('extends = "tool-n1"\nrules = ["count"]\n', encoding="utf-8")
    path = rows(RIGHT, WRONG)
    three = ["tool-n1", "typed", str(own)]
    pairs = [line for line in run(capsys, path, *profiles(*three))[1].splitlines() if " against " in line]
    assert pairs == ["tool-n1 against typed", "tool-n1 against own", "typed against own"]
    other = tmp_path / "other.toml"
    other.write_text('extends = "tool-n1"\nrules = ["calls"]\n', encoding="utf-8")
    pairs = [
        line
        for line in run(capsys, path, *profiles(*three, str(other)))[1].splitlines()
        if " against " in line
    ]
    assert pairs == ["tool-n1 against typed", "tool-n1 against own", "tool-n1 against other"]
    assert len(nothing_yet(MOST_COMPARED + 1).contrasts) == MOST_COMPARED


def test_rows_that_come_out_alike_with_another_reward_are_counted(rows, tmp_path, capsys):
    own = tmp_path / "own.toml"
    own.write_text('extends = "tool-n1"\ncombine = "product"\nrules = ["count"]\n', encoding="utf-8")
    twice = row("twice", block(CALL, CALL))
    _, out, _ = run(capsys, rows(RIGHT, twice, WRONG), *profiles("tool-n1", str(own)))
    assert "  1 row comes out alike with another reward\n" in out


def test_two_files_with_one_name_are_told_apart_by_what_was_typed(rows, tmp_path, capsys):
    (tmp_path / "a").mkdir()
    one, two = tmp_path / "p.toml", tmp_path / "a" / "p.toml"
    one.write_text('extends = "tool-n1"\n', encoding="utf-8")
    two.write_text('extends = "tool-n1"\nrules = ["calls"]\n', encoding="utf-8")
    out = tmp_path / "out.jsonl"
    run(capsys, rows(RIGHT), *profiles(str(one), str(two), "typed"), "--out", str(out))
    assert set(json.loads(out.read_text(encoding="utf-8"))["rewards"]) == {str(one), str(two), "typed"}


def test_when_every_row_is_bad_for_one_profile_the_report_says_so(rows, tmp_path, capsys):
    own = tmp_path / "own.toml"
    own.write_text('extends = "tool-n1"\nanswers = "possible"\n', encoding="utf-8")
    possible = row("p", block(CALL), answer=[{"f": {"a": [1, 2]}}])
    code, out, _ = run(capsys, rows(possible, possible), *profiles("tool-n1", str(own)))
    assert code == 1
    assert "every row is bad for tool-n1: line 1: a call needs a name @ answer[0].name;" in out
    assert "no row was scored under both" in out
    assert "own           2       0      0  1.0000        2 100.0%\n" in out


def test_lines_that_are_no_rows_are_bad_for_all(rows, capsys):
    code, out, _ = run(capsys, rows(RIGHT, b"{\n", b"\n", RIGHT), *profiles("tool-n1", "typed"), "--json")
    data = json.loads(out)
    assert code == 1
    assert [one["bad"] for one in data["profiles"]] == [2, 2]
    assert data["pairs"][0]["table"]["bad"]["bad"] == 2
    assert "not JSON" in data["profiles"][0]["first_error"]


def test_examples_are_of_as_many_causes_as_there_are(rows, capsys):
    extra = f'{THINK}<tool_call>[{{"name": "f", "arguments": {{"a": 1}}, "x": 1}}]</tool_call>'
    several = [row(f"text{index}", f"{block(CALL)} bye") for index in range(4)] + [row("extra", extra)]
    path = rows(*several, RIGHT)
    own = Path(path).with_name("own.toml")
    own.write_text('extends = "tool-n1"\nrules = ["calls"]\n', encoding="utf-8")
    _, out, _ = run(capsys, path, *profiles("tool-n1", str(own)), "--examples", "2")
    shown = [line.split()[3].rstrip(":") for line in out.splitlines() if line.startswith("    line ")]
    assert shown == ["text0", "extra"]
    _, out, _ = run(capsys, path, *profiles("tool-n1", str(own)), "--examples", "0")
    assert "    line " not in out
    assert "         4  format.text\n         1  attempt.extra_keys\n" in out


def test_unscorable_rows_have_a_place_of_their_own(rows, capsys, monkeypatch):
    def raises(*_: object) -> object:
        raise KeyError("x")

    monkeypatch.setattr("toolverify.rules.schema.SchemaRule.__call__", raises)
    code, out, _ = run(capsys, rows(RIGHT, WRONG), *profiles("tool-n1", "typed"), "--json")
    (pair,) = json.loads(out)["pairs"]
    assert code == 0
    assert (pair["table"]["passed"]["unscorable"], pair["table"]["failed"]["unscorable"]) == (1, 1)
    assert [flips["rows"] for flips in pair["flips"]] == [0, 0]


def test_several_files_name_the_file_of_a_row(rows, tmp_path, capsys):
    one, two = rows(RIGHT, name="a.jsonl"), rows(SILENT, name="b.jsonl")
    out = tmp_path / "out.jsonl"
    _, report, _ = run(capsys, one, two, *profiles("tool-n1", "typed"), "--out", str(out))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(line["file"], line["line"]) for line in lines] == [(one, 1), (two, 1)]
    assert "b.jsonl:1, id silent" in report


def test_another_format_is_read_under_every_profile(rows, capsys):
    hermes = row("h", f"{THINK}\n<tool_call>\n{json.dumps(CALL)}\n</tool_call>")
    _, out, _ = run(capsys, rows(hermes), *profiles("tool-n1", "typed"), "--format", "hermes", "--json")
    assert [one["passed"] for one in json.loads(out)["profiles"]] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing option"),
        (profiles("tool-n1"), "two profiles or more"),
        (profiles("tool-n1", "tool-n1"), "'tool-n1' is given twice"),
        (profiles("tool-n1", "nope"), "unknown profile 'nope'"),
        ([*profiles("tool-n1", "typed"), "--out", "{rows}"], "is an input"),
        ([*profiles("tool-n1", "typed"), "--workers", "0"], "--workers 0"),
        ([*profiles("tool-n1", "typed"), "--examples", "-1"], "--examples"),
    ],
)
def test_wrong_use_is_told_in_one_line(rows, capsys, arguments, words):
    path = rows(RIGHT)
    code, out, err = run(capsys, path, *[argument.replace("{rows}", path) for argument in arguments])
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_two_paths_of_one_profile_are_the_same_profile(rows, tmp_path, capsys):
    (tmp_path / "a").mkdir()
    paths = [tmp_path / "p.toml", tmp_path / "a" / "p.toml"]
    for path in paths:
        path.write_text('extends = "tool-n1"\n', encoding="utf-8")
    code, _, err = run(capsys, rows(RIGHT), *profiles(*map(str, paths)))
    assert (code, "are the same profile" in err) == (2, True)


def test_processes_give_the_same_lines_and_the_same_report(rows, tmp_path, capsys):
    path = rows(*[{**EVERY[index % 6], "id": index} for index in range(1_200)])
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    _, report, _ = run(capsys, path, *profiles("tool-n1", "typed"), "--out", str(one))
    command = [sys.executable, "-m", "toolverify", "compare", path, *profiles("tool-n1", "typed")]
    result = subprocess.run(
        [*command, "--workers", "2", "--out", str(two)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (1, report)
    assert one.read_bytes() == two.read_bytes()


def test_memory_does_not_grow_with_the_file(rows, tmp_path):
    def peak(count: int) -> int:
        path = rows(*EVERY[:4] * (count // 4), name=f"{count}.jsonl")
        tracemalloc.start()
        main(["compare", path, *profiles("tool-n1", "typed"), "--out", str(tmp_path / "out.jsonl")])
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(100)
    assert peak(4_800) < 1.5 * peak(1_200)


def test_what_is_kept_of_many_parts_is_bounded():
    total, part = Contrast(0, 1), Contrast(0, 1)
    part.lost = Flips(
        5, examples={"a": [Example("a", index, index, "", (1.0, 0.0), "") for index in range(3)]}
    )
    for _ in range(100):
        total.add(part, 3)
    assert (total.lost.rows, len(total.lost.examples["a"]), len(total.lost.shown(2))) == (500, 3, 2)
