"""The long way of `JsonBlocks`: reads any text, and says of every attempt what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from toolverify.calls import Attempt, Context, Reply, Segment, SegmentKind, Status
from toolverify.formats.engines.items import as_attempt, reply_of
from toolverify.formats.engines.json_value import Decoded, decode, json_space, read_value, value_end
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.json_blocks import JsonBlocks

_NEXT_ITEM = re.compile(r",\s*(?=\{)")
_SPACE = re.compile(r"\s*")  # around JSON any white space will do; inside it only JSON's own


class Reading:
    """One pass over one text. Mutable, and gone when the Reply is made."""

    def __init__(self, format_: JsonBlocks, text: str, limits: Limits, context: Context) -> None:
        self.format = format_
        self.text = text
        self.limits = limits
        self.context = context
        self.position = 0
        self.blocks = 0
        self.reasoning: list[str] = []
        self.segments: list[Segment] = []
        self.attempts: list[Attempt] = []
        self.flags: list[str] = []
        self.counted = 0
        self.pieces = 0  # thoughts and blocks, which may be empty and still take time
        self._next: dict[str, tuple[int, int]] = {}

    def reply(self) -> Reply:
        """Read to the end."""
        self._leading_reasoning()
        self._read_on()
        if self.blocks > 1 and self.format.container == "list":
            self.flags.append("several_blocks")
        return reply_of(self.reasoning, self.segments, self.attempts, self.flags)

    def _find(self, marker: str, start: int) -> int:
        """The next place of a marker at or after `start`, or the length of the text.

        What was searched is remembered, so that all searches together are little more than one pass.
        """
        end = len(self.text)
        since, known = self._next.get(marker, (end, end))
        if since <= start <= known:
            return known
        stop = end if start > known else min(end, since + len(marker) - 1)
        found = self.text.find(marker, start, stop)
        if found < 0:
            found = known if start < since else end
        self._next[marker] = (start, found)
        return found

    def _cut(self, kind: SegmentKind, end: int) -> None:
        """The text up to `end` is a segment of this kind; reading goes on behind it."""
        if end > self.position:
            self.segments.append(Segment(kind, self.text[self.position : end]))
        self.position = end

    def _leading_reasoning(self) -> None:
        """Reasoning whose start marker is not in the text: the prompt held it, or the model left it out."""
        text, opening = self.text, self.format.think_start
        if self.context.reasoning_open:
            opened = self._past_space(0)
            self._reason(opened + len(opening) if text.startswith(opening, opened) else 0)
        elif not text.startswith(opening):
            closed = text.find(self.format.think_end)
            if (
                closed >= 0
                and text.find(opening, 0, closed) < 0
                and text.find(self.format.start, 0, closed) < 0
            ):
                self.flags.append("reasoning_not_opened")
                self._reason(0)

    def _read_on(self) -> None:
        """Content, reasoning and blocks, up to the end of the text."""
        text, end = self.text, len(self.text)
        opening, start = self.format.think_start, self.format.start
        thought = block = -1
        while self.position < end:
            if thought < self.position:
                thought = text.find(opening, self.position)
                thought = end if thought < 0 else thought
            if block < self.position:
                block = text.find(start, self.position)
                block = end if block < 0 else block
            self._cut("content", min(thought, block))
            if self.position == end:
                return
            self.pieces += 1
            if self.counted >= self.limits.attempts or self.pieces > 2 * self.limits.attempts:
                self._give_up()
            elif thought < block:
                self._reason(thought + len(opening))
            else:
                self._block(block)

    def _give_up(self) -> None:
        """Too many attempts: the rest is recorded as one, and not read."""
        detail = f"more than {self.limits.attempts} attempts; the rest is not read"
        self._attempt("limit_exceeded", self.position, len(self.text), detail)
        self._cut("block", len(self.text))

    def _attempt(self, status: Status, begin: int, end: int, detail: str, name: str | None = None) -> None:
        self.counted += status != "in_reasoning"
        self.attempts.append(Attempt(status, self.text[begin:end], (begin, end), name=name, detail=detail))

    def _reason(self, begin: int) -> None:
        """Reasoning from `begin` up to the first end marker, or to the end of the text."""
        close = self.text.find(self.format.think_end, begin)
        if close < 0:
            close = len(self.text)
            self.flags.append("reasoning_unclosed")
        self.reasoning.append(self.text[begin:close])
        self._record_drafts(begin, close)
        self._cut("reasoning", min(close + len(self.format.think_end), len(self.text)))

    def _record_drafts(self, begin: int, end: int) -> None:
        """Calls drafted inside reasoning are recorded, up to the limit, and count for nothing."""
        start, close = self.format.start, self.format.end
        for _ in range(self.limits.attempts):
            begin = self.text.find(start, begin, end)
            if begin < 0:
                break
            stop = self.text.find(close, begin, end)
            stop = end if stop < 0 else stop + len(close)
            self._attempt("in_reasoning", begin, stop, "a call inside the reasoning does not count")
            begin = stop

    def _block(self, begin: int) -> None:
        """One block, from its start marker on."""
        self.blocks += 1
        body = begin + len(self.format.start)
        close = self._find(self.format.end, body)
        if close < len(self.text) and close - body <= self.limits.call:
            inner = self.text[body:close]
            decoded = decode(inner.strip(), self.limits)
            if decoded.status == "ok":
                lead = body + len(inner) - len(inner.lstrip())
                self._accept(
                    decoded, (begin, close + len(self.format.end)), (lead, body + len(inner.rstrip()))
                )
                return
        self._careful_block(begin, body)

    def _accept(self, decoded: Decoded, block: tuple[int, int], inner: tuple[int, int]) -> None:
        """A block whose text is one JSON value."""
        flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
        if self.format.container == "list" and isinstance(decoded.value, list):
            self._accept_list(decoded.value, inner, flags)
        elif self.format.container == "list" and isinstance(decoded.value, dict):
            self.flags.append("single_object")
            self._item(decoded.value, inner, inner, flags)
        elif self.format.container == "object" and isinstance(decoded.value, list):
            detail = "a list of calls, where each call has a block of its own"
            self._attempt("wrong_dialect", *block, detail)
        else:
            self._item(decoded.value, block, inner, flags)
        self._cut("block", block[1])

    def _item(self, value: Any, span: tuple[int, int], text: tuple[int, int], flags: tuple[str, ...]) -> None:
        """One call at `span`, whose JSON stands at `text`."""
        if text[1] - text[0] > self.limits.call:
            self._attempt("limit_exceeded", *span, f"a call of over {self.limits.call} characters")
            return
        raw, key = self.text[span[0] : span[1]], self.format.arguments_key
        self.counted += 1
        self.attempts.append(as_attempt(value, raw, span, arguments_key=key, flags=flags))

    def _accept_list(self, values: list[Any], inner: tuple[int, int], flags: tuple[str, ...]) -> None:
        if len(values) == 1:
            span = (inner[0] + 1, inner[1] - 1)
            self._item(values[0], span, span, flags)
            return
        position = inner[0] + 1
        for index, value in enumerate(values):
            if self.counted >= self.limits.attempts:
                self._attempt(
                    "limit_exceeded", position, inner[1], f"more than {self.limits.attempts} attempts"
                )
                return
            begin, end = self._value_span(position)
            self._item(value, (begin, end), (begin, end), flags)
            position = self._past_space(end) + 1 if index < len(values) - 1 else end

    def _value_span(self, position: int) -> tuple[int, int]:
        """Where the value at `position` stands, in a text that is known to be sound there."""
        begin = self._past_space(position)
        return begin, value_end(self.text, begin)

    def _past_space(self, position: int) -> int:
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]  # it matches the empty text too

    def _careful_block(self, begin: int, body: int) -> None:
        """A block that the first end marker does not close neatly: read the JSON to find its own end."""
        inner = self._past_space(body)
        if self.format.container == "list" and self.text.startswith("[", inner):
            self._walk_list(begin, inner)
            return
        decoded, stop = read_value(self.text, inner, self.limits)
        after = self._past_space(stop)
        if not decoded.whole:
            self._end_block(self._fault(begin, decoded, stop))
        elif self.text.startswith(self.format.end, after):
            self._accept_object(decoded, begin, (inner, stop))
            self._end_block(after + len(self.format.end))
        elif self._stops_without_end(after):
            self._unclosed(begin, after, decoded)
        else:
            junk = Decoded(status="invalid_json", detail="text after the JSON value")
            self._end_block(self._fault(begin, junk, stop))

    def _accept_object(self, decoded: Decoded, begin: int, text: tuple[int, int]) -> None:
        """The one value of a block; in a format of lists it stands for a list of one."""
        if decoded.status != "ok":
            self._attempt(_status(decoded), *text, decoded.detail)
        else:
            self._accept(decoded, (begin, text[1] + len(self.format.end)), text)

    def _end_block(self, end: int) -> None:
        self._cut("block", end)

    def _stops_without_end(self, after: int) -> bool:
        """Whether the text ends at `after`, perhaps inside the end marker, or another block begins there."""
        rest = self.text[after : after + len(self.format.end) + 1]
        return self.format.end.startswith(rest) or self.text.startswith(self.format.start, after)

    def _unclosed(self, begin: int, after: int, decoded: Decoded) -> None:
        """A whole value without an end marker."""
        end = after if self.text.startswith(self.format.start, after) else len(self.text)
        name = decoded.value.get("name") if isinstance(decoded.value, dict) else None
        self._attempt(
            self._unclosed_status(end), begin, end, _UNCLOSED, name if isinstance(name, str) else None
        )
        self._end_block(end)

    def _unclosed_status(self, end: int) -> Status:
        cut_off = self.context.finish_reason == "length" and end == len(self.text)
        return "truncated" if cut_off else "unclosed"

    def _walk_list(self, begin: int, inner: int) -> None:
        """A list, item by item: its sound calls count as attempts of their own, each fault as another."""
        before = len(self.attempts)
        position = json_space(self.text, inner + 1)
        closed = self.text.startswith("]", position)
        while not closed:
            if self.counted >= self.limits.attempts:
                self._stop_counting(position)
                return
            decoded, stop = read_value(self.text, position, self.limits)
            if decoded.whole:
                self._list_item(decoded, (position, stop))
                position = json_space(self.text, stop)
                closed = self.text.startswith("]", position)
                if self.text.startswith(",", position):
                    position = json_space(self.text, position + 1)
                    continue
                decoded, stop = self._list_fault(position), position
            if not closed:
                end = self._fault(position, decoded, stop, resume=True)
                if end < 0:
                    return
                position = end
        self._close_list(begin, before, position + 1)

    def _stop_counting(self, position: int) -> None:
        """Too many calls in one list: the rest of its block is not read."""
        end = self._block_end(position)
        self._attempt("limit_exceeded", position, end, f"more than {self.limits.attempts} attempts")
        self._end_block(end)

    def _list_item(self, decoded: Decoded, span: tuple[int, int]) -> None:
        if decoded.status == "ok":
            self._item(decoded.value, span, span, ("duplicate_keys",) if decoded.duplicate_keys else ())
        else:
            self._attempt(_status(decoded), *span, decoded.detail)

    def _list_fault(self, position: int) -> Decoded:
        """What is wrong behind an element that neither a comma nor the end of the list follows."""
        if position == len(self.text):
            return Decoded(status="pending", detail="the text ends inside the list")
        return Decoded(status="invalid_json", detail="a comma or ']' is missing in the list")

    def _close_list(self, begin: int, before: int, position: int) -> None:
        """The end marker should follow. Where it is missing, no call of the block is whole."""
        after = self._past_space(position)
        if self.text.startswith(self.format.end, after):
            self._end_block(after + len(self.format.end))
        elif self._stops_without_end(after):
            end = after if self.text.startswith(self.format.start, after) else len(self.text)
            items = self.attempts[before:] or [Attempt("unclosed", "", (begin, end))]
            del self.attempts[before:]
            for item in items:
                self._attempt(self._unclosed_status(end), *(item.span or (begin, end)), _UNCLOSED, item.name)
            self._end_block(end)
        else:
            self._end_block(
                self._fault(after, Decoded(status="invalid_json", detail="text after the list"), after)
            )

    def _block_end(self, position: int) -> int:
        """Where a broken block ends: behind its end marker, or before the next start marker."""
        close, following = self._find(self.format.end, position), self._find(self.format.start, position)
        return min(following, close + len(self.format.end), len(self.text))

    def _fault(self, position: int, decoded: Decoded, stop: int, *, resume: bool = False) -> int:
        """Record a fault from `position` on, and return where its block ends.

        With `resume` it returns the position of the next item of a list that may be sound; where there is none, it
        ends the block and returns -1.
        """
        pending = decoded.status == "pending"
        cut_off = self.context.finish_reason == "length" or self._find(self.format.end, position) == len(
            self.text
        )
        truncated = pending and cut_off
        end = len(self.text) if truncated else self._block_end(max(position, stop))
        inner_end = end - len(self.format.end) if self.text.endswith(self.format.end, 0, end) else end
        following = (
            _NEXT_ITEM.search(self.text, max(stop, position), inner_end) if resume and not pending else None
        )
        to = following.start() if following else inner_end if resume else end
        self._attempt(
            "truncated" if truncated else _status(decoded), position, max(to, position), decoded.detail
        )
        if not resume:
            return end
        if following:
            return following.end()
        self._end_block(end)
        return -1


_UNCLOSED = "the end marker is missing"


def _status(decoded: Decoded) -> Status:
    return "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"
