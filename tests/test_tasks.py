"""Task files: what is read, what is refused, and that what is written comes back."""

from __future__ import annotations

import gzip
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolverify.errors import RowError
from toolverify.tasks import Task, read_tasks, task_from_row, task_to_row, write_tasks

ROW = {"id": "a", "messages": [{"role": "user", "content": "Add 1."}], "answer": []}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": st.text()}
    ),
    min_size=1,
    max_size=3,
)
TASKS = st.builds(
    Task,
    id=st.text(min_size=1),
    messages=MESSAGES.map(tuple),
    answer=st.lists(
        st.fixed_dictionaries({"name": st.text(), "arguments": st.dictionaries(st.text(), VALUES)})
    ),
    tools=st.lists(st.dictionaries(st.text(), VALUES, max_size=2), max_size=2).map(tuple),
    source=st.text(),
    meta=st.dictionaries(st.text(), VALUES, max_size=2),
    completion=st.none() | st.text(),
)


@given(TASKS)
def test_a_task_comes_back_from_its_row(task):
    assert task_from_row(json.loads(json.dumps(task_to_row(task)))) == task


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.jsonl.gz", "tasks.parquet"])
def test_tasks_come_back_from_every_kind_of_file(tmp_path, name):
    tasks = [
        Task(
            "1", ({"role": "user", "content": "é 🚂"},), [{"name": "f", "arguments": {"a": 1, "b": [True]}}]
        ),
        Task(
            "2",
            ({"role": "user", "content": ""},),
            [],
            ({"name": "g", "parameters": {}},),
            "here",
            {"x": None},
            "<t>",
        ),
        Task(
            "3",
            ({"role": "user", "content": "c"},),
            {"any_of": [[], [{"name": "f", "arguments": {"b": 2.5}}]]},
        ),
    ]
    assert write_tasks(tmp_path / name, tasks) == 3
    assert read_tasks(tmp_path / name) == tasks
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_of_any_name_is_known_by_its_first_bytes(tmp_path):
    (tmp_path / "packed").write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert read_tasks(tmp_path / "packed")[0].id == "a"


def test_a_task_without_an_id_gets_its_line(tmp_path):
    rows = [{**ROW, "id": None}, {key: value for key, value in ROW.items() if key != "id"}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")
    assert [task.id for task in read_tasks(tmp_path / "t.jsonl")] == ["1", "2"]


def test_an_answer_may_hold_what_only_python_calls_a_number_and_half_a_pair(tmp_path):
    answer = [{"name": "f", "arguments": {"x": math.inf, "y": "\ud800"}}]
    write_tasks(tmp_path / "t.jsonl", [task_from_row({**ROW, "answer": answer})])
    assert read_tasks(tmp_path / "t.jsonl")[0].answer == answer


WRONG = [
    ({"answr": []}, "unknown key 'answr' @ {file}, row 2; put what is no part of a task under 'meta'"),
    ({"answer": None}, "missing or null @ {file}, row 2: answer; write [] where no call is expected"),
    ({"messages": []}, "missing or empty @ {file}, row 2: messages"),
    ({"messages": "hi"}, "not JSON"),
    (
        {"messages": [{"role": "bot"}]},
        "unknown role 'bot' @ {file}, row 2: messages[0].role; use one of system",
    ),
    ({"tools": {"name": "f"}}, "expected a list of objects @ {file}, row 2: tools"),
    ({"meta": [1]}, "expected an object, got list @ {file}, row 2: meta"),
    ({"id": {"a": 1}}, "expected a text, got dict @ {file}, row 2: id"),
    ({"completion": ["x"]}, "expected a text, got list @ {file}, row 2: completion"),
]


@pytest.mark.parametrize(("change", "told"), WRONG, ids=[told[:40] for _, told in WRONG])
def test_a_wrong_row_is_told_with_its_file_its_line_and_its_key(tmp_path, change, told):
    file = tmp_path / "t.jsonl"
    file.write_text(f"{json.dumps(ROW)}\n{json.dumps({**ROW, **change})}\n", encoding="utf-8")
    with pytest.raises(RowError) as caught:
        read_tasks(file)
    assert told.format(file=file) in str(caught.value)
    assert f"{file}, row 2" in str(caught.value)


@pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff\xfe", b"7"])
def test_a_line_that_is_no_object_is_told_with_its_number(tmp_path, text):
    (tmp_path / "t.jsonl").write_bytes(json.dumps(ROW).encode() + b"\n" + text + b"\n")
    with pytest.raises(RowError, match="row 2"):
        read_tasks(tmp_path / "t.jsonl")


def test_files_that_cannot_be_read_are_told_by_name(tmp_path):
    (tmp_path / "no.parquet").write_bytes(b"PAR1 or not")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(json.dumps(ROW).encode())[:-9])
    for name, told in (
        ("none.jsonl", "does not exist"),
        (".", "is a folder"),
        ("no.parquet", "not Parquet"),
        ("cut.gz", "cannot be read"),
    ):
        with pytest.raises(RowError, match=told):
            read_tasks(tmp_path / name)


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    def failing():
        yield Task("1", (), [])
        raise KeyboardInterrupt

    (tmp_path / "t.jsonl").write_text("before", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        write_tasks(tmp_path / "t.jsonl", failing())
    assert (tmp_path / "t.jsonl").read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["t.jsonl"]
