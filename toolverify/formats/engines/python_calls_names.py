"""How `PythonCalls` tells calls from other text: by a name with a bracket behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

_PLAIN_NAME = r"[^\W\d][\w.-]*+"
_FREE_NAME = r"[^\s()\[\],='\"](?:[^()\[\],='\"\r\n]*[^\s()\[\],='\"])?"
_CUT_OPENING = re.compile(rf"(?<!\w)\[\s*+{_PLAIN_NAME}\s*+\Z")
#: The beginning of a list whose first call has a name of any kind.
FREE_LIST = re.compile(rf"\[\s*+{_FREE_NAME}\s*+\(")


class Names(Struct, frozen=True):
    """How calls are told from other text.

    Attributes:
        call: A name with the bracket behind it.
        opening: The bracket of a list, before such a name.
        comma: The comma before such a name.
        line: The comma or the line end before such a name.
    """

    call: re.Pattern[str]
    opening: re.Pattern[str]
    comma: re.Pattern[str]
    line: re.Pattern[str]


def names_of(tools: Iterable[str] | None, *, free: bool) -> Names:
    """The patterns for plain names, or for free ones, of which those of tools are known as they are."""
    known = sorted(tools or (), key=len, reverse=True)
    name = "|".join([*[re.escape(tool) for tool in known], _FREE_NAME if free else _PLAIN_NAME])
    sure = "|".join([*[re.escape(tool) for tool in known], _PLAIN_NAME])
    behind = rf"(?=(?:{sure})\s*+\()"
    return Names(
        re.compile(rf"({name})\s*+\("),
        re.compile(rf"\[(?<!\w\[)\s*+{behind}"),
        re.compile(rf",\s*+{behind}"),
        re.compile(rf"[,\n]\s*+{behind}"),
    )


def cut_opening(text: str) -> int:
    """Where a text that ends in the first name of a list has its bracket; the length of any other text."""
    place = text.rfind("[")
    return place if place >= 0 and _CUT_OPENING.match(text, place) else len(text)
