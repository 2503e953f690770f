"""What text formats have in common: reasoning, then content and blocks of calls, in one pass that loses no text.

An engine says where the next block begins and reads one; everything around blocks happens here, the same in all formats.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from toolverify.calls import Attempt, Context, Reply, Segment, SegmentKind, Status, ToolCall
from toolverify.formats.engines.items import reply_of
from toolverify.limits import Limits

_SPACE = re.compile(r"\s*+")
UNCLOSED = "the end marker is missing"


class FrameReading(ABC):
    """One pass over one text. Mutable, and gone when the Reply is made.

    Args:
        text: What the model wrote.
        limits: The profile's limits.
        context: What else is known of it.
        think: The markers before and after reasoning; empty texts where the format has none.
    """

    def __init__(self, text: str, limits: Limits, context: Context, think: tuple[str, str]) -> None:
        self.text, self.limits, self.context = text, limits, context
        self.think_start, self.think_end = think
        self.position = 0
        self.blocks = 0
        self.pieces = 0  # thoughts and blocks, which may be empty and still take time
        self.counted = 0
        self.reasoning: list[str] = []
        self.segments: list[Segment] = []
        self.attempts: list[Attempt] = []
        self.flags: list[str] = []
        self._next: dict[str, tuple[int, int]] = {}

    # What an engine says.

    @abstractmethod
    def next_block(self, start: int) -> int:
        """Where the next block begins, at or after `start`; the length of the text where there is none."""

    @abstractmethod
    def block(self, begin: int) -> None:
        """Read the block that begins here: record its attempts, and `cut` behind it."""

    @abstractmethod
    def draft_end(self, begin: int, end: int) -> int:
        """Where a block that is drafted inside reasoning ends, at most at `end`."""

    # What an engine uses.

    def reply(self) -> Reply:
        """Read to the end."""
        self._leading_reasoning()
        self._read_on()
        return reply_of(self.reasoning, self.segments, self.attempts, self.flags)

    def find(self, marker: str, start: int) -> int:
        """The next place of a marker, or the length of the text.

        What was searched is remembered, so that all searches together are little more than one pass.
        """
        end = len(self.text)
        if not marker:
            return end
        since, known = self._next.get(marker, (end, end))
        if since <= start <= known:
            return known
        stop = end if start > known else min(end, since + len(marker) - 1)
        found = self.text.find(marker, start, stop)
        if found < 0:
            found = known if start < since else end
        self._next[marker] = (start, found)
        return found

    def first_of(self, markers: Sequence[str], start: int) -> int:
        """The next place of any of several markers."""
        return min([self.find(marker, start) for marker in markers], default=len(self.text))

    def past_space(self, position: int) -> int:
        """The next place that is no white space."""
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]  # it matches the empty text too

    def cut(self, kind: SegmentKind, end: int) -> None:
        """The text up to `end` is a segment of this kind; reading goes on behind it."""
        if end > self.position:
            self.segments.append(Segment(kind, self.text[self.position : end]))
        self.position = max(end, self.position)

    def accept(
        self,
        call: ToolCall,
        span: tuple[int, int],
        flags: tuple[str, ...] = (),
        wire: Mapping[str, Any] | None = None,
    ) -> None:
        """Record a whole call, and its arguments as the text has them where it has no types; a long one counts as none."""
        if span[1] - span[0] > self.limits.call:
            self.refuse("limit_exceeded", span, f"a call of over {self.limits.call} characters", call.name)
            return
        self.counted += 1
        self.attempts.append(
            Attempt("ok", self.text[span[0] : span[1]], span, call, call.name, flags, wire=wire)
        )

    def refuse(self, status: Status, span: tuple[int, int], detail: str, name: str | None = None) -> None:
        """Record an attempt that is no whole call."""
        self.counted += status != "in_reasoning"
        raw = self.text[span[0] : span[1]]
        self.attempts.append(Attempt(status, raw, span, name=name, detail=detail))

    @property
    def exhausted(self) -> bool:
        """Whether no further attempt may be read."""
        return self.counted >= self.limits.attempts

    @property
    def cut_off(self) -> bool:
        """Whether the trainer says that the completion was cut off."""
        return self.context.finish_reason == "length"

    # Reasoning and content.

    def _leading_reasoning(self) -> None:
        """Reasoning whose start marker is not in the text: the prompt held it, or the model left it out."""
        text, opening = self.text, self.think_start
        if not self.think_end:
            return
        if self.context.reasoning_open:
            opened = self.past_space(0)
            self._reason(opened + len(opening) if opening and text.startswith(opening, opened) else 0)
        elif not opening or not text.startswith(opening):
            closed = self.find(self.think_end, 0)
            if closed < len(text) and min(self.find(opening, 0), self.next_block(0)) > closed:
                self.flags.append("reasoning_not_opened")
                self._reason(0)

    def _reason(self, begin: int) -> None:
        """Reasoning from `begin` up to the first end marker, or to the end of the text."""
        close = self.find(self.think_end, begin)
        if close == len(self.text):
            self.flags.append("reasoning_unclosed")
        self.reasoning.append(self.text[begin:close])
        self._record_drafts(begin, close)
        self.cut("reasoning", min(close + len(self.think_end), len(self.text)))

    def _record_drafts(self, begin: int, end: int) -> None:
        """Calls drafted inside reasoning are recorded, up to the limit, and count for nothing."""
        for _ in range(self.limits.attempts):
            begin = self.next_block(begin)
            if begin >= end:
                break
            stop = min(max(self.draft_end(begin, end), begin + 1), end)
            self.refuse("in_reasoning", (begin, stop), "a call inside the reasoning does not count")
            begin = stop

    def _read_on(self) -> None:
        """Content, reasoning and blocks, up to the end of the text."""
        end = len(self.text)
        while self.position < end:
            thought, block = self.find(self.think_start, self.position), self.next_block(self.position)
            self.cut("content", min(thought, block))
            if self.position == end:
                return
            self.pieces += 1
            if self.exhausted or self.pieces > 2 * self.limits.attempts:
                self._give_up()
            elif thought < block:
                self._reason(thought + len(self.think_start))
            else:
                self._read_block(block)

    def _read_block(self, begin: int) -> None:
        self.blocks += 1
        self.block(begin)
        if self.position <= begin:  # an engine that reads nothing would be asked for ever
            raise AssertionError(f"{type(self).__name__} has not moved on at {begin}")

    def _give_up(self) -> None:
        """Too many attempts: the rest is recorded as one, and not read."""
        detail = f"more than {self.limits.attempts} attempts; the rest is not read"
        self.refuse("limit_exceeded", (self.position, len(self.text)), detail)
        self.cut("block", len(self.text))
