"""Reading of `KeyValueCalls`: any text, and of every attempt what became of it.

The arguments of a call are turned into JSON, piece by piece, and decoded as JSON is: limits, exact numbers and repeated
keys are then the same as in the JSON formats.
"""

from __future__ import annotations

import re
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

import msgspec

from toolverify.calls import Context, Status, ToolCall
from toolverify.formats.engines.frame import UNCLOSED, FrameReading
from toolverify.formats.engines.json_value import (
    Decoded,
    beyond,
    decode,
    deeper_than,
    has_duplicate_keys,
)
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.key_value_calls import KeyValueCalls

_KEY_SIGN = r'[^\s:,{}\[\]"<>\\\x00-\x1f]'
_KEY = rf"{_KEY_SIGN}++(?: ++{_KEY_SIGN}++)*+"
#: A bare key, all signs in reverse order: in a text read from its end a key follows its colon, and colons are few.
_KEY_FROM_BEHIND = re.compile(rf":\s*+({_KEY})(?=\s*+[{{,])")
_BARE_KEY = re.compile(_KEY)
_NAME = re.compile(r"""[^\s:,(){}\[\]<>"'](?:[^,(){}\[\]<>"'\r\n]*[^\s,(){}\[\]<>"'])?""")
_QUOTED_KEY = re.compile(r'""\s*+:')
_CUT_TOKEN = re.compile(r'[^\s:,{}\[\]"]++\s*+\Z')
_STRING = '""'  # stands for a string while keys are looked for; nothing else in the text then has quotes


