"""Markup in which every text is escaped, unless it is markup itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from toolverify.styled import visible

_VOID = {"img", "source", "meta"}


class Html(str):
    """Markup, to be written as it stands."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str) -> Html:
    """An element; a trailing underscore of an attribute's name is dropped, so that `class_` can be said."""
    told = "".join(
        [f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items()]
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(content)}</{name}>")


def joined(content: Iterable[str]) -> Html:
    """Pieces one behind the other, those that are no markup escaped."""
    return Html("".join([piece if isinstance(piece, Html) else text(piece) for piece in content]))


def text(words: str) -> Html:
    """Somebody's words: escaped, and what cannot be seen written as an escape; line ends stay."""
    if isinstance(words, Html):
        return words
    return Html("\n".join([escape(visible(line)) for line in words.split("\n")]))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, figures: int = 1) -> Html:
    """A table that can be pushed sideways on a narrow screen; columns from the number `figures` on hold figures."""
    head = element("tr", *[_cell("th", cell, index >= figures) for index, cell in enumerate(heads)])
    body = [
        element("tr", *[_cell("td", cell, index >= figures) for index, cell in enumerate(row)])
        for row in rows
    ]
    inner = element("table", element("thead", head), element("tbody", *body))
    return element("div", inner, class_="scroll")


def _cell(name: str, content: str, is_figure: bool) -> Html:
    return element(name, content, class_="figure") if is_figure else element(name, content)


def cut(words: str, head: int, tail: int = 0) -> Html:
    """A text, its middle left out where it is too long, and how much that is."""
    left_out = len(words) - head - tail
    if left_out <= 0:
        return text(words)
    mark = element("span", f" … {left_out:,} characters left out … ", class_="cut")
    return joined([words[:head], mark, words[len(words) - tail :]])


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f} %"


def counted(count: int, thing: str) -> str:
    """So many of a thing."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time in the two units that tell most."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
