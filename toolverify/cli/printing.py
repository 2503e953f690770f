"""Styled lines as output: with colour where that is a terminal, and plain everywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from toolverify.styled import StyledLine, as_text


def show(lines: Iterable[StyledLine], stream: TextIO | None = None) -> None:
    """Print lines to standard output, or to another stream; NO_COLOR and a `dumb` terminal are respected."""
    stream = stream or sys.stdout
    if _wants_colour(stream):
        _show_styled(lines, stream)
    else:
        known = stream.encoding or "utf-8"  # what the output cannot write comes escaped, never as an error
        print(as_text(lines).encode(known, "backslashreplace").decode(known), file=stream)


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _show_styled(lines: Iterable[StyledLine], stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for line in lines:
        text = Text()  # never markup: what a model wrote stays what it wrote
        for span in line:
            text.append(span.text, span.style or None)
        text.rstrip()
        console.print(text, soft_wrap=True)
