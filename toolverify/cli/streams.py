"""Files in and out: JSON Lines, plain or gzipped by extension, `-` for standard input and output."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from toolverify.errors import RowError
from toolverify.rows import Line

_STANDARD = "-"
_OTHER_KINDS = {".parquet", ".csv", ".tsv", ".arrow", ".feather", ".xlsx", ".zip", ".zst", ".xz", ".bz2"}
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
Advance = Callable[[int], None]


def check_inputs(files: Sequence[str], out: str) -> None:
    """Refuse what cannot be read, and an output that would overwrite an input, before any work is done.

    Raises:
        RowError: With the name of the file.
    """
    for name in files:
        if name == _STANDARD:
            continue
        path = Path(name)
        if not path.is_file():
            problem = "is a folder" if path.is_dir() else "does not exist"
            raise RowError(
                f"the file {name!r} {problem}", mend="name JSON Lines files, or - for standard input"
            )
        if path.suffix.lower() in _OTHER_KINDS:
            raise RowError(
                f"cannot read {path.suffix} files", path=name, mend="give JSON Lines (.jsonl, .jsonl.gz)"
            )
        if not os.access(path, os.R_OK):
            raise RowError(f"the file {name!r} may not be read", mend="check its permissions")
        if out != _STANDARD and Path(out).exists() and path.samefile(out):
            raise RowError(f"{out!r} is an input", mend="write to another file")
    if out != _STANDARD and (not out or Path(out).is_dir()):
        raise RowError(f"--out {out!r} is a folder", mend="name a file")
    if out != _STANDARD and not Path(out).absolute().parent.is_dir():
        raise RowError(f"the folder of {out!r} does not exist", mend="make it, or write elsewhere")


def total_bytes(files: Sequence[str]) -> int | None:
    """How much there is to read, where that is known."""
    if _STANDARD in files:
        return None
    return sum(Path(name).stat().st_size for name in files)


def read_lines(files: Sequence[str], advance: Advance) -> Iterator[Line]:
    """Every line of every file, one at a time; `advance` hears of the bytes taken from disk."""
    for name in files:
        shown = name if len(files) > 1 else ""
        if name == _STANDARD:
            yield from _filled(_plain(sys.stdin.buffer), shown, None, advance)
        else:
            with Path(name).open("rb") as raw:
                yield from _filled(_plain(raw), shown, raw, advance)


def _plain(stream: BinaryIO) -> BinaryIO:
    """The stream itself, or what is packed in it: gzip is known by its first bytes, whatever the name."""
    peek = getattr(stream, "peek", None)
    packed = peek is not None and peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if packed else stream


def _filled(stream: BinaryIO, file: str, raw: BinaryIO | None, advance: Advance) -> Iterator[Line]:
    """Lines with their numbers. An empty line between others is a bad row; at the end it is none."""
    empty: list[Line] = []
    seen = 0
    for line in _numbered(stream, file):
        if raw is not None:
            seen, before = raw.tell(), seen
            advance(seen - before)
        if line.problem or line.text.strip():
            yield from empty
            empty.clear()
            yield line
        else:
            empty.append(Line(line.number, b"", file, "the line is empty"))


def _numbered(stream: BinaryIO, file: str) -> Iterator[Line]:
    number = 0
    try:
        for number, text in enumerate(stream, 1):
            yield Line(number, text.removeprefix(_BOM) if number == 1 else text, file)
    except (EOFError, OSError, zlib.error) as error:
        yield Line(number + 1, b"", file, f"the file cannot be read on from here: {error}")


@contextmanager
def open_output(out: str) -> Iterator[BinaryIO]:
    """Where results go: standard output, a file, or a gzipped file."""
    if out == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif out.endswith(".gz"):
        with gzip.open(out, "wb") as stream:
            yield cast(BinaryIO, stream)
    else:
        with Path(out).open("wb") as plain:
            yield plain
