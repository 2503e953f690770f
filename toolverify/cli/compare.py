"""`toolverify compare`: which rows flip between profiles, and why."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolverify.errors import ProfileError

if TYPE_CHECKING:
    from toolverify.flips import Comparison
    from toolverify.verifier import Verifier


def compare(
    files: Annotated[
        list[str],
        typer.Argument(help="JSON Lines, plain or gzipped; - for standard input.", metavar="FILE..."),
    ],
    profile: Annotated[
        list[str],
        typer.Option("--profile", "-p", help="A profile's name, or the path of a TOML file; two or more."),
    ],
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="Read another wire format than the profiles' own.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="Write a line a row: a file, .gz too, or - for standard output.")
    ] = None,
    examples: Annotated[int, typer.Option(help="Rows shown for each kind of flip.", min=0)] = 3,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> int:
    """Score the same rows by two or more profiles, and tell which rows pass under one alone, and why.

    Up to three profiles are compared each with each; more are compared with the first. Rows are as `toolverify score`
    reads them. A row that is bad for any profile makes the exit code 1.
    """
    from toolverify.cli.compare_report import report, report_json
    from toolverify.cli.pool import check_workers, work_through
    from toolverify.cli.printing import show
    from toolverify.cli.progress import progress
    from toolverify.cli.streams import check_inputs, open_output, read_lines, total_bytes
    from toolverify.flips import CompareLines, nothing_yet

    check_workers(workers)
    check_inputs(files, out or "-")
    verifiers = _verifiers(profile, format)
    labels = _labels(profile, verifiers)
    job = CompareLines(verifiers, labels, examples, write=out is not None)
    total = nothing_yet(len(verifiers))
    opened = nullcontext() if out is None else open_output(out)
    with opened as stream, progress("comparing", total_bytes(files)) as advance:
        for text, part in work_through(job, read_lines(files, advance), workers):
            if stream is not None:
                stream.write(text)
            total.add(part, examples)
    told = sys.stderr if out == "-" else sys.stdout
    if json:
        print(report_json(verifiers, labels, total, examples), file=told)
    else:
        show(report(verifiers, labels, total, examples), told)
    return _exit_code(total)


def _exit_code(total: Comparison) -> int:
    return 1 if any(tally.bad for tally in total.tallies) else 0


def _verifiers(profiles: Sequence[str], format_: str | None) -> tuple[Verifier, ...]:
    from toolverify.verifier import Verifier

    if len(profiles) < 2:
        raise ProfileError("compare needs two profiles or more", mend="give --profile A --profile B")
    verifiers = tuple([Verifier(profile, format=format_) for profile in profiles])
    _refuse_twins(profiles, verifiers)
    return verifiers


def _refuse_twins(profiles: Sequence[str], verifiers: Sequence[Verifier]) -> None:
    """One profile compared with itself shows nothing, and is always a slip."""
    seen: dict[str, str] = {}
    for given, verifier in zip(profiles, verifiers, strict=True):
        if verifier.hash in seen:
            other = seen[verifier.hash]
            told = (
                f"{given!r} is given twice"
                if given == other
                else f"{other!r} and {given!r} are the same profile"
            )
            raise ProfileError(told, mend="compare it with another one")
        seen[verifier.hash] = given


def _labels(profiles: Sequence[str], verifiers: Sequence[Verifier]) -> tuple[str, ...]:
    """The profiles' names; where two files share one, what was typed tells them apart."""
    names: list[Any] = [verifier.profile.name for verifier in verifiers]
    often = Counter(names)
    return tuple([name if often[name] == 1 else given for name, given in zip(names, profiles, strict=True)])
