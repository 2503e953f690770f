"""Styled lines on standard output: with colour where that is a terminal, and plain everywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from toolverify.styled import StyledLine, as_text


def show(lines: Iterable[StyledLine]) -> None:
    """Print lines; NO_COLOR and a terminal that is `dumb` are respected."""
    if _wants_colour():
        _show_styled(lines)
    else:
        text = as_text(lines)
        known = sys.stdout.encoding or "utf-8"  # what the output cannot write comes escaped, never as an error
        print(text.encode(known, "backslashreplace").decode(known))


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _show_styled(lines: Iterable[StyledLine]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = Text()  # never markup: what a model wrote stays what it wrote
        for span in line:
            text.append(span.text, span.style or None)
        text.rstrip()
        console.print(text, soft_wrap=True)
