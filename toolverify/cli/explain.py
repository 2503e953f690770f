"""`toolverify explain`: one sample, path by path."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolverify.errors import RowError, ToolverifyError

if TYPE_CHECKING:
    from toolverify.cli.find_row import Found
    from toolverify.verifier import Verifier


def explain(
    file: Annotated[str, typer.Argument(help="JSON Lines, plain or gzipped; - for standard input.")],
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="A profile's name, or the path of a TOML file.")
    ],
    id: Annotated[str | None, typer.Option(help="The row with this id.")] = None,  # noqa: A002
    line: Annotated[int | None, typer.Option(help="The row in this line, counted from 1.", min=1)] = None,
    format: Annotated[str | None, typer.Option(help="Read another wire format than the profile's.")] = None,  # noqa: A002
    json: Annotated[bool, typer.Option("--json", help="The verdict as JSON, with calls and pairs.")] = False,
) -> int:
    """Explain the verdict on one row: what was read, what is expected, how they were paired, and every finding.

    Rows are as `toolverify score` reads them; the row is named by its id, or by its line where it has none.
    """
    from toolverify.cli.find_row import find_row
    from toolverify.cli.streams import check_inputs
    from toolverify.verifier import Verifier

    if (id is None) == (line is None):
        raise RowError("which row?", mend="give --id ID, or --line N where rows have no ids")
    check_inputs([file], "-")
    verifier = Verifier(profile, format=format)
    found = find_row(file, id, line)
    if found.others:
        print(f"toolverify: {found.others_told}", file=sys.stderr)
    return _explain(verifier, found, as_json=json)


def _explain(verifier: Verifier, found: Found, *, as_json: bool) -> int:
    from toolverify.cli.printing import show
    from toolverify.cli.sample_report import report, report_json, report_of_bad_row
    from toolverify.rows import error_to_dict, read_row, read_sample, to_json

    row: Any = None
    try:
        row = read_row(found.line)
        sample = read_sample(verifier, row)
    except ToolverifyError as error:
        if as_json:
            print(to_json(error_to_dict(found.line, row, error)).decode())
        else:
            show(report_of_bad_row(found.line, row, error))
        return 1
    if as_json:
        print(report_json(verifier, found.line, row, sample))
    else:
        show(report(verifier, found.line, row, sample))
    return 0
