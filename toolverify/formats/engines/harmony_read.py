"""How `Harmony` reads any text, message by message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from toolverify.calls import Context, Reply, SegmentKind, Status, ToolCall
from toolverify.formats.engines.frame import UNCLOSED, FrameReading
from toolverify.formats.engines.items import as_attempt
from toolverify.formats.engines.json_value import Decoded, read_value
from toolverify.formats.engines.named_json_read import name_fault
from toolverify.limits import Limits

if TYPE_CHECKING:
    from toolverify.formats.engines.harmony import Harmony

START, CHANNEL, MESSAGE, CALL = "<|start|>", "<|channel|>", "<|message|>", "<|call|>"
_CONSTRAIN = "<|constrain|>"
_OPENERS = (START, CHANNEL, MESSAGE)
_ENDS = ("<|end|>", "<|return|>")
#: A recipient that the text begins with: the prompt has opened the message as far as its role.
_OPENED = re.compile(r"\s*+to=[^\s<]++\s*+(?=<\|(?:channel|constrain|message)\|>|\Z)")
_RECIPIENT = re.compile(r"(?:\A|[\s>])to=")
_WORD = re.compile(r"<\|constrain\|>\s*+[^\s<]*+|to=[^\s<]*+|[^\s<]++|\S")
_LONGEST_HEADER = 2_000  # of which no more is taken apart
_PEOPLE = ("assistant", "user", "all")


class Heading(Struct, frozen=True, gc=False):
    """What stands before the text of a message.

    Attributes:
        role: Who speaks.
        channel: The first word behind the channel's marker; empty where there is none.
        recipient: The tool it is for; None where it is for no tool.
        fault: What is wrong with it.
    """

    role: str
    channel: str
    recipient: str | None
    fault: str = ""


class HarmonyReading(FrameReading):
    """One pass over one text."""

    def __init__(self, format_: Harmony, text: str, limits: Limits, context: Context) -> None:
        super().__init__(text, limits, context, ("", ""))
        self.format = format_
        self.said: list[str] = []
        self.opened = _OPENED.match(text) is not None

    def reply(self) -> Reply:
        """Read to the end. Markers around content stand in its segments, and not in the content."""
        if self.context.reasoning_open and self._next_marker(self.past_space(0)) not in _OPENERS:
            self._thought(0)
        return msgspec.structs.replace(super().reply(), content="".join(self.said))

    def cut(self, kind: SegmentKind, end: int) -> None:
        """The text up to `end` is a segment of this kind; reading goes on behind it."""
        if kind == "content":
            self.said.append(self.text[self.position : end])
        super().cut(kind, end)

    def next_block(self, start: int) -> int:
        """The next message."""
        return 0 if start == 0 and self.opened else self.first_of(_OPENERS, start)

    def draft_end(self, begin: int, end: int) -> int:
        """Drafts are told apart where reasoning is read."""
        del begin
        return end

    def block(self, begin: int) -> None:
        """One message."""
        body = self.find(MESSAGE, begin)
        start = begin + len(START) * self.text.startswith(START, begin)
        stop = self.first_of((START, CALL, *_ENDS), start)
        if body >= stop:
            self._no_message(begin, stop)
            return
        heading = self._heading(self.text[start : min(body, start + _LONGEST_HEADER)], start - begin)
        body += len(MESSAGE)
        if heading.recipient is not None:
            self._call(heading, begin, body)
        elif heading.channel == self.format.reasoning_channel and heading.role == "assistant":
            self._thought(body)
        else:
            self._say(body)

    def _next_marker(self, position: int) -> str:
        """The marker that stands here, if any; one that is left out at the very beginning counts."""
        if position == self.past_space(0) and self.opened:
            return CHANNEL
        return next((marker for marker in _OPENERS if self.text.startswith(marker, position)), "")

    # Headings.

    def _heading(self, text: str, named: int) -> Heading:
        """Role, channel and recipient; a recipient may stand with either."""
        before, _, behind = text.partition(CHANNEL)
        words, more = _WORD.findall(before), _WORD.findall(behind)
        role = words.pop(0) if named and words and not words[0].startswith("to=") else "assistant"
        channel = more.pop(0) if more and not more[0].startswith(("to=", _CONSTRAIN)) else ""
        rest = [*words, *more]
        recipients = {word.removeprefix("to=") for word in rest if word.startswith("to=")} - set(_PEOPLE)
        others = [word for word in rest if not word.startswith("to=")]
        fault = ""
        if len(others) > 1 or CHANNEL in behind:
            fault = "more in the heading than a channel, a recipient and a type"
        elif len(recipients) > 1:
            fault = "more than one recipient"
        return Heading(role, channel, min(recipients, default=None), fault)

    def _no_message(self, begin: int, stop: int) -> None:
        """A heading without a text: a call, where it names a recipient, and otherwise content."""
        end = min(stop, self.find(CHANNEL, begin + 1)) if self.text.startswith(CHANNEL, begin) else stop
        end = max(end, begin + 1)
        if not _RECIPIENT.search(self.text[begin : min(end, begin + _LONGEST_HEADER)]):
            self.cut("content", end)
            return
        if end == len(self.text):
            self.refuse("truncated", (begin, end), "the text ends inside the heading of a call")
        else:
            end = self._past_end(end)
            self.refuse("wrong_dialect", (begin, end), f"a heading without {MESSAGE!r}")
        self.cut("block", end)

    def _past_end(self, position: int) -> int:
        """Behind the marker that ends a message, where one stands here."""
        for marker in (CALL, *_ENDS):
            if self.text.startswith(marker, position):
                return position + len(marker)
        return position

    # Reasoning and content.

    def _thought(self, body: int) -> None:
        """Reasoning, up to its end; a message drafted inside it is no message."""
        close = self.first_of((START, *_ENDS), body)
        if close == len(self.text):
            self.flags.append("reasoning_unclosed")
        self.reasoning.append(self.text[body:close])
        self._drafts(body, close)
        self.cut("reasoning", self._past_end(close))

    def _drafts(self, begin: int, end: int) -> None:
        """Calls drafted inside reasoning are recorded, up to the limit, and count for nothing."""
        for _ in range(self.limits.attempts):
            begin = self.find(CHANNEL, begin)
            if begin >= end:
                return
            call = min(self.find(CALL, begin) + len(CALL), end)
            heading = self.text[begin : min(self.find(MESSAGE, begin), begin + _LONGEST_HEADER, call)]
            if _RECIPIENT.search(heading):
                self.refuse("in_reasoning", (begin, call), "a call inside the reasoning does not count")
                begin = call
            else:
                begin += len(CHANNEL)

    def _say(self, body: int) -> None:
        """Text for the user, and whatever else is no call and no reasoning."""
        end = self.first_of((START, CHANNEL, CALL, *_ENDS), body)
        self.said.append(self.text[body:end])
        super().cut("content", self._past_end(end))

    # Calls.

    def _call(self, heading: Heading, begin: int, body: int) -> None:
        """A message to a tool."""
        name, flags = self._tool(heading.recipient or "", heading.channel)
        decoded, stop = read_value(self.text, self.past_space(body), self.limits)
        if not decoded.whole:
            self._broken(decoded, (begin, max(stop, body)), name)
            return
        status, end, detail = self._ending(stop)
        if status == "ok":
            status, detail = self._fault(heading, decoded, begin, name)
        if status == "ok":
            self._judge(decoded, (begin, end), name, flags + self._oddities(decoded, end))
        else:
            self.refuse(status, (begin, end), detail, name or None)
        super().cut("block", end)

    def _tool(self, recipient: str, channel: str) -> tuple[str, tuple[str, ...]]:
        """The tool's name; a recipient outside the namespace, or another channel, leaves open what is meant."""
        namespace = self.format.namespace
        usual = recipient.startswith(namespace) and channel == self.format.call_channel
        return recipient.removeprefix(namespace), () if usual else ("ambiguous",)

    def _oddities(self, decoded: Decoded, end: int) -> tuple[str, ...]:
        flags = ("duplicate_keys",) if decoded.duplicate_keys else ()
        return (*flags, "ambiguous") if self.text.endswith(_ENDS, 0, end) else flags

    def _fault(self, heading: Heading, decoded: Decoded, begin: int, name: str) -> tuple[Status, str]:
        """What is wrong with a call whose arguments were read to their end."""
        if decoded.status != "ok":
            return _status(decoded), decoded.detail
        if heading.fault or heading.role != "assistant":
            return "wrong_dialect", heading.fault or f"a call by {heading.role!r}"
        if not self.text.startswith(START, begin) and self.past_space(0) < begin:
            return "wrong_dialect", f"the message does not begin with {START!r}"
        return name_fault(name)

    def _judge(self, decoded: Decoded, span: tuple[int, int], name: str, flags: tuple[str, ...]) -> None:
        attempt = as_attempt({"name": name, "arguments": decoded.value}, "", span)
        if attempt.call is None:
            self.refuse(attempt.status, span, attempt.detail, name)
        else:
            self.accept(ToolCall(name, attempt.call.arguments), span, tuple(dict.fromkeys(flags)))

    def _ending(self, stop: int) -> tuple[Status, int, str]:
        """What stands behind the arguments. The end of the text will do: it is where the model was stopped."""
        place, text = self.past_space(stop), self.text
        if place == len(text):
            return "truncated" if self.cut_off else "ok", place, UNCLOSED
        if self._past_end(place) > place:
            return "ok", self._past_end(place), ""
        if len(text) - place < len("<|return|>") and any(
            [marker.startswith(text[place:]) for marker in (CALL, *_ENDS)]
        ):
            return "truncated" if self.cut_off else "unclosed", len(text), UNCLOSED
        if self._next_marker(place):
            return "unclosed", place, UNCLOSED
        return "invalid_json", self._resume(place), "text after the JSON value"

    def _broken(self, decoded: Decoded, span: tuple[int, int], name: str) -> None:
        """Arguments that cannot be read."""
        ended = self.first_of((CALL, *_ENDS, START), span[1]) < len(self.text)
        truncated = decoded.status == "pending" and (self.cut_off or not ended)
        status: Status = "truncated" if truncated else _status(decoded)
        end = len(self.text) if truncated else self._resume(span[1])
        self.refuse(status, (span[0], end), decoded.detail, name or None)
        super().cut("block", end)

    def _resume(self, position: int) -> int:
        """Where reading goes on behind a fault: behind the end of the message, or before the next one."""
        return self._past_end(self.first_of((CALL, *_ENDS, *_OPENERS), position))


def _status(decoded: Decoded) -> Status:
    return "limit_exceeded" if decoded.status == "limit_exceeded" else "invalid_json"
