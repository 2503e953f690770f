"""The command line, in one process and as a program."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.cli import main
from toolverify.rows import Line, score_lines

ROOT = Path(__file__).resolve().parents[1]
RIGHT = {
    "id": "r",
    "completion": '<think></think><tool_call>[{"name": "f", "arguments": {}}]</tool_call>',
    "answer": [{"name": "f", "arguments": {}}],
}
WRONG = {**RIGHT, "id": "w", "completion": "no"}


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


def run(capsysbinary, *arguments: str) -> tuple[int, list[dict[str, object]], str]:
    code = main(list(arguments))
    out, err = capsysbinary.readouterr()
    return code, [json.loads(line) for line in out.splitlines() if line.startswith(b"{")], err.decode()


def test_a_verdict_for_every_line_then_a_summary(rows, capsysbinary):
    code, out, err = run(capsysbinary, "score", rows(RIGHT, WRONG), "--profile", "tool-n1")
    assert code == 0
    assert [(row["id"], row["reward"], row["passed"]) for row in out] == [("r", 1.0, True), ("w", 0.0, False)]
    assert set(out[0]) == {"id", "reward", "passed", "scores", "parts", "findings", "pairs"}
    assert set(out[1]["findings"][0]) == {"code", "level", "path", "message", "expected", "got"}
    assert "mean reward 0.5000, passed 1 (50.0%)" in err
    assert "1  call.missing" in err


def test_gzip_in_and_out_and_standard_input(rows, tmp_path, capsysbinary, monkeypatch):
    out = tmp_path / "out.jsonl.gz"
    assert main(["score", rows(RIGHT, name="rows.jsonl.gz"), "-p", "tool-n1", "--out", str(out)]) == 0
    assert json.loads(gzip.decompress(out.read_bytes()))["reward"] == 1.0
    stream = io.TextIOWrapper(io.BytesIO(json.dumps(WRONG).encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    code, verdicts, _ = run(capsysbinary, "score", "-", "-p", "tool-n1")
    assert (code, verdicts[0]["reward"]) == (0, 0.0)


BAD = [
    (b"{bad\n", "row.unreadable", "not JSON"),
    (b"\xff\xfe\n", "row.unreadable", "not JSON"),
    (b"[" * 100_000 + b"\n", "row.unreadable", "not JSON"),
    ([], "row.unreadable", "expected an object, got list"),
    (b"\n", "row.unreadable", "the line is empty"),
    ({"answer": []}, "row.unreadable", "missing or null"),
    ({"completion": None, "answer": []}, "row.unreadable", "missing or null"),
    ({"calls": "f()", "answer": []}, "row.unreadable", "expected a list of calls"),
    ({"completion": "x", "calls": [], "answer": []}, "row.unreadable", "both"),
    ({"completion": 3, "answer": []}, "row.unreadable", "got int @ completion"),
    ({"completion": "x"}, "row.answer", "the answer is missing"),
    ({"completion": "x", "answer": None}, "row.answer", "the answer is missing"),
    ({"completion": "x", "answer": [3]}, "row.answer", "@ answer[0]"),
    ({"completion": "x", "answer": [], "step": "1"}, "row.unreadable", "@ step"),
    ({"completion": "x", "answer": [], "step": True}, "row.unreadable", "@ step"),
    ({"completion": "x", "answer": [], "reasoning_open": 1}, "row.unreadable", "@ reasoning_open"),
    ({"completion": "x", "answer": [], "tools": [{}]}, "row.tools", "@ tools[0].name"),
]


@pytest.mark.parametrize(("bad", "error", "words"), BAD)
def test_a_bad_row_is_told_in_its_place_and_the_rest_is_scored(rows, capsysbinary, bad, error, words):
    code, out, err = run(capsysbinary, "score", rows(RIGHT, bad, WRONG), "--profile", "typed")
    assert code == 1
    assert [row["reward"] for row in out] == [1.0, None, 0.0]
    assert set(out[1]) == {"id", "line", "reward", "passed", "error"}
    assert (out[1]["line"], out[1]["passed"], out[1]["error"]["code"]) == (2, None, error)
    assert words in out[1]["error"]["message"]
    assert "bad 1" in err


def test_empty_lines_at_the_end_and_a_byte_order_mark_are_no_rows(rows, capsysbinary):
    text = b"\xef\xbb\xbf" + json.dumps(RIGHT).encode() + b"\r\n" + json.dumps(WRONG).encode() + b"\n\n  \n"
    code, out, _ = run(capsysbinary, "score", rows(text), "--profile", "tool-n1")
    assert (code, len(out)) == (0, 2)


def test_an_empty_file_is_fine(rows, capsysbinary):
    code, out, err = run(capsysbinary, "score", rows(b""), "--profile", "tool-n1", "--json")
    assert (code, out) == (0, [])
    assert json.loads(err)["pass_rate"] is None


def test_gzip_is_known_by_its_first_bytes(rows, capsysbinary):
    packed = Path(rows(RIGHT, name="a.jsonl.gz"))
    code, out, _ = run(
        capsysbinary, "score", str(packed.rename(packed.with_suffix(""))), "--profile", "tool-n1"
    )
    assert (code, out[0]["reward"]) == (0, 1.0)


def test_several_files_keep_their_line_numbers(rows, capsysbinary):
    first, second = rows(RIGHT, name="a.jsonl"), rows(RIGHT, b"{\n", name="b.jsonl")
    code, out, _ = run(capsysbinary, "score", first, second, "--profile", "tool-n1")
    assert code == 1
    assert (out[2]["file"], out[2]["line"]) == (second, 2)


def test_a_gzip_file_that_ends_early_is_told_where(rows, tmp_path, capsysbinary):
    whole = Path(rows(*[RIGHT] * 2000, name="whole.jsonl.gz")).read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-200])
    code, out, _ = run(capsysbinary, "score", str(tmp_path / "cut.jsonl.gz"), "--profile", "tool-n1")
    assert code == 1
    assert "cannot be read on from here" in out[-1]["error"]["message"]
    code, out, _ = run(
        capsysbinary, "score", rows(b"no gzip", name="x.txt").replace("x.txt", "x.txt"), "-p", "tool-n1"
    )
    assert code == 1
    (tmp_path / "not.gz").write_bytes(b"plain")
    code, out, _ = run(capsysbinary, "score", str(tmp_path / "not.gz"), "--profile", "tool-n1")
    assert (code, out[0]["line"]) == (1, 1)


def test_calls_messages_and_contexts_are_read_from_rows(rows, capsysbinary):
    answer = [{"name": "f", "arguments": {}}]
    lines = [
        {"calls": [{"name": "f", "arguments": {}}], "answer": answer},
        {"completion": {"role": "assistant", "content": RIGHT["completion"]}, "answer": answer},
        {
            "completion": [
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": RIGHT["completion"]},
            ],
            "answer": answer,
        },
        {
            "completion": RIGHT["completion"].removeprefix("<think>"),
            "answer": answer,
            "reasoning_open": True,
            "step": 3,
            "more": 1,
        },
    ]
    _, out, _ = run(capsysbinary, "score", rows(*lines), "--profile", "tool-n1")
    assert [row["reward"] for row in out] == [1.0] * 4
    assert [finding["code"] for finding in out[0]["findings"]] == ["format.not_judged"]


def test_what_utf8_cannot_hold_comes_out_escaped(rows, capsysbinary):
    line = b'{"completion": "<think></think><tool_call>[{\\"name\\": \\"f\\", \\"arguments\\": {\\"a\\": \\"\\\\ud800\\", \\"b\\": NaN}}]</tool_call> \\ud800", "answer": [{"name": "f", "arguments": {}}], "x": NaN}\n'
    code, out, _ = run(capsysbinary, "score", rows(line), "--profile", "tool-n1")
    assert code == 0
    assert any("\ud800" in str(finding["got"]) for finding in out[0]["findings"])


def test_long_values_are_shortened_in_findings(rows, capsysbinary):
    long = {
        **RIGHT,
        "completion": RIGHT["completion"].replace(
            "{}", json.dumps({"a": "x" * 9000, "b": list(range(3000))})
        ),
    }
    _, out, _ = run(capsysbinary, "score", rows(long), "--profile", "tool-n1")
    assert all(len(json.dumps(finding["got"])) < 2_100 for finding in out[0]["findings"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score"], "Missing argument"),
        (["score", "{rows}"], "Missing option"),
        (["score", "{rows}", "--profile", "nope"], "unknown profile 'nope'"),
        (["score", "{rows}", "--profile", "tool-n1", "--format", "hermess"], "did you mean 'hermes'"),
        (["score", "{rows}", "--profile", "tool-n1", "--workers", "0"], "--workers 0"),
        (["score", "{rows}", "--profile", "tool-n1", "--out", "{rows}"], "is an input"),
        (["score", "{rows}", "--profile", "tool-n1", "--out", "no/such/folder/x"], "does not exist"),
        (["score", "{rows}", "--profile", "tool-n1", "--out", "."], "is a folder"),
        (
            ["score", "{rows}", "--profile", "tool-n1", "--out", "/proc/no-such-file"],
            "No such file or directory",
        ),
        (["score", "nope.jsonl", "--profile", "tool-n1"], "'nope.jsonl' does not exist"),
        (["score", ".", "--profile", "tool-n1"], "is a folder"),
        (["score", "{rows}.parquet", "--profile", "tool-n1"], "cannot read .parquet files"),
        (["scor"], "No such command"),
        (["profiles", "list"], "unknown word 'list'"),
        (["profiles", "show"], "which one?"),
        (["profiles", "show", "nope"], "unknown profile 'nope'"),
        (["formats", "show", "nope"], "unknown format 'nope'"),
        (["plugins", "show", "nope"], "unknown plugin 'nope'"),
    ],
)
def test_wrong_use_is_one_line_that_says_how_to_mend_it(rows, capsysbinary, arguments, words):
    path = rows(RIGHT)
    Path(f"{path}.parquet").write_bytes(b"PAR1")
    code, out, err = run(capsysbinary, *[argument.replace("{rows}", path) for argument in arguments])
    assert (code, out) == (2, [])
    assert words in err
    assert err.startswith("toolverify: ")
    assert len(err.splitlines()) == 1


def test_a_profile_may_be_a_file_of_ones_own(rows, tmp_path, capsysbinary):
    (tmp_path / "own.toml").write_text('extends = "tool-n1"\nrules = ["calls"]\n', encoding="utf-8")
    code, out, err = run(capsysbinary, "score", rows(RIGHT, WRONG), "--profile", str(tmp_path / "own.toml"))
    assert (code, set(out[0]["scores"])) == (0, {"calls"})
    assert err.startswith("profile own (")


def test_processes_give_the_same_lines_in_the_same_order(rows, tmp_path):
    path = rows(*[{**(RIGHT, WRONG)[index % 3 > 0], "id": index} for index in range(1500)], b"{\n")
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert main(["score", path, "-p", "tool-n1", "--out", str(one)]) == 1
    command = [
        sys.executable,
        "-m",
        "toolverify",
        "score",
        path,
        "-p",
        "tool-n1",
        "--workers",
        "2",
        "--out",
        str(two),
    ]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert one.read_bytes() == two.read_bytes()


def test_memory_does_not_grow_with_the_file(rows, tmp_path):
    def peak(count: int) -> int:
        path = rows(*[RIGHT] * count, name=f"{count}.jsonl")
        tracemalloc.start()
        main(["score", path, "-p", "tool-n1", "--out", str(tmp_path / "out.jsonl")])
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(100)
    assert peak(12_000) < 1.5 * peak(3_000)


def test_a_reader_that_leaves_early_is_no_error(rows):
    path = rows(*[RIGHT] * 5_000)
    program = f"{sys.executable} -m toolverify score {path} --profile tool-n1 | head -n 1"
    result = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert result.stdout.startswith('{"id":"r"')
    assert "Traceback" not in result.stderr


def test_the_program_is_installed_and_quick_to_help():
    program = Path(sys.executable).with_name("toolverify")
    result = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    for command in ("score", "explain", "compare", "profiles", "formats", "plugins", "bench"):
        assert f"\n  {command} " in result.stdout
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == result.stdout
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert version == "toolverify 0.1.0\n"
    code = (
        "import sys; from toolverify.cli import main; main(['--help']);"
        "print({'torch', 'numpy', 'pandas', 'pydantic', 'jsonschema', 'deepdiff'} & set(sys.modules))"
    )
    assert subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.endswith("set()\n")


@pytest.mark.parametrize("command", ["profiles", "formats", "plugins"])
def test_lists_come_as_tables_and_as_json(command, capsys):
    assert main([command]) == 0
    table = capsys.readouterr().out
    assert table.startswith("NAME")
    assert main([command, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    for row in rows:
        assert row["name"] in table
        assert main([command, "show", row["name"]]) == 0
        assert row["name"] in capsys.readouterr().out
        assert main([command, "show", row["name"], "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["name"] == row["name"]


def test_a_broken_profile_does_not_hide_the_others(monkeypatch, capsys, tmp_path):
    from toolverify import plugins
    from toolverify.plugins import Part

    parts = plugins.registry()
    monkeypatch.setitem(
        parts._tables,
        "profile",
        {**parts.all("profile"), "odd": Part("odd", tmp_path / "odd.toml", parts.plugins[0])},
    )
    assert main(["profiles"]) == 0
    out = capsys.readouterr().out
    assert "broken: no file" in out
    assert "typed" in out


def test_an_interrupted_run_says_so(monkeypatch, rows, capsysbinary):
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolverify.verifier.Verifier.__init__", interrupted)
    code, _, err = run(capsysbinary, "score", rows(RIGHT), "--profile", "tool-n1")
    assert code == 130
    assert "Traceback" not in err


def test_the_python_interface_and_the_rows_agree():
    verifier = tv.Verifier("tool-n1")
    lines = [Line(index + 1, json.dumps(row).encode()) for index, row in enumerate([RIGHT, WRONG])]
    text, tally = score_lines(verifier, lines)
    rewards = [json.loads(line)["reward"] for line in text.splitlines()]
    case = verifier.compile(answer=RIGHT["answer"])
    assert rewards == verifier.rewards([RIGHT["completion"], WRONG["completion"]], [case, case])
    assert (tally.rows, tally.passed) == (2, 1)


def test_many_different_rewards_are_summed_up(rows, tmp_path, capsysbinary):
    (tmp_path / "own.toml").write_text(
        'extends = "tool-n1"\nrules = ["count"]\ncombine = "product"\n', encoding="utf-8"
    )
    lines = [
        {"calls": [{"name": "f", "arguments": {}}] * count, "answer": [{"name": "f", "arguments": {}}]}
        for count in range(1, 20)
    ]
    _, _, err = run(capsysbinary, "score", rows(*lines), "--profile", str(tmp_path / "own.toml"))
    assert "rewards from 0.052632 to 1, 19 different ones" in err


def test_progress_is_shown_where_standard_error_is_a_terminal(rows):
    if os.name != "posix":
        pytest.skip("pseudo-terminals are posix")
    import pty

    parent, child = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "toolverify",
        "score",
        rows(*[RIGHT] * 3000),
        "-p",
        "tool-n1",
        "--out",
        os.devnull,
    ]
    with subprocess.Popen(command, stderr=child, stdout=subprocess.DEVNULL) as process:
        os.close(child)
        shown = b""
        try:
            while chunk := os.read(parent, 4096):
                shown += chunk
        except OSError:  # the terminal is gone with the program
            pass
        assert process.wait() == 0
    os.close(parent)
    assert b"scoring" in shown
    assert b"rows 3000" in shown
