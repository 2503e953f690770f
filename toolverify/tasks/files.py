"""Task files: JSON Lines, plain or gzipped, and Parquet; written whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

from toolverify.errors import RowError
from toolverify.rows import Line, read_row
from toolverify.tasks.task import Task, task_from_row, task_to_row

_PARQUET = ".parquet"
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_JSON_COLUMNS = ("messages", "tools", "answer", "meta")


def read_tasks(path: str | os.PathLike[str]) -> list[Task]:
    """All tasks of a file; a task without an id gets the number of its line.

    Raises:
        RowError: The file cannot be read, or a row is no task; the error names file and line.
    """
    file = Path(path)
    if not file.is_file():
        problem = "is a folder" if file.is_dir() else "does not exist"
        raise RowError(
            f"the file {str(file)!r} {problem}", mend="name a task file: .jsonl, .jsonl.gz or .parquet"
        )
    try:
        return [_task(row, number, file) for number, row in _rows(file)]
    except (OSError, EOFError) as error:
        raise RowError(
            f"cannot be read: {error}", path=str(file), mend="give the file that was meant"
        ) from error


def write_tasks(path: str | os.PathLike[str], tasks: Iterable[Task]) -> int:
    """Write a task file, and give back how many tasks it holds. Its name is taken only when all is written.

    Raises:
        RowError: The kind of file is not known, or pyarrow is missing for Parquet.
    """
    file = Path(path)
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        count = (
            _write_parquet(unfinished, tasks) if _is_parquet(file) else _write_lines(unfinished, file, tasks)
        )
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _task(row: Mapping[str, Any], number: int, file: Path) -> Task:
    try:
        return task_from_row(row, default_id=str(number))
    except RowError as error:
        where = f"{file}, row {number}" + (f": {error.path}" if error.path else "")
        raise RowError(error.problem, path=where, mend=error.mend) from error


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() == _PARQUET


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if _is_parquet(file):
        yield from enumerate(_parquet_rows(file), 1)
        return
    with file.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        for number, text in enumerate(stream, 1):
            if text.strip():
                yield number, _row(text.removeprefix(_BOM), number, file)


def _row(text: bytes, number: int, file: Path) -> Mapping[str, Any]:
    try:
        return read_row(Line(number, text))
    except RowError as error:
        raise RowError(error.problem, path=f"{file}, row {number}", mend=error.mend) from error


def _parquet_rows(file: Path) -> Iterator[Mapping[str, Any]]:
    parquet = _pyarrow("pyarrow.parquet", file)
    try:
        for batch in parquet.ParquetFile(file).iter_batches(batch_size=256):
            yield from [_unpacked(row, file) for row in batch.to_pylist()]
    except ValueError as error:  # pyarrow's own errors are among these
        raise RowError(
            f"not Parquet: {error}", path=str(file), mend="give the file that was meant"
        ) from error


def _unpacked(row: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """A row without the columns it has nothing in; its answer is a JSON text, as those of the other values are."""
    known = {key: value for key, value in row.items() if value is not None}
    if not isinstance(known.get("answer"), str):
        return known
    try:
        return {**known, "answer": json.loads(known["answer"])}
    except (ValueError, RecursionError) as error:
        mend = "in Parquet, write the answer as JSON text"
        raise RowError(f"not JSON: {error}", path=f"{file}: answer", mend=mend) from error


def _write_lines(unfinished: Path, file: Path, tasks: Iterable[Task]) -> int:
    count = 0
    with gzip.open(unfinished, "wb") if file.suffix.lower() == ".gz" else unfinished.open("wb") as stream:
        for count, task in enumerate(tasks, 1):  # noqa: B007  # the last one is the result
            stream.write(_line(task_to_row(task)))
    return count


def _line(row: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON; with Python's own writer, for an answer may hold NaN."""
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate
        return json.dumps(row).encode() + b"\n"


def _write_parquet(unfinished: Path, tasks: Iterable[Task]) -> int:
    """Values with members are JSON texts: Arrow would give the objects of a column one shape."""
    arrow = _pyarrow("pyarrow", unfinished)
    rows = [_flat(task_to_row(task)) for task in tasks]
    _pyarrow("pyarrow.parquet", unfinished).write_table(arrow.Table.from_pylist(rows), unfinished)
    return len(rows)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "completion": row.get("completion"),
        **{key: json.dumps(row[key]) for key in _JSON_COLUMNS},
    }


def _pyarrow(module: str, file: Path) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        mend = "pip install pyarrow, or use JSON Lines"
        raise RowError("Parquet needs pyarrow, which is not installed", path=str(file), mend=mend) from error
