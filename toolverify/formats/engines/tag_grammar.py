"""The tags of a format as patterns, made from its declaration. None of them ever goes back over a text."""

from __future__ import annotations

import re
from typing import NamedTuple

_HOLE = re.compile(r"\{(name|type|index|gap)\}")
_SUFFIX = r"(?::\w++)?+>"
_NAME = r"[^<>\"\r\n]*+"
_BARE_NAME = r"[^\s<>\"{}]*+"  # where nothing but white space or the next tag ends it
_HOLES = {"type": r"(?P<type>\w++)", "index": r"\d++", "gap": r"\s*+"}


class TagGrammar(NamedTuple):
    """The patterns of a format's tags.

    Attributes:
        block_start: The marker before a block, or nothing that is ever found.
        block_end: The marker after it.
        call_start: Where an opening tag begins, whether it is whole or not.
        call_open: A whole one.
        call_end: The tag that ends a call.
        value_open: The whole tag that opens a value.
        value_end: The tag that ends a value.
        value_end_sure: One behind which a parameter follows, or the end of the call and what may follow that.
        value_end_likely: One behind which some tag or the end of the text follows.
        value_open_inside: A tag that opens a value and begins a line, or follows another tag.
        first_value_open: One that follows the opening of a call.
        calls_begin: A block or a call.
        tag_beginnings: What the tags begin with, up to the first name in them.
    """

    block_start: re.Pattern[str]
    block_end: re.Pattern[str]
    call_start: re.Pattern[str]
    call_open: re.Pattern[str]
    call_end: re.Pattern[str]
    value_open: re.Pattern[str]
    value_end: re.Pattern[str]
    value_end_sure: re.Pattern[str]
    value_end_likely: re.Pattern[str]
    value_open_inside: re.Pattern[str]
    first_value_open: re.Pattern[str]
    calls_begin: re.Pattern[str]
    tag_beginnings: tuple[str, ...]

    @classmethod
    def of(
        cls, block: tuple[str, str], call: tuple[str, str], value: tuple[str, str], *, suffixes: bool
    ) -> TagGrammar:
        """The patterns of tags with these texts."""
        texts = (*block, _beginning(call[0]), *call, *value)
        sources = [_source(text, suffixes=suffixes) for text in texts]
        block_start, block_end, call_start, call_open, call_end, value_open, value_end = sources
        opening, inside, closing = _unnamed(call_open), _unnamed(value_open), _unnamed(value_end)
        begin = f"{block_start}|{call_start}" if block[0] else call_start
        behind = rf"\s*+(?:{block_end}|{begin}|\Z)" if block[0] else ""
        return cls(
            block_start=_pattern(block_start),
            block_end=_pattern(block_end),
            call_start=_pattern(call_start),
            call_open=_pattern(call_open),
            call_end=_pattern(call_end),
            value_open=_pattern(value_open),
            value_end=_pattern(value_end),
            value_end_sure=_pattern(rf"{closing}(?=\s*+(?:{inside}|{call_end}{behind}))"),
            value_end_likely=_pattern(rf"{closing}(?=\s*+(?:{call_end}|{block_end or call_end}|{begin}|\Z))"),
            value_open_inside=_pattern(rf"(?<=[\n>])[ \t]*+{inside}"),
            first_value_open=_pattern(rf"{opening}\s*+{inside}"),
            calls_begin=_pattern(begin),
            tag_beginnings=tuple([_beginning(text) for text in texts if text]),
        )


def _pattern(source: str) -> re.Pattern[str]:
    """A pattern; of nothing, one that is never found."""
    return re.compile(source or r"(?!)")


def _beginning(text: str) -> str:
    found = _HOLE.search(text)
    return text[: found.start()] if found else text


def _source(text: str, *, suffixes: bool) -> str:
    """The pattern of a marker, or of a tag with holes in it."""
    made, position = [], 0
    for hole in _HOLE.finditer(text):
        made.append(_literal(text[position : hole.start()], suffixes=suffixes))
        position = hole.end()
        if hole[1] == "name":
            bare = position == len(text)
            element = text[: hole.start()].endswith("<")  # whose end tag has a slash in front of the name
            before = r"\s*+" if bare else r"(?!/)" if element else ""
            made.append(rf"{before}(?P<name>{_BARE_NAME if bare else _NAME})")
        else:
            made.append(_HOLES[hole[1]])
    return "".join([*made, _literal(text[position:], suffixes=suffixes)])


def _literal(text: str, *, suffixes: bool) -> str:
    pattern = re.escape(text)
    return pattern.replace(">", _SUFFIX) if suffixes else pattern


def _unnamed(pattern: str) -> str:
    """The same pattern with groups that capture nothing, so that it may stand beside others."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)
