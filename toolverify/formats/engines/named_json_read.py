"""How `NamedJson` reads any text, and says of every attempt what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from toolverify.calls import Context, Status, ToolCall
from toolverify.formats.engines.frame import UNCLOSED, FrameReading
from toolverify.formats.engines.items import as_attempt
from toolverify.formats.engines.json_value import Decoded, read_value
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.named_json import NamedJson

_INDEX = re.compile(r":\d{1,9}\Z", re.ASCII)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
#: A list, or an object right behind one word: arguments, though nothing leads over to them.
_BARE_ARGUMENTS = re.compile(r"\[|[^\s{]*+\s*+\{")
_JSON_SIGNS = tuple('{}[],:"')
_PREFIX = "functions."


class Header(Struct, frozen=True, gc=False):
    """A call up to its arguments.

    Attributes:
        begin: Where the call begins.
        name: The name of the tool, where there is one.
        status: What is wrong with the name, if anything.
        detail: The same in words.
        flags: Oddities of it.
        outside: Whether the call stands outside the section that should hold it.
    """

    begin: int
    name: str | None = None
    status: Status = "ok"
    detail: str = ""
    flags: tuple[str, ...] = ()
    outside: bool = False


class NamedReading(FrameReading):
    """One pass over one text."""

    def __init__(self, format_: NamedJson, text: str, limits: Limits, context: Context) -> None:
        super().__init__(text, limits, context, (format_.think_start, format_.think_end))
        self.format = format_
        opening, closing = format_.section
        self.openers = [marker for marker in (opening, format_.start) if marker]
        self.breaks = [marker for marker in (*self.openers, closing) if marker]  # none of them is in a call
        self.bounds = [*self.breaks, format_.end] if format_.end else self.breaks
        self.closers = [marker for marker in (format_.close.strip(), format_.end) if marker]
        self.opener = format_.arguments.strip()

    def next_block(self, start: int) -> int:
        """The next section, or a call outside any."""
        return self.first_of(self.openers, start)

    def draft_end(self, begin: int, end: int) -> int:
        """A draft ends with its section or its call; where neither has an end, before the next one."""
        opening, closing = self.format.section
        closer = closing if opening and self.text.startswith(opening, begin) else self.format.end
        return min(self.find(closer, begin) + len(closer), end) if closer else self.next_block(begin + 1)

    def block(self, begin: int) -> None:
        """A section, or one call."""
        opening = self.format.section[0]
        if opening and self.text.startswith(opening, begin):
            self.cut("block", begin + len(opening))
            self._section(begin)
        else:
            self._call(begin, outside=bool(opening))
        self._stop_marker()

    def _stop_marker(self) -> None:
        """The marker that ends the turn belongs to the calls before it."""
        place, stop = self.past_space(self.position), self.format.stop
        if stop and self.text.startswith(stop, place):
            after = self.past_space(place + len(stop))
            if after == len(self.text) and self.segments[-1].kind == "block":
                self.cut("block", after)

    # Sections.

    def _section(self, begin: int) -> None:
        """Calls, up to the end of their section."""
        text, closing, calls = self.text, self.format.section[1], 0
        while (place := self.past_space(self.position)) < len(text):
            if text.startswith(closing, place):
                self.cut("block", place + len(closing))
                return
            if text.startswith(self.format.section[0], place):
                break
            if self.exhausted:
                self._give_up()
                return
            if text.startswith(self.format.start, place):
                self._call(place, outside=False)
            else:
                self._stray_text(place)
            calls += 1
        self.flags.append("section_unclosed")
        self._section_unclosed(begin, place, calls)

    def _section_unclosed(self, begin: int, place: int, calls: int) -> None:
        """A section that the text, or another section, ends: its calls are whole, but one without calls is odd."""
        if not calls and place == len(self.text):
            self.refuse("truncated", (begin, place), "the text ends before the first call of its section")
        elif not calls:
            self.refuse("wrong_dialect", (begin, place), "a section of calls without a call")
        self.cut("block", place)

    def _stray_text(self, place: int) -> None:
        """Text in a section that is no call; it may be a marker that was cut off."""
        end = self.first_of(self.breaks, place)
        rest = self.text[place : min(end, place + max(map(len, self.breaks)))]
        if end == len(self.text) and any([marker.startswith(rest) for marker in self.breaks]):
            self.refuse("truncated", (place, end), "the text ends inside a marker")
        else:
            self.refuse("wrong_dialect", (place, end), "text where a call is due")
        self.cut("block", end)

    # Calls.

    def _call(self, begin: int, *, outside: bool) -> None:
        """One call, from its start marker on."""
        lead = self.format.lead
        named = self.past_space(begin + len(self.format.start))
        if not self.text.startswith(lead, named):
            self._no_lead(begin, named)
            return
        named += len(lead)
        bound, marked = self.first_of(self.bounds, named), self.find(self.opener, named)
        if marked >= bound:
            self._no_arguments(begin, named, bound)
            return
        header = self._header(begin, self.text[named:marked], outside=outside)
        position = self.past_space(marked + len(self.opener))
        decoded, stop = read_value(self.text, position, self.limits)
        if decoded.whole:
            self._read(header, decoded, stop)
        else:
            self._broken(header, decoded, max(position, stop))

    def _header(self, begin: int, text: str, *, outside: bool) -> Header:
        """Who is called."""
        word = text.strip()
        if self.format.call_id:
            word = word.partition(self.format.call_id)[0].strip()
        if self.format.identifier == "indexed":
            return self._from_id(begin, word, outside=outside)
        status, detail = name_fault(word)
        return Header(begin, word if status == "ok" else None, status, detail, outside=outside)

    def _from_id(self, begin: int, word: str, *, outside: bool) -> Header:
        """The name in `functions.NAME:INDEX`: either half may be missing, but an id that has neither names no tool."""
        index = _INDEX.search(word[-10:])
        name = word[: len(word) - len(index.group())] if index else word
        if not index and not name.startswith(_PREFIX):
            return Header(begin, None, "missing_name", f"the id {word[:60]!r} names no tool", outside=outside)
        status, detail = name_fault(name.removeprefix(_PREFIX))
        known = name.removeprefix(_PREFIX) if status == "ok" else None
        return Header(begin, known, status, detail, () if index else ("ambiguous",), outside)

    def _no_lead(self, begin: int, named: int) -> None:
        """The call does not begin as it should."""
        lead = self.format.lead
        if self._stands(lead, named):
            self.refuse("truncated", (begin, len(self.text)), "the text ends before the name")
            self.cut("block", len(self.text))
        else:
            self._end_fault(begin, named, "wrong_dialect", f"{lead!r} is missing before the name")

    def _no_arguments(self, begin: int, named: int, bound: int) -> None:
        """Nothing leads over to arguments before the call ends."""
        words = self.text[named:bound].strip()
        bare = _BARE_ARGUMENTS.match(words) is not None
        if not self.format.end and not bare and len(words.split(None, 1)) > 1:
            self.cut(
                "content", bound
            )  # where nothing ends a call, several words are no name: prose speaks of the marker
        elif bound == len(self.text) and not bare:
            self.refuse("truncated", (begin, bound), "the text ends before the arguments")
            self.cut("block", bound)
        else:
            self._end_fault(begin, bound, "wrong_dialect", f"{self.opener!r} is missing before the arguments")

    def _read(self, header: Header, decoded: Decoded, stop: int) -> None:
        """Arguments that were read to their end; what follows says whether the call is whole."""
        status, end, detail = self._ending(stop)
        if status != "ok":
            self._refuse_call(header, status, end, detail)
            return
        span = (header.begin, end)
        attempt = as_attempt({"name": header.name or "", "arguments": decoded.value}, "", span)
        if decoded.status != "ok":
            self.refuse(_status(decoded), span, decoded.detail, header.name)
        elif header.outside:
            self.refuse("wrong_dialect", span, "a call outside a section of calls", header.name)
        elif header.status != "ok":
            self.refuse(header.status, span, header.detail, header.name)
        elif attempt.call is None:
            self.refuse(attempt.status, span, attempt.detail, header.name)
        else:
            flags = (*header.flags, "duplicate_keys") if decoded.duplicate_keys else header.flags
            self.accept(ToolCall(attempt.call.name, attempt.call.arguments), span, flags)
        self.cut("block", end)

    def _ending(self, stop: int) -> tuple[Status, int, str]:
        """What stands behind the arguments: whether the call is whole there, and where it ends."""
        for closer in self.closers:
            place = self.past_space(stop)
            if not self._stands(closer, place):
                return self._not_closed(closer, place)
            stop = place + len(closer)
            if stop > len(self.text):
                return "truncated" if self.cut_off else "unclosed", len(self.text), UNCLOSED
        if not self.closers and self._goes_on(stop):
            return "invalid_json", self._resume(stop), "text after the JSON value"
        return "ok", stop, ""

    def _not_closed(self, closer: str, place: int) -> tuple[Status, int, str]:
        """Something else stands where a marker is due."""
        if any([self.text.startswith(marker, place) for marker in self.breaks]):
            return "unclosed", place, UNCLOSED
        end = self._resume(place)
        if self.format.end and self.text.startswith(self.format.end, place):
            return "wrong_dialect", end, f"{closer!r} is missing behind the arguments"
        return "invalid_json", end, "text after the JSON value"

    def _goes_on(self, stop: int) -> bool:
        """Whether a sign of JSON adjoins arguments that no marker ends, so that they are no value of their own."""
        if not self.text.startswith(_JSON_SIGNS, stop):
            return False
        markers = (self.format.start, self.format.stop, self.think_start)
        return not any([marker and self._stands(marker, stop) for marker in markers])

    def _stands(self, marker: str, place: int) -> bool:
        """Whether a marker stands here, or as much of it as the text has."""
        return marker.startswith(self.text[place : place + len(marker)])

    # Faults.

    def _broken(self, header: Header, decoded: Decoded, stop: int) -> None:
        """Arguments that cannot be read."""
        pending = decoded.status == "pending"
        if pending and (self.cut_off or self.first_of(self.bounds, stop) == len(self.text)):
            self._refuse_call(header, "truncated", len(self.text), decoded.detail)
        else:
            self._refuse_call(header, _status(decoded), self._resume(stop), decoded.detail)

    def _refuse_call(self, header: Header, status: Status, end: int, detail: str) -> None:
        self.refuse(status, (header.begin, end), detail, header.name)
        self.cut("block", end)

    def _end_fault(self, begin: int, position: int, status: Status, detail: str) -> None:
        end = self._resume(position)
        self.refuse(status, (begin, end), detail)
        self.cut("block", end)

    def _resume(self, position: int) -> int:
        """Where reading goes on behind a fault: behind the end of the call, or before whatever comes first."""
        end = self.format.end
        close = self.find(end, position) + len(end) if end else len(self.text)
        return min(close, self.first_of(self.breaks, position), len(self.text))


def name_fault(name: str) -> tuple[Status, str]:
    """What is wrong with a name as such: it is one line of text."""
    if not name:
        return "missing_name", "no name"
    if len(name.splitlines()) > 1:
        return "wrong_dialect", "text between the name and the arguments"
    if not name.isascii() and _SURROGATE.search(name):
        return "missing_name", "the name holds a surrogate without a partner"
    return "ok", ""


def _status(decoded: Decoded) -> Status:
    return "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"