def is_key(text: str) -> bool:
    """Whether a text can be written as a bare key."""
    return _BARE_KEY.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text can be written as the name of a call."""
    return _NAME.fullmatch(text) is not None


@lru_cache(maxsize=64)
def _extent(start: str, end: str, escape: str) -> re.Pattern[str]:
    """All up to the next marker of a block that stands outside strings, or up to a string that does not end."""
    signs = "".join(sorted({re.escape(marker[0]) for marker in (start, end, escape)}))
    marker = "|".join([re.escape(marker) for marker in (start, end, escape)])
    outside = rf"[^{signs}]*+(?:(?!{marker})[{signs}][^{signs}]*+)*+"
    quote, sign = re.escape(escape), re.escape(escape[0])
    inside = rf"[^{sign}]*+(?:(?!{quote}){sign}[^{sign}]*+)*+"
    return re.compile(rf"{outside}(?:{quote}{inside}{quote}{outside})*+")


class KeyValueReading(FrameReading):
    """One pass over one text."""

    def __init__(self, format_: KeyValueCalls, text: str, limits: Limits, context: Context) -> None:
        super().__init__(text, limits, context, (format_.think_start, format_.think_end))
        self.format = format_
        self.extent = _extent(format_.start, format_.end, format_.escape)
        self.members = limits.call // 4  # as many as one call can hold; each takes its time
        self.again = limits.call  # characters of broken blocks that may be read once more

    def next_block(self, start: int) -> int:
        """The next start marker."""
        return self.find(self.format.start, start)

    def draft_end(self, begin: int, end: int) -> int:
        """Behind the first end marker."""
        return min(self.find(self.format.end, begin) + len(self.format.end), end)

    def _reason(self, begin: int) -> None:
        """The label that opens a thought is no part of it."""
        label = self.format.think_label
        super()._reason(begin + len(label) if self.text.startswith(label, begin) else begin)

    def block(self, begin: int) -> None:
        """One block: a call, up to the end marker that stands outside its strings."""
        body = begin + len(self.format.start)
        window = min(len(self.text), body + self.limits.call + 1)
        found = self.extent.match(self.text, body, window)
        stop = found.end() if found else body
        if self.text.startswith(self.format.end, stop):
            self._closed(begin, body, stop)
        elif window < len(self.text) and not self.text.startswith(self.format.start, stop):
            self._too_long(begin, stop)
        elif self.text.startswith(self.format.escape, stop):
            self._open_string(begin, body, stop)
        else:
            self._unclosed(begin, body, stop)

    # What became of a block.

    def _closed(self, begin: int, body: int, stop: int) -> None:
        """A block with its end marker: a call, or none."""
        end = stop + len(self.format.end)
        name, status, detail = self._header(self.text[body:stop], cut=False)
        value = Decoded(status="invalid_json", detail=detail)
        if status == "ok":
            value, status = self._arguments(body, stop)
        if status == "ok":
            self.accept(
                ToolCall(name, value.value), (begin, end), ("duplicate_keys",) if value.duplicate_keys else ()
            )
            self._end_block(end)
        else:
            self._broken(begin, body, end, status, value.detail, name)

    def _unclosed(self, begin: int, body: int, stop: int) -> None:
        """A block that the next one ends, or the text."""
        last = stop == len(self.text)
        inner = stop - (self._cut_marker(body) if last else 0)
        name, status, detail = self._header(self.text[body:inner], cut=last)
        if status == "ok":
            value, status = self._arguments(body, inner, cut=last)
            detail = value.detail
            if status == "ok":
                status, detail = "truncated" if last and self.cut_off else "unclosed", UNCLOSED
        self._broken(begin, body, stop, status, detail, name)

    def _open_string(self, begin: int, body: int, stop: int) -> None:
        """A string that does not end: the text was cut there, or the marker after it is missing."""
        name, status, detail = self._header(self.text[body:stop], cut=False)
        if status == "ok":
            status, detail = "invalid_json", "a string does not end"
        end, whole = self._next_end(body), len(self.text)
        more = self.find(self.format.start, body) < whole
        if self.find(self.format.end, body) == whole or (self.cut_off and not more):
            status, end = "truncated" if name else status, whole
        self._refuse_block(begin, end, status, detail, name)

    def _too_long(self, begin: int, stop: int) -> None:
        name, _, _ = self._header(self.text[begin + len(self.format.start) : stop], cut=False)
        detail = f"a call of over {self.limits.call} characters"
        self._refuse_block(begin, self._next_end(stop), "limit_exceeded", detail, name)

    def _broken(self, begin: int, body: int, end: int, status: Status, detail: str, name: str) -> None:
        """A block that is no call. Where a string holds the end of a call, its own end is missing: it ends there."""
        first = self.find(self.format.end, body)
        sooner = first + len(self.format.end)
        if sooner < end and self.text.endswith("}", body, first) and end - sooner <= self.again:
            self.again -= end - sooner
            end = sooner
        self._refuse_block(begin, end, status, detail, name)

    def _refuse_block(self, begin: int, end: int, status: Status, detail: str, name: str) -> None:
        self.refuse(status, (begin, end), detail, name or None)
        self._end_block(end)

    def _end_block(self, end: int) -> None:
        """The marker of the turn that follows calls belongs to them."""
        after = self.past_space(end) if self.format.after else end
        follows = self.format.after and self.text.startswith(self.format.after, after)
        self.cut("block", after + len(self.format.after) if follows else end)

    def _next_end(self, position: int) -> int:
        """Behind the next end marker, or before the next block."""
        close = self.find(self.format.end, position) + len(self.format.end)
        return min(close, self.find(self.format.start, position), len(self.text))

    def _cut_marker(self, body: int) -> int:
        """How long the beginning of a marker is that the text ends with."""
        markers = (self.format.end, self.format.escape, self.format.start)
        longest = min(max(map(len, markers)) - 1, len(self.text) - body)
        sizes = range(longest, 0, -1)
        return next((size for size in sizes if any(one.startswith(self.text[-size:]) for one in markers)), 0)

    # What a call says.

    def _header(self, body: str, *, cut: bool) -> tuple[str, Status, str]:
        """The name before the arguments, and what is wrong there."""
        prefix = self.format.prefix
        head, brace, _ = body.partition("{")
        head = head.strip()
        name = head.removeprefix(prefix).strip() if head.startswith(prefix) else ""
        if not head.startswith(prefix):
            if cut and not brace and prefix.startswith(head):
                return "", "truncated", "the text ends before a call"
            return "", "wrong_dialect", f"a call begins with {prefix!r}, a name and '{{'"
        if name and not is_name(name):
            return "", "wrong_dialect", "between a name and its arguments stands '{'"
        if not brace:
            missing: Status = "truncated" if cut else "non_object_args"
            return ("" if cut else name), missing, "the text ends in a name" if cut else "no arguments"
        return (name, "ok", "") if name else ("", "missing_name", "no name")

    def _arguments(self, body: int, stop: int, *, cut: bool = False) -> tuple[Decoded, Status]:
        """The object from the first brace on."""
        pieces = self.text[self.text.index("{", body) : stop].split(self.format.escape)
        bare = _STRING.join(pieces[::2])
        fault = self._fault(bare, len(pieces) // 2)
        if fault:
            return Decoded(detail=fault[1]), fault[0]
        self.members -= bare.count(":")
        quoted = _with_quoted_keys(bare)
        value = self._decoded(quoted, pieces[1::2])
        if cut and value.status == "invalid_json" and _CUT_TOKEN.search(quoted):
            shorter = self._decoded(_CUT_TOKEN.sub("", quoted), pieces[1::2])
            value = shorter if shorter.status == "pending" else value
        if value.status == "pending":
            return value, "truncated" if cut else "invalid_json"
        return value, value.status

    def _decoded(self, quoted: str, strings: list[str]) -> Decoded:
        """The value; limits are looked for where no strings are, and faults only where decoding fails."""
        refusal = beyond(quoted, self.limits)
        if refusal:
            return Decoded(status="limit_exceeded", detail=refusal)
        text = _with_strings(quoted, strings)
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return decode(text, self.limits)
        return Decoded(value, duplicate_keys=has_duplicate_keys(text, value))

    def _fault(self, bare: str, strings: int) -> tuple[Status, str] | None:
        """What would be JSON, and is not this language."""
        if bare.count('"') > 2 * strings:
            return "wrong_dialect", f"quotes, where {self.format.escape!r} is due"
        if _QUOTED_KEY.search(bare):
            return "invalid_json", f"a key between {self.format.escape!r}: keys stand bare"
        if bare.count("{") + bare.count("[") > self.limits.depth and deeper_than(self.limits.depth, bare):
            return "limit_exceeded", f"nested deeper than {self.limits.depth} levels"
        if bare.count(":") > self.members:
            return "limit_exceeded", f"more than {self.limits.call // 4} members"
        return None


def _with_quoted_keys(bare: str) -> str:
    parts = _KEY_FROM_BEHIND.split(bare[::-1])
    parts[1::2] = [f':"{key}"' for key in parts[1::2]]
    return "".join(parts)[::-1]


def _with_strings(quoted: str, strings: list[str]) -> str:
    pieces = quoted.split(_STRING)
    filled = [""] * (2 * len(pieces) - 1)
    filled[::2] = pieces
    filled[1::2] = [encode_basestring(string) for string in strings[: len(pieces) - 1]]
    return "".join(filled)
