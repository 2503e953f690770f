"""Reading of `JsonCalls`: any text, and of every attempt what became of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from toolverify.calls import Attempt, Context, SegmentKind, Status
from toolverify.formats.engines.frame import UNCLOSED, FrameReading
from toolverify.formats.engines.items import CallKeys, call_attempt, first_keys, looks_like_call
from toolverify.formats.engines.json_value import Decoded, json_space, read_value
from toolverify.formats.engines.python_calls_names import names_of
from toolverify.formats.engines.python_calls_read import CallsReading
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.json_calls import JsonCalls
    from toolverify.formats.engines.python_calls import PythonCalls

_NEXT_ITEM = re.compile(r",\s*+(?=\{)")
_JSON_CALLS = re.compile(r"\{|\[\s*+[\]{]")
_STRAY = re.compile(r"[\]}]++|(?=\{|\[\s*+\{)")
_FENCE = "```"
_OPEN_FENCE = re.compile(r"```\w*+\s*+")
_FENCE_BEFORE = re.compile(r"```\w*+\s*+\Z")
_CUT_OBJECT = re.compile(r"\{\s*+[\"']\w*+[\"']?\s*+\Z")
_CUT_LIST = re.compile(r"\[\s*+\{\s*+[\"']\w*+[\"']?\s*+\Z")
_TAIL = 80  # as far as fences and keys that are cut off are looked for
_BEYOND = 8


class JsonReading(FrameReading):
    """One pass over one text. Mutable, and gone when the Reply is made."""

    def __init__(self, format_: JsonCalls, text: str, limits: Limits, context: Context) -> None:
        super().__init__(text, limits, context, (format_.think_start, format_.think_end))
        self.format = format_
        self.keys = format_.keys
        self.bare = bare_pattern(self.keys, format_.container) if "" in format_.starts else None
        self.bare_cut = _CUT_LIST if format_.container == "list" else _CUT_OBJECT
        self.bare_known = (len(text), len(text))
        self.starts = sorted(filter(None, format_.starts), key=len, reverse=True)
        self.ends = sorted(filter(None, format_.ends), key=len, reverse=True)
        self.closers = self.ends  # of the block that is being read: a fence that opens it closes it
        self.plain = False  # whether the block that is being read has no marker
        self.lists = 0
        self.last_value = (-1, Decoded(), 0)
        self.beyond = 0  # values beyond a limit: they take long, and plain text may hold one at each bracket
        self.python = PythonBlocks(self, format_.python) if format_.python else None

    def next_block(self, start: int) -> int:
        """Where the next start marker stands, or JSON that looks like a call."""
        found = self.first_of(self.starts, start)
        return min(found, self._next_bare(start)) if self.bare else found

    def _next_bare(self, start: int) -> int:
        """The next place of JSON in plain text, or of its fence; what was searched is remembered."""
        since, known = self.bare_known
        if self.bare and not since <= start <= known:
            found = self.bare.search(self.text, start) or self.bare_cut.search(
                self.text, max(start, len(self.text) - _TAIL)
            )
            known = found.start() if found else len(self.text)
            fence = _FENCE_BEFORE.search(self.text, max(start, known - _TAIL), known)
            known = fence.start() if fence and known < len(self.text) else known
            self.bare_known = (start, known)
        return known

    def draft_end(self, begin: int, end: int) -> int:
        """Where a drafted block ends: behind its end marker, or its JSON where it needs none."""
        close = self._past_closer(begin)
        if "" not in self.format.ends:
            return close
        if self.beyond > _BEYOND:
            return end
        decoded, stop = self._value(self._body(begin))
        return stop if decoded.whole else min(close, self.next_block(begin + 1), end)

    def cut(self, kind: SegmentKind, end: int) -> None:
        """As everywhere; but the markers of a frame are cut out of the content."""
        for _ in range(self.limits.attempts if kind == "content" else 0):
            begin, stop = self._frame_marker(end)
            if begin >= end:
                break
            super().cut("content", begin)
            super().cut("block", stop)
        super().cut(kind, end)

    def _frame_marker(self, end: int) -> tuple[int, int]:
        """Where the next marker of a frame stands in the content, with the line end inside the frame."""
        places = [
            (self.find(marker, self.position), len(marker), closes)
            for pair in self.format.frames
            for closes, marker in enumerate(pair)
        ]
        begin, length, closes = min(places, default=(end, 0, 0))
        stop = begin + length
        if begin >= end:
            return end, end
        if closes:
            return begin - self.text.endswith("\n", self.position, begin), stop
        return begin, min(stop + self.text.startswith("\n", stop), max(end, stop))

    def _reason(self, begin: int) -> None:
        super()._reason(begin)
        padding = self.format.think_padding
        self.reasoning[-1] = self.reasoning[-1].removeprefix(padding).removesuffix(padding)

    # One block.

    def block(self, begin: int) -> None:
        """A block, from its marker, its fence, or its first bracket on."""
        marker = self._marker(begin)
        declined = self.format.declined
        if declined and marker and self.text.startswith(declined, begin + len(marker)):
            self.cut("content", begin + len(marker) + len(declined))
            return
        inner = self._body(begin)
        self.plain = not marker
        if self.plain and (self._too_much(begin) or self._is_plain(inner)):
            return
        self.closers = [*self.ends, _FENCE] if self.text.startswith(_FENCE, begin) else self.ends
        if marker and self._marker(inner):
            self.refuse("invalid_json", (begin, inner), "another start marker follows")
            self.cut("block", inner)
        elif self.python and not _JSON_CALLS.match(self.text, inner):
            self.python.read_block(begin)
        else:
            self._calls(begin, inner)

    def _marker(self, begin: int) -> str:
        """The start marker that stands here; empty where JSON begins by itself."""
        return next((start for start in self.starts if self.text.startswith(start, begin)), "")

    def _body(self, begin: int) -> int:
        """Where the JSON of a block begins."""
        marker = self._marker(begin)
        if marker:
            return self.past_space(begin + len(marker) - marker.endswith("["))
        fence = _OPEN_FENCE.match(self.text, begin)
        return fence.end() if fence else begin

    def _is_plain(self, inner: int) -> bool:
        """Whether this JSON in plain text is no call; then it is content."""
        first = self.past_space(inner + 1) if self.text.startswith("[", inner) else inner
        decoded, stop = self._value(first)
        plain = decoded.status == "ok" and isinstance(decoded.value, dict)
        if plain and not looks_like_call(decoded.value, self.keys):
            self.cut("content", stop)
            return True
        return False

    def _too_much(self, begin: int) -> bool:
        """Whether so many values were beyond a limit that the rest is recorded as one attempt, and not read."""
        if self.beyond > _BEYOND:
            end = len(self.text)
            self.refuse("limit_exceeded", (begin, end), f"more than {_BEYOND} values beyond a limit")
            self.cut("block", end)
        return self.beyond > _BEYOND

    def _value(self, position: int) -> tuple[Decoded, int]:
        """The JSON value here, and where it ends; the last one is remembered, for it is often asked for twice."""
        if position != self.last_value[0]:
            decoded, stop = read_value(self.text, position, self.limits)
            self.last_value = (position, decoded, stop)
            self.beyond += decoded.status == "limit_exceeded" and not decoded.whole
        return self.last_value[1:]

    def _calls(self, begin: int, inner: int) -> None:
        before = len(self.attempts)
        if self.format.container == "object":
            end = self._objects(inner)
        elif self.text.startswith("[", inner):
            end = self._list(inner)
        else:
            self.flags += ["single_object"] if self.text.startswith("{", inner) else []
            end = self._object(inner)
        self.lists += self.format.container == "list"
        if self.lists == 2 and "several_blocks" not in self.flags:
            self.flags.append("several_blocks")
        if end >= 0:
            self._close(begin, before, end)

    def _objects(self, position: int) -> int:
        """Objects with joints between them; returns where they end, or -1 where they break off the block."""
        while True:
            end = self._object(position)
            position = self._behind_joint(end) if end >= 0 else -1
            if position < 0 or self.exhausted:
                return end

    def _object(self, position: int) -> int:
        """One object; returns where it ends, or -1 where it breaks off the block."""
        decoded, stop = self._value(position)
        if not decoded.whole:
            return self._fault(position, decoded, stop)
        self._item(decoded, (position, stop))
        return stop

    def _behind_joint(self, position: int) -> int:
        """Where the next object of a block begins, or -1."""
        after = self.past_space(position)
        for joint in self.format.joints:
            if self.text.startswith(joint.strip(), after):
                following = self.past_space(after + len(joint.strip()))
                if self.text.startswith("{", following):
                    return following
        return -1

    def _list(self, inner: int) -> int:
        """A list, item by item: its sound calls count as attempts of their own, each fault as another.

        Returns where it ends, or -1 where it breaks off the block.
        """
        position = json_space(self.text, inner + 1)
        if self.text.startswith("]", position):
            return position + 1
        while not self.exhausted:
            decoded, stop = self._value(position)
            if decoded.whole:
                self._item(decoded, (position, stop))
                position = json_space(self.text, stop)
                if self.text.startswith("]", position):
                    return position + 1
                if self.text.startswith(",", position):
                    position = json_space(self.text, position + 1)
                    continue
                decoded, stop = self._list_fault(position), position
            position = self._fault(position, decoded, stop, resume=True)
            if position < 0:
                return -1
        self._stop_counting(position)
        return -1

    def _list_fault(self, position: int) -> Decoded:
        """What is wrong behind an element that neither a comma nor the end of the list follows."""
        if position == len(self.text):
            return Decoded(status="pending", detail="the text ends inside the list", whole=False)
        return Decoded(status="invalid_json", detail="a comma or ']' is missing in the list", whole=False)

    def _item(self, decoded: Decoded, span: tuple[int, int]) -> None:
        """A value that was read to its end."""
        if decoded.status != "ok":
            self.refuse(_status(decoded), span, decoded.detail)
            return
        flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
        raw = self.text[span[0] : span[1]]
        self.counted += 1
        self.attempts.append(call_attempt(decoded.value, raw, span, keys=self.keys, flags=flags))

    # The end of a block.

    def _close(self, begin: int, before: int, position: int) -> None:
        """An end marker may follow, or must. Where it is missing or cut, no call of the block is whole."""
        after = self.past_space(position)
        closer = next((end for end in self.closers if self.text.startswith(end, after)), "")
        rest = self.text[after : after + max(map(len, self.closers), default=0) + 1]
        begun = any(end.startswith(rest) for end in self.closers)
        if closer:
            self.cut("block", after + len(closer))
        elif "" in self.format.ends and not (rest and begun):
            self._end_at_value(position)
        elif begun or self.next_block(after) == after:
            self._unclosed(begin, before, after if self.next_block(after) == after else len(self.text))
        else:
            self._fault(after, Decoded(status="invalid_json", detail="text after the calls"), after)

    def _end_at_value(self, position: int) -> None:
        """Nothing but the JSON ends the block; a bracket too many, or JSON in no block of its own, is a fault."""
        self.cut("block", position)
        after = self.past_space(position)
        stray = _STRAY.match(self.text, after)
        if stray is None or self.next_block(after) == after:
            return
        stop = stray.end()
        if stop == after:
            decoded, stop = self._value(after)
            stop = stop if decoded.whole else after + 1
        self.refuse("invalid_json", (after, stop), "text after the calls")
        self.cut("block", stop)

    def _unclosed(self, begin: int, before: int, end: int) -> None:
        """Whole values without the end marker that they need."""
        status: Status = "truncated" if self.cut_off and end == len(self.text) else "unclosed"
        if len(self.attempts) == before:
            self.refuse(status, (begin, end), UNCLOSED)
        for index in range(before, len(self.attempts)):
            attempt: Attempt = self.attempts[index]
            if attempt.status == "ok":
                self.attempts[index] = replace(attempt, status=status, call=None, detail=UNCLOSED)
        self.cut("block", end)

    def _stop_counting(self, position: int) -> None:
        """Too many calls in one block: the rest of it is not read."""
        end = self._block_end(position)
        self.refuse("limit_exceeded", (position, end), f"more than {self.limits.attempts} attempts")
        self.cut("block", end)

    def _past_closer(self, position: int) -> int:
        """Behind the next end marker, or the end of the text."""
        places = [self.find(closer, position) + len(closer) for closer in self.closers]
        return min([*places, len(self.text)])

    def _block_end(self, position: int) -> int:
        """Where a broken block ends: behind its end marker, or before the next block."""
        return min(self.next_block(position), self._past_closer(position))

    def _fault(self, position: int, decoded: Decoded, stop: int, *, resume: bool = False) -> int:
        """Record a fault from `position` on, which ends the block: -1.

        With `resume` it returns the position of the next item of a list that may be sound, where there is one.
        """
        pending = decoded.status == "pending"
        whole_text = self.cut_off or self.first_of(self.closers, position) == len(self.text)
        truncated = pending and whole_text
        end = len(self.text) if truncated else self._block_end(max(position + self.plain, stop))
        closer = next((closer for closer in self.closers if self.text.endswith(closer, 0, end)), "")
        inner_end = max(end - len(closer), position)
        following = None
        if resume and not pending:
            following = _NEXT_ITEM.search(self.text, max(stop, position), inner_end)
        to = following.start() if following else inner_end
        self.refuse("truncated" if truncated else _status(decoded), (position, to), decoded.detail)
        if following:
            return following.end()
        self.cut("block", end)
        return -1


class PythonBlocks(CallsReading):
    """Blocks in Python's syntax, read for a reading of JSON."""

    def __init__(self, reading: JsonReading, format_: PythonCalls) -> None:
        names = names_of(None, free=False)
        super().__init__(format_, reading.text, reading.limits, reading.context, names)
        self.reading = reading
        self.segments, self.attempts, self.flags = reading.segments, reading.attempts, reading.flags

    def read_block(self, begin: int) -> None:
        """One block; its attempts and its text are those of the reading."""
        self.position, self.counted = begin, self.reading.counted
        self._block(begin)
        self.reading.position, self.reading.counted = self.position, self.counted


@lru_cache
def bare_pattern(keys: CallKeys, container: str) -> re.Pattern[str]:
    """How JSON begins that is meant as a call and stands in plain text."""
    names = "|".join(map(re.escape, first_keys(keys)))
    opening = r"\[\s*+\{" if container == "list" else r"\{"
    return re.compile(rf"{opening}\s*+[\"']?(?:{names})[\"']?\s*+:")


def _status(decoded: Decoded) -> Status:
    return "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"
