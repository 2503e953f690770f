"""Explanations: laws over any verdict, nested differences, and the command."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import toolverify as tv
from toolverify import plugins
from toolverify.calls import Pair
from toolverify.cli import main
from toolverify.compare import json_equal
from toolverify.differences import MOST_VALUES, differences, nature
from toolverify.explain import ERROR, NOTE, explanation
from toolverify.styled import Span, as_text, shortened, visible, wrap, written
from toolverify.testing import soups

ROOT = Path(__file__).resolve().parents[1]

json_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 1.5]), st.sampled_from("abc")
)
json_values = st.recursive(
    json_leaves,
    lambda part: st.one_of(
        st.lists(part, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b", "__c__", "d e", "_"]), part, max_size=4),
    ),
    max_leaves=12,
)
odd_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.builds(pow, st.just(10), st.just(5_000)),
    st.floats(),
    st.text(st.characters(exclude_categories=[])),
    st.sampled_from(
        ["\x1b[31mred\x1b[0m", "\u202eabc", "[bold]x[/bold]", "漢字" * 60, "\ud800", "e\u0301" * 90]
    ),
    st.sampled_from([b"bytes", {1, 2}, object(), Decimal("NaN"), datetime(2026, 1, 1, tzinfo=UTC), ...]),
)
odd_values = st.recursive(
    odd_leaves,
    lambda part: st.one_of(
        st.lists(part, max_size=4),
        st.tuples(part, part),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.none(), st.booleans()), part, max_size=4),
        st.fixed_dictionaries({"any_of": st.lists(part, max_size=3)}),
    ),
    max_leaves=15,
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=300), st.sampled_from(["x" * 9_000, "a b " * 90])
)
findings = st.builds(
    tv.Finding,
    code=texts,
    level=st.sampled_from(["error", "note"]),
    path=texts,
    message=texts,
    expected=odd_values,
    got=odd_values,
    comparison=st.one_of(st.none(), st.sampled_from(["json", "json-text", "python", "casefold"])),
    source_code=st.one_of(st.none(), texts),
)
numbers = st.one_of(st.none(), st.floats(), st.integers())
places = st.one_of(st.none(), st.integers(0, 10**6))
verdicts = st.builds(
    tv.Verdict,
    reward=numbers,
    passed=st.one_of(st.none(), st.booleans()),
    scores=st.dictionaries(texts, numbers, max_size=9),
    parts=st.dictionaries(texts, numbers, max_size=3),
    findings=st.lists(findings, max_size=4).map(tuple),
    pairs=st.lists(st.builds(Pair, places, places, st.booleans(), st.floats()), max_size=30).map(tuple),
)


def verdict(*findings: tv.Finding, reward: float | None = 0.0, pairs: tuple[Pair, ...] = ()) -> tv.Verdict:
    return tv.Verdict(reward, reward == 1, {"calls": reward}, {"all": reward}, findings, pairs)


def differs(expected: object, got: object, comparison: str | None = "json") -> tv.Finding:
    return tv.Finding("argument.differs", "error", "calls[0].arguments.q", "m", expected, got, comparison)


def is_plain(text: str) -> bool:
    return all(line.isprintable() and len(line) <= 80 and cell_len(line) <= 80 for line in text.split("\n"))


@given(verdicts)
def test_any_verdict_is_explained_in_printable_lines_of_80_columns(any_verdict):
    assert is_plain(any_verdict.explain())


@given(json_values, json_values, st.sampled_from(["json", None, "casefold"]))
def test_there_are_differences_exactly_where_values_are_not_equal(want, got, comparison):
    found = differences(want, got, "p", comparison=comparison)
    if not _has_alternatives(want):
        assert (found == ()) == json_equal(got, want)
    assert differences(want, want, "p") == ()


def _has_alternatives(value: object) -> bool:
    return '"any_of"' in json.dumps(value)


@given(json_values, json_values)
def test_a_changed_value_is_what_stands_at_its_path(want, got):
    for item in differences(want, got, "") or ():
        if item.kind != "missing":
            assert json_equal(_at(got, item.path), item.got)
        if item.kind == "missing":
            assert json_equal(_at(want, item.path), item.expected)
        if item.kind == "changed":
            assert not json_equal(item.expected, item.got)


def _at(value: object, path: str) -> object:
    """Walk a path as people read it."""
    import re

    for key, index, quoted in re.findall(r"\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[(\"[^\"]*\")\]", path):
        value = value[int(index)] if index else value[json.loads(quoted) if quoted else key]
    return value


def test_nested_values_are_told_path_by_path():
    want = {
        "tags": ["a", "b", "c"],
        "max": 3,
        "deep": {"x": [{"y": 1}, {"y": 2}]},
        "__k__": 1,
        "only want": 0,
    }
    got = {
        "tags": ["z", "a", "b", "c"],
        "max": "3",
        "deep": {"x": [{"y": 1}, {"y": 2.5}]},
        "__k__": 2,
        "new": [],
    }
    text = verdict(differs(want, got)).explain()
    for line in (
        'added    calls[0].arguments.q.tags[0]: "z"',
        'changed  calls[0].arguments.q.max: expected 3, got "3" (a string, not a',
        "changed  calls[0].arguments.q.deep.x[1].y: expected 2, got 2.5",
        "changed  calls[0].arguments.q.__k__: expected 1, got 2",
        'missing  calls[0].arguments.q["only want"]: 0',
        "added    calls[0].arguments.q.new: []",
    ):
        assert f"\n    {line}\n" in f"{text}\n"
    assert text.count("changed  ") == 3


@pytest.mark.parametrize(
    ("comparison", "want", "got", "same"),
    [
        ("json", [1], [1.0], True),
        ("json", [1], [True], False),
        ("json-text", [1], [1.0], False),
        ("json-text", [0.0], [-0.0], False),
        ("json-text", [float("nan")], [float("nan")], True),
        ("json", [float("nan")], [float("nan")], False),
        ("python", [1], [True], True),
        ("casefold", [1], [1.0], True),
    ],
)
def test_scalars_inside_are_equal_as_the_comparison_says(comparison, want, got, same):
    assert (differences(want, got, "p", comparison=comparison) == ()) is same


@pytest.mark.parametrize(
    ("want", "got", "paths"),
    [
        ({"any_of": [{"x": 1}, {"x": 2}]}, {"x": 2}, []),
        ({"any_of": [{"x": 1}, {"x": 2}]}, {"x": 3}, ["p.x"]),
        ({"m": {"any_of": ["a", "b"]}, "n": {"any_of": [1, 2]}}, {"m": "b", "n": 3}, ["p.n"]),
        ([{"any_of": [1, 2]}, {"x": {"any_of": [[1], [2]]}}], [2, {"x": [3]}], ["p[1].x[0]"]),
        ({"any_of": ["a"]}, {"any_of": ["b"]}, ["p.any_of[0]"]),
        ({"any_of": ["a", "b"]}, {"x": 1}, ["p"]),
    ],
)
def test_alternatives_are_settled_as_the_given_value_suggests(want, got, paths):
    assert [item.path for item in differences(want, got, "p")] == paths


@pytest.mark.parametrize(
    ("want", "got", "told"),
    [
        ("Oslo", "oslo", "only case differs"),
        ("Oslo", " Os lo", "only white space differs"),
        ("é", "e\u0301", "only Unicode form differs"),
        ("a", "b", ""),
        ("a", "a", ""),
        ("x" * 70 + "a", "x" * 70 + "b", "from character 70 on"),
        ("x" * 70, "x" * 80, "from character 70 on"),
        ("x" * 20_000 + "a", "x" * 20_000 + "A", "from character 20000 on"),
        (1, "1", "a string, not a number"),
        (1, True, "a boolean, not a number"),
        (None, [], "a list, not null"),
        ({}, b"", "no JSON, not an object"),
        ([1, [2], {"a": 1}], [{"a": 1.0}, 1, [2]], "the same elements in another order"),
        ([1, 1, 2], [1, 2, 2], ""),
        ([1], [1, 1], ""),
        ([float("nan"), 1], [1, float("nan")], ""),
        ([{1}, 1], [1, {1}], ""),
        ({"any_of": [1, 2]}, "1", ""),
    ],
)
def test_the_nature_of_a_difference_is_told_where_there_is_one(want, got, told):
    assert nature(want, got) == told


def test_another_order_is_told_once_and_not_place_by_place():
    text = verdict(differs([1, 2, 3], [3, 2, 1])).explain()
    assert "compared as json: the same elements in another order" in text
    assert "changed" not in text


def test_long_texts_are_shown_where_they_begin_to_differ():
    want = "x" * 5_000 + "HERE it is" + "y" * 5_000
    text = verdict(differs(want, want.replace("HERE", "THERE"))).explain()
    joined = text.replace("\n             ", "")
    assert '"…xxxxx' in joined
    assert "xxxHERE" in joined
    assert "xxxTHERE it isyyyyy" in joined
    assert "from character 5000 on" in text


def cyclic() -> dict[str, object]:
    value: dict[str, object] = {}
    value["self"] = [value]
    return value


def deep(depth: int, kind: type) -> object:
    value: object = 1
    for _ in range(depth):
        value = {"a": value} if kind is dict else [value]
    return value


ODD_PAIRS = [
    (list(range(100_000)), list(range(1, 100_001))),
    ([[index % 2] * 3 for index in range(MOST_VALUES // 10)], [[1] * 3] * (MOST_VALUES // 10)),
    (["\ud800"] * 90, ["\ud801"] * 80),
    ({str(index): "a\n" * 30_000 for index in range(9)}, {str(index): "b\n" * 30_000 for index in range(9)}),
    (["x" * 400_000], ["y" + "x" * 400_000]),
    (deep(900, list), deep(901, list)),
    (deep(50_000, dict), deep(50_001, dict)),
    (cyclic(), cyclic()),
    ({1: 2, "1": 2, None: 3}, {True: 2, "1": 3}),
    ([10**5_000], [10**5_000 + 1]),
    ([{1}, object(), b"x"], [{2}, Decimal("NaN")]),
    ({"any_of": [[index] for index in range(5_000)]}, [7_000]),
    (deep(20, list), [{"any_of": [deep(18, list)] * 50}]),
]


@pytest.mark.parametrize(("want", "got"), ODD_PAIRS, ids=range(len(ODD_PAIRS)))
def test_odd_and_enormous_values_are_explained_soon(want, got):
    verdict(differs([1], [2])).explain()  # the import of deepdiff is not timed
    finding = differs(want, got)
    start = time.process_time()
    text = verdict(*[finding] * 100).explain()
    assert time.process_time() - start < 20.0
    assert is_plain(text)
    assert len(text) < 300_000


def test_what_is_too_large_is_shortened_and_not_compared():
    assert differences(list(range(MOST_VALUES)), [1], "p") is None
    text = verdict(differs(list(range(MOST_VALUES)), [1])).explain()
    assert "…" in text
    assert "changed" not in text
    many = verdict(differs(list(range(40)), list(range(100, 140)))).explain()
    assert "and 28 more differences" in many


def test_values_are_compared_inside_only_where_a_comparison_decided():
    schema = tv.Finding("schema.violated", "error", "p", "m", {"type": "object"}, {"a": 1})
    assert "missing" not in verdict(schema).explain()
    assert "compared" not in verdict(schema).explain()


def test_findings_without_nested_values_take_no_room_from_those_with():
    flat, nested = differs(1, 2), differs([1, 2], [1, 3])
    text = verdict(*[flat] * 90, nested).explain()
    assert "changed  calls[0].arguments.q[1]: expected 2, got 3" in text
    assert verdict(*[nested] * 90).explain().count("changed  ") == 90
    large = differs(list(range(200)), list(range(199)))
    assert 3 < verdict(*[large] * 90).explain().count("missing  ") < 20


def test_errors_come_first_and_notes_look_different():
    note = tv.Finding("a.note", "note", "reply", "only so that you know", got="x")
    error = tv.Finding("an.error", "error", "reply", "this costs", source_code="type_error:nested")
    lines = explanation(verdict(note, error))
    text = as_text(lines)
    assert text.index("  error an.error @ reply") < text.index("  note  a.note @ reply")
    assert "    source   type_error:nested" in text
    styles = {line[0].text.split()[0]: line[0].style for line in lines if len(line) > 1}
    assert (styles["error"], styles["note"]) == (ERROR, NOTE)
    assert ERROR not in {span.style for line in explanation(verdict(note, reward=1.0)) for span in line}


def test_pairs_are_told_and_many_of_them_summed_up():
    pairs = (Pair(0, 2, equal=True, score=1.0), Pair(1, 0, score=0.25), Pair(2, None), Pair(None, 1))
    text = verdict(pairs=pairs).explain()
    assert text.endswith(
        "pairs\n  calls[0] with expected[2]: equal, score 1\n  calls[1] with expected[0]: not equal, score 0.25\n"
        "  calls[2] stands alone: not expected\n  expected[1] stands alone: not made"
    )
    many = (*[Pair(index, index, equal=True, score=1.0) for index in range(2_000)], Pair(None, 2_000))
    text = verdict(pairs=many).explain()
    assert "expected[2000] stands alone" in text
    assert text.endswith("and 1977 more, 1 alone, 2000 equal in all")
    assert "pairs" not in as_text(explanation(verdict(pairs=pairs), pairs=False))


def test_an_unscorable_verdict_says_so():
    raised = tv.Finding("rule.raised", "error", "calls", "calls of x 1.0 raised KeyError: 'a'")
    text = verdict(raised, reward=None).explain()
    assert text.splitlines()[:3] == [
        "not scorable: a part of the profile raised",
        "  scores  calls -",
        "  parts   all -",
    ]
    assert "rule.raised @ calls" in text


def test_many_findings_are_bounded():
    text = verdict(*[tv.Finding("a.b", "error", "p", "m")] * 500).explain()
    assert text.count("a.b") == 100
    assert "and 400 more" in text


def test_deepdiff_is_imported_only_for_nested_differences():
    code = (
        "import sys, toolverify as tv\n"
        "flat = tv.Finding('argument.differs', 'error', 'p', 'm', 1, 2, 'json')\n"
        "nested = tv.Finding('argument.differs', 'error', 'p', 'm', [1], [2], 'json')\n"
        "tv.Verdict(0.0, False, {}, {}, (flat,), ()).explain()\n"
        "print('deepdiff' in sys.modules, 'rich' in sys.modules)\n"
        "tv.Verdict(0.0, False, {}, {}, (nested,), ()).explain()\n"
        "print('deepdiff' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False False\nTrue\n"


@given(st.text(st.characters(exclude_categories=[])))
def test_visible_text_is_printable_and_what_was_printable_stays(text):
    assert visible(text).isprintable()
    assert visible("".join(filter(str.isprintable, text))) == "".join(filter(str.isprintable, text))


@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"])) | st.just("a, b " * 40), max_size=4),
    st.integers(0, 20),
)
def test_wrapping_loses_no_text(parts, hang):
    lines = wrap([Span(part) for part in parts], hang)
    assert all(cell_len("".join(span.text for span in line)) <= 80 for line in lines)
    first, *others = ["".join(span.text for span in line) for line in lines]
    assert first + "".join(other[hang:] for other in others) == "".join(parts)


@pytest.mark.parametrize(
    ("text", "room", "short"),
    [("abcdefgh", 8, "abcdefgh"), ("abcdefghi", 7, "abc…ghi"), ("漢字漢字", 6, "漢…字")],
)
def test_the_middle_of_a_long_text_is_left_out(text, room, short):
    assert shortened(text, room) == short


def test_values_are_written_as_json_and_others_by_their_type():
    assert (
        written({"a": [1, None, True, 1.5, "é\n"], "b": {}}) == '{"a": [1, null, true, 1.5, "é\\n"], "b": {}}'
    )
    assert written([{1}, b"x", {2: float("nan")}]) == "[<set>, <bytes>, {<2>: NaN}]"
    assert written(deep(30, list)).count("[") == 16
    assert written(10**5_000) == "<an integer of 16610 bits>"


# The command.

CALL = '<think>a\x1b[31mb</think><tool_call>[{"name": "f", "arguments": {"q": {"x": 1}}}]</tool_call>'
WRONG = {
    "id": "w",
    "messages": [{"role": "user", "content": "first"}, {"role": "user", "content": "Which one? [bold]"}],
    "completion": CALL,
    "answer": [{"name": "f", "arguments": {"q": {"x": 2}}}, {"name": "g", "arguments": {"a": 1}}],
}
RIGHT = {"id": 7, "completion": CALL, "answer": [{"name": "f", "arguments": {"q": {"x": 1}}}]}


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


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_row_is_shown_whole(rows, capsys):
    code, out, err = run(capsys, rows(RIGHT, WRONG), "--id", "w", "-p", "tool-n1")
    assert (code, err) == (0, "")
    assert out.startswith("row w, line 2\nprofile tool-n1 (")
    assert "\nquestion\n  Which one? [bold]\n" in out
    assert "\\x1b[31mb" in out
    assert is_plain(out)
    assert "1 call read, 2 expected\n  calls[0] with expected[0]: not equal, score 0\n    f\n" in out
    assert '    ≠ q  {"x": 1}, expected {"x": 2}\n' in out
    assert "  expected[1] stands alone: not made\n    g\n      a  1\n" in out
    assert "    changed  calls[0].arguments.q.x: expected 2, got 1\n" in out
    assert "what the codes mean\n" in out
    assert "  call.missing  An expected call was not made." in out


def test_rows_are_found_by_id_as_text_and_by_line_in_plain_gzip_and_standard_input(rows, capsys, monkeypatch):
    assert run(capsys, rows(WRONG, RIGHT, name="r.gz"), "--id", "7", "-p", "tool-n1")[1].startswith(
        "row 7, line 2\n"
    )
    path = rows({**RIGHT, "id": None}, RIGHT)
    assert run(capsys, path, "--line", "1", "-p", "tool-n1")[1].startswith("row in line 1\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(WRONG).encode())))
    assert run(capsys, "-", "--id", "w", "-p", "tool-n1")[0] == 0


def test_of_several_rows_with_one_id_the_first_is_shown_with_a_note(rows, capsys):
    code, out, err = run(capsys, rows(RIGHT, WRONG, *[RIGHT] * 7), "--id", "7", "-p", "tool-n1")
    assert code == 0
    assert out.startswith("row 7, line 1\n")
    assert err == (
        "toolverify: 7 more rows have the id '7' (line 3, 4, 5, 6, 7, …); this is the first, use --line for another\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--id", "ww"], "no row has the id 'ww'; did you mean 'w'? or use --line N"),
        (["--id", "zebra"], "ids are like 'w' or use --line N"),
        (["--line", "9"], "there is no row in line 9; the last row stands in line 2"),
        ([], "which row?"),
        (["--id", "w", "--line", "1"], "which row?"),
        (["--id", "w", "--profile", "nope"], "unknown profile 'nope'"),
        (["--id", "w", "--format", "nope"], "unknown format 'nope'"),
    ],
)
def test_wrong_use_is_told_in_one_line(rows, capsys, arguments, words):
    path = rows(WRONG, {**RIGHT, "id": None})
    code, out, err = run(capsys, path, *([] if "--profile" in arguments else ["-p", "tool-n1"]), *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_rows_without_ids_ask_for_a_line(rows, capsys):
    code, _, err = run(capsys, rows({**RIGHT, "id": None}, b"{\n"), "--id", "x", "-p", "tool-n1")
    assert (code, "the rows have no ids: use --line N" in err) == (2, True)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "b", "completion": "x"}, "the answer is missing"),
        (b'{"id": "b", "completion"\x1b}\n', "not JSON"),
    ],
)
def test_a_bad_row_shows_its_error(rows, capsys, row, words):
    path = rows(RIGHT, row)
    code, out, _ = run(capsys, path, "--line", "2", "-p", "tool-n1")
    assert code == 1
    assert " is bad\n" in out
    assert words in out
    assert is_plain(out)
    code, out, _ = run(capsys, path, "--line", "2", "-p", "tool-n1", "--json")
    assert code == 1
    assert words in json.loads(out)["error"]["message"]
    assert json.loads(out)["line"] == 2


def test_json_holds_the_verdict_with_calls_and_pairs(rows, capsys):
    code, out, _ = run(capsys, rows(WRONG), "--id", "w", "-p", "tool-n1", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["id"], data["line"], data["profile"], data["reward"]) == ("w", 1, "tool-n1", 0.0)
    assert data["calls"] == [{"name": "f", "arguments": {"q": {"x": 1}}}]
    assert data["expected"] == WRONG["answer"]
    assert [(pair["call"], pair["expected"]) for pair in data["pairs"]] == [(0, 0), (None, 1)]


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "no call at all\n" * 100,
        "x" * 10_000,
        "<think>t</think><tool_call>[{]</tool_call>",
        "<think>t</think><tool_call>"
        + json.dumps([{"name": "f", "arguments": {str(i): i for i in range(90)}}] * 70),
        {"role": "assistant", "content": CALL},
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": "\u202e"}],
        '<think></think><tool_call>[{"name": "f", "arguments": {"q": '
        + "[" * 100
        + "]" * 100
        + "}}]</tool_call>",
        '<think></think><tool_call>[{"name": "f", "arguments": {"q": '
        + "9" * 900
        + ', "s": "\\ud7ff\ud800"}}]</tool_call>',
    ],
    ids=range(9),
)
@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
def test_any_completion_is_shown(rows, capsys, completion, profile):
    path = rows({**WRONG, "completion": completion})
    code, out, _ = run(capsys, path, "--id", "w", "-p", profile)
    assert code == 0
    assert is_plain(out)
    assert len(out.splitlines()) < 600
    assert run(capsys, path, "--id", "w", "-p", profile, "--json")[0] == 0


@given(soups())
def test_what_is_shown_of_any_text_is_printable(text):
    from toolverify.cli.sample_report import report
    from toolverify.rows import Line, read_sample

    verifier = tv.Verifier("tool-n1")
    row = {
        "id": text,
        "question": [[{"role": "user", "content": text}]],
        "completion": text,
        "answer": WRONG["answer"],
    }
    assert is_plain(as_text(report(verifier, Line(1, b""), row, read_sample(verifier, row))))


def test_ready_calls_options_and_gold_texts_are_told(rows, capsys):
    answer = {"any_of": [[{"name": "g", "arguments": {}}], [{"name": "f", "arguments": {"a": 1}}]]}
    path = rows({"id": 1, "calls": [{"name": "f", "arguments": {"b": 2}}], "answer": answer})
    _, out, _ = run(capsys, path, "--id", "1", "-p", "tool-n1")
    assert "completion: none, the calls came ready-made" in out
    assert "1 call read, 1 expected, option 2 of 2" in out
    assert "  note  format.not_judged\n" in out
    assert "    f\n    − a  missing, expected 1\n    + b  2, not expected\n" in out
    path = rows({"id": 1, "calls": [{"name": "h", "arguments": {"b": 2}}], "answer": answer})
    _, out, _ = run(capsys, path, "--id", "1", "-p", "tool-n1")
    assert "calls[0] stands alone: not expected\n    h\n      b  2\n" in out


def test_a_gold_completion_is_shown(rows, capsys):
    if "toolrl" not in plugins.registry().all("profile"):
        pytest.skip("the leaf is not installed")
    gold = '<think> t </think>\n<tool_call>\n{"name": "f", "parameters": {"a": 1}}\n</tool_call>'
    _, out, _ = run(capsys, rows({"id": 1, "completion": "", "answer": gold}), "--id", "1", "-p", "toolrl")
    assert "completion, 0 characters\n\nanswer\n  <think> t </think>\n  <tool_call>\n" in out


def test_the_view_is_what_the_rules_get():
    verifier = tv.Verifier("tool-n1")
    case = verifier.compile(answer=WRONG["answer"])
    view = verifier.view(CALL, case=case)
    verdict_ = verifier.score(CALL, case=case)
    assert view.match.pairs == verdict_.pairs
    assert view.calls == verifier.view(calls=[{"name": "f", "arguments": {"q": {"x": 1}}}], case=case).calls
    with pytest.raises(tv.ToolverifyError, match="another profile"):
        tv.Verifier("typed").view(CALL, case=case)


def test_what_could_not_be_scored_is_told_without_calls(rows, capsys, monkeypatch):
    def raises(*_: object) -> object:
        raise KeyError("x")

    monkeypatch.setattr("toolverify.rules.calls.CallsRule.__call__", raises)
    code, out, _ = run(capsys, rows(WRONG), "--id", "w", "-p", "tool-n1")
    assert code == 0
    assert "not scorable" in out
    assert "rule.raised @ calls" in out
    assert "expected[1]" not in out


def in_a_terminal(*arguments: str, **environment: str) -> str:
    if os.name != "posix":
        pytest.skip("pseudo-terminals are posix")
    import pty

    parent, child = pty.openpty()
    known = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    command = [sys.executable, "-m", "toolverify", *arguments]
    env = {**known, "TERM": "xterm-256color", **environment}
    with subprocess.Popen(command, stdout=child, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(child)
        shown = b""
        try:
            while chunk := os.read(parent, 4096):
                shown += chunk
        except OSError:  # the terminal is gone with the program
            pass
        assert process.wait() == 0
    os.close(parent)
    return shown.decode()


def test_a_terminal_gets_colour_and_nothing_that_a_model_wrote_acts_on_it(rows):
    path = rows(WRONG)
    arguments = ("explain", path, "--id", "w", "-p", "tool-n1")
    coloured = in_a_terminal(*arguments)
    assert "\x1b[1;31mnot passed\x1b[0m" in coloured
    assert "\x1b[31mb" not in coloured
    assert "\\x1b[31mb" in coloured
    assert "[bold]" in coloured
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in in_a_terminal(*arguments, **environment)


def test_an_output_that_knows_few_characters_gets_escapes(rows):
    command = [sys.executable, "-m", "toolverify", "explain", rows(WRONG), "--id", "w", "-p", "tool-n1"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command, capture_output=True, env=env, check=True)
    assert b"\\u2260 q" in result.stdout


def test_score_explains_every_line_in_processes_too(rows, tmp_path):
    path = rows(*[{**(RIGHT, WRONG)[index % 2], "id": index} for index in range(600)], {"id": "bad"})
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert main(["score", path, "-p", "tool-n1", "--explain", "--out", str(one)]) == 1
    command = [
        sys.executable,
        "-m",
        "toolverify",
        "score",
        path,
        "-p",
        "tool-n1",
        "--explain",
        "--workers",
        "2",
    ]
    assert subprocess.run([*command, "--out", str(two)], capture_output=True, check=False).returncode == 1
    assert one.read_bytes() == two.read_bytes()
    *lines, bad = [json.loads(line) for line in one.read_text(encoding="utf-8").splitlines()]
    verifier = tv.Verifier("tool-n1")
    for line, row in zip(lines[:2], (RIGHT, WRONG), strict=True):
        assert line["explanation"] == verifier.score(row["completion"], answer=row["answer"]).explain()
    assert "explanation" not in bad
    assert main(["score", path, "-p", "tool-n1", "--out", str(two)]) == 1
    assert "explanation" not in two.read_text(encoding="utf-8")
