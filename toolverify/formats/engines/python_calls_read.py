"""Reading of `PythonCalls`: any text, and of every attempt what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from toolverify.calls import Attempt, Context, Reply, Segment, SegmentKind, Status, ToolCall
from toolverify.formats.engines.items import reply_of
from toolverify.formats.engines.python_calls_names import FREE_LIST, Names, cut_opening
from toolverify.formats.engines.python_expressions import ExpressionParser
from toolverify.formats.engines.python_literals import NotLiteral, literal_value, repeats_key
from toolverify.formats.engines.python_tree import Argument, Fault
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.python_calls import PythonCalls

_SPACE = re.compile(r"\s*+")
_STATUSES: dict[str, Status] = {
    "invalid": "invalid_json",
    "pending": "truncated",
    "limit_exceeded": "limit_exceeded",
}
_UNCLOSED = "the end marker is missing"
_DEAR = 1_000  # characters that a text beyond a limit counts for besides its own: it took longest to be read


class CallsReading:
    """One pass over one text. Mutable, and gone when the Reply is made."""

    def __init__(
        self, format_: PythonCalls, text: str, limits: Limits, context: Context, names: Names
    ) -> None:
        self.format = format_
        self.text = text
        self.limits = limits
        self.context = context
        self.names = names
        self.marked = bool(format_.start) and (format_.markers == "required" or format_.start in text)
        self.brackets = "(" in text  # without one there is no call to look for
        self.cut = len(text) if self.marked else cut_opening(text)
        self.position = 0
        self.blocks = 0
        self.pieces = 0  # thoughts and blocks, which may be empty and still take time
        self.counted = 0
        self.wasted = 0  # characters of calls that could not be read: they may be read again
        self.reasoning: list[str] = []
        self.segments: list[Segment] = []
        self.attempts: list[Attempt] = []
        self.flags: list[str] = []
        self._next: dict[re.Pattern[str], tuple[int, re.Match[str] | None]] = {}

    def reply(self) -> Reply:
        """Read to the end."""
        self._leading_reasoning()
        self._read_on()
        if self.blocks > 1:
            self.flags.append("several_blocks")
        return reply_of(self.reasoning, self.segments, self.attempts, self.flags)

    def _cut(self, kind: SegmentKind, end: int) -> None:
        """The text up to `end` is a segment of this kind; reading goes on behind it."""
        if end > self.position:
            self.segments.append(Segment(kind, self.text[self.position : end]))
        self.position = max(end, self.position)

    def _past_space(self, position: int) -> int:
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]  # it matches the empty text too

    def _search(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        """The next match at or after `start`; what was searched is remembered, so all searches are one pass."""
        since, known = self._next.get(pattern, (len(self.text) + 1, None))
        if since > start or (known is not None and known.start() < start):
            known = pattern.search(self.text, start)
            self._next[pattern] = (start, known)
        return known

    def _find(self, marker: str, start: int) -> int:
        """The next place of a marker, or the length of the text."""
        found = self._search(re.compile(re.escape(marker)), start) if marker else None
        return found.start() if found else len(self.text)

    def _next_block(self, start: int) -> int:
        """Where the next block begins, or the length of the text."""
        if self.marked:
            return self._find(self.format.start, start)
        if (
            self.format.brackets != "required"
            and not self.blocks
            and self._begins_with(self.names.call, start)
        ):
            return self._past_space(start)
        if self.format.free_names and self._begins_with(FREE_LIST, start):
            return self._past_space(start)
        found = self._search(self.names.opening, start) if self.brackets else None
        begin = found.start() if found else len(self.text)
        if found and self.text.startswith("[", begin - 1, begin) and begin > start:
            begin -= 1  # a list in a list, which is none of calls
        return min(begin, self.cut) if start <= self.cut else begin

    def _begins_with(self, pattern: re.Pattern[str], start: int) -> bool:
        """Whether what is left of the text begins so, and nothing but reasoning stands before it."""
        whole = not any(segment.kind != "reasoning" and segment.text.strip() for segment in self.segments)
        return whole and pattern.match(self.text, self._past_space(start)) is not None

    def _leading_reasoning(self) -> None:
        """Reasoning whose start marker is not in the text: the prompt held it, or the model left it out."""
        text, opening = self.text, self.format.think_start
        if not opening:
            return
        if self.context.reasoning_open:
            opened = self._past_space(0)
            self._reason(opened + len(opening) if text.startswith(opening, opened) else 0)
        elif not text.startswith(opening):
            closed = self._find(self.format.think_end, 0)
            if closed < len(text) and min(self._find(opening, 0), self._next_block(0)) > closed:
                self.flags.append("reasoning_not_opened")
                self._reason(0)

    def _reason(self, begin: int) -> None:
        """Reasoning from `begin` up to the first end marker, or to the end of the text."""
        close = self._find(self.format.think_end, begin)
        if close == len(self.text):
            self.flags.append("reasoning_unclosed")
        self.reasoning.append(self.text[begin:close])
        self._record_drafts(begin, close)
        self._cut("reasoning", min(close + len(self.format.think_end), len(self.text)))

    def _record_drafts(self, begin: int, end: int) -> None:
        """Calls drafted inside reasoning are recorded, up to the limit, and count for nothing."""
        pattern = re.compile(re.escape(self.format.start)) if self.format.start else self.names.opening
        for _ in range(self.limits.attempts):
            found = pattern.search(self.text, begin, end)
            if found is None:
                break
            close = self.text.find(self.format.end or "]", found.end(), end)
            begin = end if close < 0 else close + len(self.format.end or "]")
            self._attempt(
                "in_reasoning", (found.start(), begin), "a call inside the reasoning does not count"
            )

    def _read_on(self) -> None:
        """Content, reasoning and blocks, up to the end of the text."""
        end = len(self.text)
        while self.position < end:
            thought = self._find(self.format.think_start, self.position)
            block = self._next_block(self.position)
            self._cut("content", min(thought, block))
            if self.position == end:
                return
            self.pieces += 1
            if self.pieces > 2 * self.limits.attempts or self._exhausted():
                self._give_up(self.position)
            elif thought < block:
                self._reason(thought + len(self.format.think_start))
            else:
                self._block(block)

    def _exhausted(self) -> bool:
        return self.counted >= self.limits.attempts or self.wasted > self.limits.call // 4

    def _give_up(self, position: int) -> None:
        """Too many attempts, or too much broken text: the rest is recorded as one attempt, and not read."""
        detail = f"more than {self.limits.attempts} attempts; the rest is not read"
        if self.counted < self.limits.attempts and self.wasted > self.limits.call // 4:
            detail = f"broken calls of over {self.limits.call // 4} characters; the rest is not read"
        self._attempt("limit_exceeded", (position, len(self.text)), detail)
        self._cut("block", len(self.text))

    def _attempt(self, status: Status, span: tuple[int, int], detail: str, name: str | None = None) -> None:
        self.counted += status != "in_reasoning"
        raw = self.text[span[0] : span[1]]
        self.attempts.append(Attempt(status, raw, span, name=name, detail=detail))

    def _block(self, begin: int) -> None:
        """One block, from its start marker, its bracket, or its first call on."""
        self.blocks += 1
        before = len(self.attempts)
        position = self._past_space(begin + len(self.format.start) if self.marked else begin)
        listed = self.format.brackets != "none" and self.text.startswith("[", position)
        if self.marked and position == len(self.text):
            self._attempt("truncated", (begin, position), "the text ends before a call")
            self._cut("block", position)
        elif self.format.brackets == "required" and not listed:
            self._fault(position, Fault("invalid", "a list of calls is due", position), "wrong_dialect")
        elif listed:
            self._list(position + 1, before)
        else:
            self._lines(position, before)

    def _list(self, position: int, before: int) -> None:
        """Calls with commas between them, up to the closing bracket."""
        position = self._past_space(position)
        while not self.text.startswith("]", position):
            if self._exhausted():
                self._give_up(position)
                return
            position = self._call(position)
            if position < 0:
                return
            position = self._past_space(position)
            if position >= len(self.text):
                self._end_of_text(before)
                return
            if not self.text.startswith((",", "]"), position):
                position = self._fault(position, Fault("invalid", "a comma or ']' is missing", position))
                if position < 0:
                    return
            if self.text.startswith(",", position):
                position = self._past_space(position + 1)
        self._close(position + 1, before)

    def _lines(self, position: int, before: int) -> None:
        """Calls with line ends, commas or semicolons between them, up to the end marker, or as long as calls follow."""
        while True:
            if self._exhausted():
                self._give_up(position)
                return
            if self.names.call.match(self.text, position):
                position = self._call(position)
            elif self._at_end(position):
                self._close(position, before)
                return
            else:
                position = self._fault(position, Fault("invalid", "text that is no call", position))
            if position < 0:
                return
            following = _SEPARATOR.match(self.text, position)
            position = following.end() if following else position

    def _at_end(self, position: int) -> bool:
        after = self._past_space(position)
        rest = self.text[after : after + len(self.format.end) + 1]
        ends = (self.format.start, self.format.end)
        return not self.marked or self.format.end.startswith(rest) or self.text.startswith(ends, after)

    def _call(self, position: int) -> int:
        """One element of a block; returns where reading goes on, or -1 where the block ends."""
        found = self.names.call.match(self.text, position)
        name = found[1] if found else None
        try:
            parser = ExpressionParser(self.text, position if found is None else found.end() - 1, self.limits)
            if found is None:
                parser.element()
                return self._no_call((position, parser.ended))
            arguments = parser.call_arguments()
        except Fault as fault:
            return self._fault(position, fault, name=name)
        self._judge(found[1], arguments, (position, parser.position))
        return parser.position

    def _no_call(self, span: tuple[int, int]) -> int:
        """An element of a list that is something else than a call of a name."""
        if span[1] == len(self.text):
            self._attempt("truncated", span, "the text ends before a call")
            self._cut("block", span[1])
            return -1
        if self.text.startswith("(", span[0]):
            self._attempt("missing_name", span, "a call without a name")
        else:
            self._attempt("wrong_dialect", span, "an element that is no call")
        return span[1]

    def _judge(self, name: str, arguments: tuple[Argument, ...], span: tuple[int, int]) -> None:
        """A call that was read whole: its arguments are values, or it is none."""
        try:
            values = self._values(arguments)
        except NotLiteral as refusal:
            by_position = str(refusal) == _BY_POSITION
            self._attempt("non_object_args" if by_position else "invalid_json", span, str(refusal), name)
            return
        raw = self.text[span[0] : span[1]]
        named = [argument for argument in arguments if argument.name is not None]
        repeated = len(values) < len(named) or any(repeats_key(argument.value) for argument in named)
        flags = ("duplicate_keys",) if repeated else ()
        self.counted += 1
        self.attempts.append(Attempt("ok", raw, span, ToolCall(name, values), name, flags))

    def _values(self, arguments: tuple[Argument, ...]) -> dict[str, Any]:
        values = {}
        for argument in arguments:
            if argument.stars:
                raise NotLiteral("unpacked arguments are no literals")
            if argument.name is not None:
                values[argument.name] = literal_value(
                    argument.value, json_words=self.format.json_words, resolve=self.format.resolve
                )
            elif self.format.positional == "refuse":
                raise NotLiteral(_BY_POSITION)
        return values

    def _fault(self, position: int, fault: Fault, status: Status = "ok", *, name: str | None = None) -> int:
        """Record what cannot be read, up to what parts it from the next call of its block, which is returned.

        Where no call follows, the block ends, and -1 is returned.
        """
        dear = _DEAR if fault.status == "limit_exceeded" else 1
        self.wasted += max(fault.position - position, 0) + dear
        status = _STATUSES[fault.status] if status == "ok" else status
        end = self._block_end(fault.position)
        between = self.names.line if self.format.brackets == "none" else self.names.comma
        following = None if fault.status == "pending" else self._search(between, fault.position)
        if following and following.start() < end:
            self._attempt(status, (position, following.start()), fault.detail, name)
            return following.start()
        self._end_broken(position, end, status, fault.detail, name)
        return -1

    def _end_broken(self, position: int, end: int, status: Status, detail: str, name: str | None) -> None:
        """Record the rest of a block that cannot be read."""
        closed = self.marked and self.format.end and self.text.endswith(self.format.end, 0, end)
        inner = end - len(self.format.end) if closed else end
        self._attempt(status, (position, max(inner, position)), detail, name)
        self._cut("block", end)

    def _block_end(self, position: int) -> int:
        """Where a broken block ends: behind its end marker, or before the next block."""
        if self.marked and self.format.end:
            close = self._find(self.format.end, position)
            return min(close + len(self.format.end), self._find(self.format.start, position), len(self.text))
        if self.marked:
            return self._find(self.format.start, position)
        found = self._search(self.names.opening, position)
        return found.start() if found else len(self.text)

    def _end_of_text(self, before: int) -> None:
        """The text ends before the list does: its last call is not closed."""
        last = self.attempts[-1]
        if len(self.attempts) > before and last.status == "ok" and self.text.rstrip().endswith(last.raw):
            status = self._unclosed_status(len(self.text))
            self.attempts[-1] = replace(last, status=status, call=None, detail="the list is not closed")
        else:
            end = len(self.text)
            self._attempt("truncated", (end, end), "the text ends inside the list")
        self._cut("block", len(self.text))

    def _close(self, position: int, before: int) -> None:
        """The end marker should follow. Where it is missing, no call of the block is whole."""
        after = self._past_space(position)
        rest = self.text[after : after + len(self.format.end) + 1]
        cut = self.format.end.startswith(rest)  # perhaps inside the marker
        if not (self.marked and self.format.end):
            self._cut("block", position)
        elif rest.startswith(self.format.end):
            self._cut("block", after + len(self.format.end))
        elif self.format.markers == "optional" and not (cut and rest):
            self._cut("block", position)
        elif cut or self.text.startswith(self.format.start, after):
            self._unclosed(before, len(self.text) if cut else after)
        else:
            self._end_broken(after, self._block_end(after), "invalid_json", "text after the calls", None)

    def _unclosed(self, before: int, end: int) -> None:
        """A block of whole calls without its end marker."""
        status = self._unclosed_status(end)
        if len(self.attempts) == before:
            self._attempt(status, (self.position, end), _UNCLOSED)
        for index in range(before, len(self.attempts)):
            if self.attempts[index].status == "ok":
                self.attempts[index] = replace(
                    self.attempts[index], status=status, call=None, detail=_UNCLOSED
                )
        self._cut("block", end)

    def _unclosed_status(self, end: int) -> Status:
        cut_off = self.context.finish_reason == "length" and end == len(self.text)
        return "truncated" if cut_off else "unclosed"


_BY_POSITION = "an argument by position has no name"
_SEPARATOR = re.compile(r"[ \t]*+(?:\r?\n|,|;)\s*+")
