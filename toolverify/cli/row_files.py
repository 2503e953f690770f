"""The first rows of a data file, as a trainer would read them: JSON Lines, plain or gzipped, and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolverify.checkup import Fault
from toolverify.cli.streams import check_inputs, read_lines
from toolverify.doctor.faults import fault
from toolverify.errors import RowError
from toolverify.rows import read_row

_PARQUET, _JSON = ".parquet", ".json"


class RowsRead(Struct, frozen=True):
    """Rows, where each stands, and the lines that hold none."""

    rows: tuple[Mapping[str, Any], ...] = ()
    places: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_rows(file: str, most: int) -> RowsRead:
    """The first rows of a file.

    Raises:
        RowError: The file is not there, or not of a kind that can be read here.
    """
    if Path(file).suffix.lower() == _PARQUET and Path(file).is_file():
        return _numbered(islice(_parquet_rows(Path(file)), most))
    check_inputs([file], "-")
    if Path(file).suffix.lower() == _JSON:
        whole = _json_array(Path(file))
        if whole is not None:
            return _numbered(islice(whole, most))
    return _lines(file, most)


def _lines(file: str, most: int) -> RowsRead:
    rows: list[Mapping[str, Any]] = []
    places: list[str] = []
    faults: list[Fault] = []
    for line in islice(read_lines([file], lambda _: None), most):
        try:
            rows.append(read_row(line))
            places.append(f"line {line.number}")
        except RowError as error:
            told = fault("rows.unreadable", error.problem, where=f"line {line.number}", mend=error.mend)
            faults.append(told)
    return RowsRead(tuple(rows), tuple(places), tuple(faults))


def _json_array(path: Path) -> Iterator[Mapping[str, Any]] | None:
    """The rows of a file that is one JSON array, as trainers read them too; None for any other.

    Raises:
        RowError: It begins as an array, and is none of objects.
    """
    with path.open("rb") as stream:
        if not stream.read(64).lstrip().startswith(b"["):
            return None
    try:
        rows: list[Mapping[str, Any]] = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise RowError(f"not JSON: {error}", path=str(path), mend="write one JSON object a line") from error
    if not all(isinstance(row, dict) for row in rows):
        raise RowError("expected a list of objects", path=str(path), mend="write one JSON object a line")
    return iter(rows)


def _numbered(rows: Iterator[Mapping[str, Any]]) -> RowsRead:
    read = tuple(rows)
    return RowsRead(read, tuple([f"row {index + 1}" for index in range(len(read))]))


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a Parquet file, a batch at a time.

    Raises:
        RowError: pyarrow is not installed, or the file is no Parquet.
    """
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        raise RowError(
            "reading Parquet needs pyarrow, which is not installed",
            path=str(path),
            mend="pip install pyarrow, or give the rows as JSON Lines",
        ) from error
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=256):
            yield from batch.to_pylist()
    except (ValueError, OSError) as error:  # pyarrow's own errors are among these
        raise RowError(
            f"not Parquet: {error}", path=str(path), mend="give the file that was meant"
        ) from error
