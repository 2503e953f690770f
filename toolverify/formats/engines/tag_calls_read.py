"""How `TagCalls` reads any text, and says of every attempt what became of it.

Where a value holds the tag that ends values, the tag counts behind which another tag of the call follows; such a value is
`ambiguous`. Where a value has no end, a later parameter would end it: that one begins a line or follows a tag, and so tells.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from toolverify.calls import Case, Context, SegmentKind, Status, ToolCall
from toolverify.formats.engines.frame import UNCLOSED, FrameReading
from toolverify.formats.engines.json_value import Decoded, decode, read_value
from toolverify.formats.engines.typed_text import WIRE_TYPES, TextTyper, parameter, schema_of

if TYPE_CHECKING:
    from toolverify.formats.engines.tag_calls import TagCalls
    from toolverify.schema import ToolSpec

_CDATA = ("<![CDATA[", "]]>")
_WRAPPER = "arguments"  # the parameter that may hold all arguments as one object
_NO_VALUE_END = "a value has no end tag"


class Value(NamedTuple):
    """One value as it was written, and the type that the wire gives it."""

    text: str
    kind: str


class Failed(Exception):  # noqa: N818  # what is wrong with a call, not an error of this program
    """Why a call is not whole, and where it ends."""

    def __init__(self, status: Status, detail: str, end: int) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.end = end


class TagReading(FrameReading):
    """One pass over one text. Mutable, and gone when the Reply is made."""

    def __init__(self, format_: TagCalls, text: str, case: Case, context: Context) -> None:
        super().__init__(text, case.limits, context, format_.think)
        self.format = format_
        self.grammar = format_.grammar
        self.case = case
        self.typer = TextTyper(case.limits)
        self.schema: Mapping[str, Any] = {}  # of the call at hand
        self._seen: dict[int, tuple[int, int, int]] = {}

    @cached_property
    def _tools(self) -> Mapping[str, ToolSpec]:
        """The case's tools, which are read only where there is a call, and once."""
        return self.case.tools or {}

    # The frame.

    def next_block(self, start: int) -> int:
        """Where a block begins, or a call that stands in none."""
        return self.search(self.grammar.calls_begin, start)[0]

    def draft_end(self, begin: int, end: int) -> int:
        """A draft ends with its block, or where the next one begins."""
        ending = self.grammar.block_end if self.format.block[0] else self.grammar.call_end
        stop = self.search(ending, begin)[1]
        following = self.next_block(begin + 1)
        return min(stop, end) if self._in_block(begin) else min(stop, following, end)

    def _in_block(self, begin: int) -> bool:
        return bool(self.format.block[0]) and self.grammar.block_start.match(self.text, begin) is not None

    def cut(self, kind: SegmentKind, end: int) -> None:
        """As every format does; markers around content are no content."""
        for marker in self._content_markers(end) if kind == "content" and self.format.content[0] else ():
            super().cut("content", marker[0])
            super().cut("block", marker[1])
        super().cut(kind, end)

    def _content_markers(self, end: int) -> Sequence[tuple[int, int]]:
        marker = re.compile("|".join(map(re.escape, self.format.content)))
        return [found.span() for found in marker.finditer(self.text, self.position, end)]

    def block(self, begin: int) -> None:
        """One block, or one call that stands alone."""
        opened = self.grammar.block_start.match(self.text, begin) if self.format.block[0] else None
        if opened:
            self._section(begin, opened.end())
        elif self.format.block[0]:
            self._stray_call(begin)
        else:
            self.cut("block", self._call(begin))

    def _stray_call(self, begin: int) -> None:
        """A call outside the block where it belongs."""
        end = self._call(begin)
        attempt = self.attempts[-1]
        if attempt.status == "ok":
            detail = f"the call does not stand in {self.format.block[0]}"
            self.attempts[-1] = replace(
                attempt, status="wrong_dialect", call=None, wire=None, flags=(), detail=detail
            )
        closed = self.grammar.block_end.match(self.text, self.past_space(end))
        self.cut("block", closed.end() if closed else end)

    def _section(self, begin: int, cursor: int) -> None:
        """A block of calls, from behind its start marker on."""
        before = len(self.attempts)
        while True:
            place = self.past_space(cursor)
            closed = self.grammar.block_end.match(self.text, place)
            if closed:
                if len(self.attempts) == before:
                    self.refuse("wrong_dialect", (begin, closed.end()), "a block without a call")
                self.cut("block", closed.end())
                return
            if self.exhausted:
                self._stop_counting(place)
                return
            if self.grammar.call_start.match(self.text, place):
                cursor = self._call(place)
                continue
            resumed = self._stray_text(begin, cursor, place, calls=len(self.attempts) - before)
            if resumed < 0:
                return
            cursor = resumed

    def _stop_counting(self, place: int) -> None:
        """Too many calls in one block: the rest of it is not read."""
        end = self.search(self.grammar.block_end, place)[1]
        self.refuse("limit_exceeded", (place, end), f"more than {self.limits.attempts} attempts")
        self.cut("block", end)

    def _stray_text(self, begin: int, cursor: int, place: int, *, calls: int) -> int:
        """What stands in a block where a call or its end should: returns where to read on, or -1 where the block is over."""
        closed = self.search(self.grammar.block_end, place)[0]
        end = len(self.text)
        following = self.search(self.grammar.calls_begin, place)[0]
        unfinished = place == end or (min(closed, following) == end and self._tag_begins(place))
        if calls and (unfinished or following == place or min(closed, following) == end):
            self._unclose(place)
            self.cut("block", end if unfinished else cursor)
            return -1
        if not calls and following == place < end:
            self.refuse("unclosed", (begin, place), UNCLOSED)
            self.cut("block", place)
            return -1
        stop = min(closed, following)
        truncated = unfinished or (stop == end and self.cut_off)
        detail = "the text ends before a call" if truncated else "text where a call should stand"
        span = (place if calls else begin, stop)
        self.refuse("truncated" if truncated else "wrong_dialect", span, detail)
        if stop < end and (closed < following or not self._in_block(following)):
            return stop
        self.cut("block", stop)
        return -1

    def _unclose(self, place: int) -> None:
        """The last call's block has no end."""
        last = self.attempts[-1]
        if last.status != "ok" or (self.format.end_optional and place == len(self.text) and not self.cut_off):
            return
        status: Status = "truncated" if self.cut_off else "unclosed"
        self.attempts[-1] = replace(last, status=status, call=None, wire=None, flags=(), detail=UNCLOSED)

    def _tag_begins(self, place: int) -> bool:
        """Whether the text ends inside a tag that begins here."""
        rest = self.text[place:]
        return any(
            [
                beginning.startswith(rest) or rest.startswith(beginning)
                for beginning in self.grammar.tag_beginnings
            ]
        )

    # One call.

    def _call(self, begin: int) -> int:
        """Read the call that begins here, record it, and tell where it ends."""
        opened = self.grammar.call_open.match(self.text, begin)
        if opened is None:
            failed = self._broken(begin, "a tag that opens a call is malformed", begin + 1)
            self.refuse(failed.status, (begin, failed.end), failed.detail)
            return failed.end
        name = self.name_in(opened)
        try:
            self._whole_call(name, begin, opened.end())
        except Failed as failed:
            self.refuse(failed.status, (begin, failed.end), failed.detail, name or None)
            return failed.end
        return self.attempts[-1].span[1]  # type: ignore[index]  # every attempt in a text has one

    def _whole_call(self, name: str, begin: int, cursor: int) -> None:
        """Read parameters up to the end of the call."""
        self.schema = schema_of(self._tools, name) if self.format.typed_by_tools else {}
        values: dict[str, Value] = {}
        flags: set[str] = set()
        while True:
            place = self.past_space(cursor)
            opened = self.grammar.value_open.match(self.text, place)
            if opened is None:
                break
            key = self.name_in(opened)
            flags |= {"duplicate_keys"} if key in values else set()
            text, cursor = self.value(opened, flags)
            if cursor - begin > self.limits.call:
                raise self.too_long(cursor)
            values[key] = Value(text, opened.groupdict().get("type") or "")
        if self.format.json_arguments and not values and self.text.startswith("{", place):
            self._json_call(name, begin, place)
            return
        closed = self.grammar.call_end.match(self.text, place)
        if closed is None:
            raise self._broken(place, "text where a parameter should stand")
        if not name:
            raise Failed("missing_name", "no name", closed.end())
        self._record(name, values, (begin, closed.end()), tuple(sorted(flags)))

    def name_in(self, tag: re.Match[str]) -> str:
        name = tag["name"].strip()
        return html.unescape(name) if self.format.escaped else name

    def _broken(self, place: int, detail: str, beyond: int = 0) -> Failed:
        """What is wrong where neither a parameter nor the end of the call follows; reading goes on `beyond`."""
        end = len(self.text)
        stop, behind = self._resume(max(place, beyond))
        if place >= end or (stop == end and (self.cut_off or self._tag_begins(place))):
            return Failed("truncated", "the text ends inside the call", end)
        if stop == place:
            return Failed("unclosed", "the call has no end tag", place)
        return Failed("wrong_dialect", detail, behind)

    def _resume(self, place: int) -> tuple[int, int]:
        """The next place where calls can be read again after a broken one: where its tag begins, and where to read on."""
        grammar = self.grammar
        ended, ended_behind = self.search(grammar.call_end, place)
        following = self.search(grammar.calls_begin, place)[0]
        closed = self.search(grammar.block_end, place)[0]
        if ended < min(following, closed):
            return ended, ended_behind
        return min(following, closed), min(following, closed)

    def value(self, opened: re.Match[str], flags: set[str]) -> tuple[str, int]:
        """The text of the value behind a tag that opens one, and where its end tag ends."""
        start = opened.end()
        close, behind = self._value_end(start)
        if self._swallows(start, close):
            raise Failed("unclosed", _NO_VALUE_END, self._resume(start)[1])
        if close == len(self.text):
            raise self.endless(start)
        marked = (
            self.search(self.grammar.value_end, start)[0],
            self.search(self.grammar.value_open, start)[0],
        )
        if min(marked) < close:
            flags.add("ambiguous")
        return self._unpadded(start, close), behind

    def _value_end(self, start: int) -> tuple[int, int]:
        """Where the end tag of a value stands."""
        end = len(self.text)
        sure = self.search(self.grammar.value_end_sure, start)
        likely = self.search(self.grammar.value_end_likely, start)
        if likely[0] < sure[0] and (sure[0] == end or self.next_block(likely[1]) < sure[0]):
            return likely
        return sure if sure[0] < end else self.search(self.grammar.value_end, start)

    def _swallows(self, start: int, close: int) -> bool:
        """Whether the tag at `close` ends not this value, but one of a later parameter or call."""
        if self.search(self.grammar.first_value_open, start)[0] < close:
            return True
        inner, behind = self.search(self.grammar.value_open_inside, start)
        return inner < close and self.search(self.grammar.value_end, behind)[0] == close

    def too_long(self, place: int) -> Failed:
        """A call that is not over where it should be."""
        detail = f"a call of over {self.limits.call} characters"
        return Failed("limit_exceeded", detail, self._resume(place)[1])

    def endless(self, start: int) -> Failed:
        """A value that nothing ends."""
        stop, behind = self._resume(start)
        if stop == len(self.text) or self.cut_off:
            return Failed("truncated", "the text ends inside a value", len(self.text))
        return Failed("unclosed", _NO_VALUE_END, behind)

    def _unpadded(self, start: int, close: int) -> str:
        padding = self.format.padding
        if padding and self.text.startswith("\r\n", start, close):
            padding = "\r\n"
        if padding and self.text.startswith(padding, start, close):
            start += len(padding)
        if padding and self.text.endswith(padding, start, close):
            close -= len(padding)
        text = self.text[start:close]
        if self.format.cdata and text.startswith(_CDATA[0]) and text.endswith(_CDATA[1]):
            return text[len(_CDATA[0]) : -len(_CDATA[1])]
        return text

    def search(self, pattern: re.Pattern[str], start: int) -> tuple[int, int]:
        """Where a pattern is found next, and where that ends; the end of the text, where it is not.

        What was searched is remembered, so that all searches together are little more than one pass.
        """
        since, known, behind = self._seen.get(id(pattern), (0, -1, -1))
        if since <= start <= known:
            return known, behind
        found = pattern.search(self.text, start)
        known, behind = found.span() if found else (len(self.text), len(self.text))
        self._seen[id(pattern)] = (start, known, behind)
        return known, behind

    # Its arguments.

    def _record(
        self, name: str, values: dict[str, Value], span: tuple[int, int], flags: tuple[str, ...]
    ) -> None:
        """Record a whole call, its arguments typed."""
        if self.format.types == "schema":
            self._record_texts(name, {key: value.text for key, value in values.items()}, span, flags)
            return
        arguments = {}
        for key, value in values.items():
            decoded = self._typed_on_wire(value, span[1])
            arguments[key] = decoded.value
            flags = (*flags, "duplicate_keys") if decoded.duplicate_keys else flags
        if list(arguments) == [_WRAPPER] and self._wraps(name, arguments[_WRAPPER]):
            arguments = arguments[_WRAPPER]
        self.accept(ToolCall(name, arguments), span, tuple(dict.fromkeys(flags)))

    def _record_texts(
        self, name: str, wire: dict[str, str], span: tuple[int, int], flags: tuple[str, ...]
    ) -> None:
        """Record a whole call, its arguments typed by the tool's schema."""
        short = span[1] - span[0] <= self.limits.call  # a longer one is refused
        read = {key: self.typed_by_schema(text, key) for key, text in wire.items() if short}
        flags = (*flags, *["duplicate_keys" for decoded in read.values() if decoded.duplicate_keys])
        arguments = {key: decoded.value for key, decoded in read.items()}
        self.accept(ToolCall(name, arguments), span, tuple(dict.fromkeys(flags)), wire)

    def typed_by_schema(self, text: str, key: str) -> Decoded:
        """The value of a parameter, as the tool's schema types it."""
        return self.typer.read(text, parameter(self.schema, key), self.schema)

    def _typed_on_wire(self, value: Value, end: int) -> Decoded:
        """A value as the wire types it: a string, or JSON."""
        if value.kind == ("true" if self.format.types == "flag" else "string"):
            return Decoded(value.text)
        if self.format.types == "flag" and value.kind != "false":
            raise Failed("wrong_dialect", "a parameter does not say whether it is a string", end)
        decoded = decode(value.text, self.limits)
        if decoded.status != "ok":
            status: Status = "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"
            raise Failed(status, decoded.detail, end)
        kind = "number" if value.kind == "integer" else value.kind
        if self.format.types == "name" and kind != WIRE_TYPES[type(decoded.value)]:
            raise Failed("wrong_dialect", f"a value that is no {value.kind}", end)
        return decoded

    def _wraps(self, name: str, value: Any) -> bool:
        """Whether a parameter holds all arguments: it is called so, is an object, and the tool has no such parameter."""
        if not self.format.json_arguments or not isinstance(value, dict):
            return False
        tool = self._tools.get(name)
        return tool is None or _WRAPPER not in tool.parameters.get("properties", {})

    def _json_call(self, name: str, begin: int, place: int) -> None:
        """A call whose arguments stand as one JSON object."""
        decoded, stop = read_value(self.text, place, self.limits)
        closed = self.grammar.call_end.match(self.text, self.past_space(stop))
        if decoded.status != "ok" or closed is None or not name:
            raise self._broken(place, "text where a parameter should stand")
        flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
        self.accept(ToolCall(name, decoded.value), (begin, closed.end()), flags)
