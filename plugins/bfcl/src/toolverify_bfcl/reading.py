"""The format of BFCL's prompt mode: a list of calls in Python, Java or JavaScript syntax, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from msgspec import Struct

from toolverify.calls import Attempt, Case, Context, Reply, Segment, Status, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import Fault, PythonCalls
from toolverify.limits import Limits
from toolverify_bfcl.decoded import BfclReply, DecodedCall, Decoding
from toolverify_bfcl.java_calls import read_java_calls
from toolverify_bfcl.javascript_calls import read_javascript_calls
from toolverify_bfcl.kinds import language_of
from toolverify_bfcl.python_calls import read_python_calls

_STRIPPED = "`\n "
_LOOKS_LIKE_CALLS = re.compile(r"\s*+(?:\[|[\w.]++\()")
_STATUSES: dict[str, Status] = {
    "invalid": "invalid_json",
    "pending": "truncated",
    "limit_exceeded": "limit_exceeded",
}


class Thought(Struct, frozen=True):
    """The reasoning that a completion begins with, if it does, and where the rest begins."""

    text: str | None = None
    end: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class BfclPrompt:
    """`[f(a=1), g(b="x")]`, read as BFCL's decoder reads it; the category of the context tells the language.

    Attributes:
        think_start: The marker before reasoning, which is cut off first, as BFCL's handlers of reasoning models do.
        think_end: The marker after it.
    """

    name: str = "bfcl-prompt"
    think_start: str = "<think>"
    think_end: str = "</think>"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text: wholly, or not at all."""
        thought = self._thought(completion, context)
        rest = completion[thought.end :]
        inner = rest.strip(_STRIPPED)
        opened = inner.startswith("[")
        text = f"{'' if opened else '['}{inner}{'' if inner.endswith(']') else ']'}"
        try:
            found = _READERS[language_of(context.category).name](text, case.limits)
            if found is not None and len(found) > case.limits.attempts:
                raise Fault("limit_exceeded", f"more than {case.limits.attempts} attempts", 0)  # noqa: TRY301  # one way out
        except Fault as fault:
            return _unread(completion, thought, fault, context)
        if found is None:
            reason = "it decodes to something else than calls"
            return _made(completion, thought, (), decoding="wrong_format", reason=reason)
        offset = thought.end + rest.find(inner) - (not opened)
        return _made(completion, thought, tuple([_attempt(completion, one, offset) for one in found]))

    def _thought(self, completion: str, context: Context) -> Thought:
        """The reasoning, where the text begins with it or the prompt has opened it."""
        begin = len(completion) - len(completion.lstrip())
        opened = completion.startswith(self.think_start, begin)
        if not (opened or context.reasoning_open):
            return Thought()
        begin = begin + len(self.think_start) if opened else 0
        close = completion.find(self.think_end, begin)
        if close < 0:
            return Thought(completion[begin:], len(completion), ("reasoning_unclosed",))
        return Thought(completion[begin:close], close + len(self.think_end))

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write reasoning and a list of calls in Python syntax, beside which nothing may stand."""
        if content:
            raise RenderError(f"{self.name} writes calls and nothing beside them", path="content")
        for name in [call.name for call in calls]:
            if not all(part.isidentifier() for part in name.split(".")):
                raise RenderError(f"{name!r} is no dotted name of Python", path="calls")
        for name in [name for call in calls for name in call.arguments]:
            if iskeyword(name):
                raise RenderError(f"{name!r} is a reserved word of Python", path="calls")
        writer = PythonCalls(self.name, think_start=self.think_start, think_end=self.think_end)
        return writer.render(calls, reasoning=reasoning)


_READERS: dict[str, Callable[[str, Limits], list[DecodedCall] | None]] = {
    "python": read_python_calls,
    "java": read_java_calls,
    "javascript": read_javascript_calls,
}


def _attempt(completion: str, decoded: DecodedCall, offset: int) -> Attempt:
    begin, end = (max(0, place + offset) for place in decoded.span)
    raw = completion[begin:end]
    return Attempt("ok", raw, (begin, begin + len(raw)), decoded.call, decoded.call.name)


def _made(
    completion: str,
    thought: Thought,
    attempts: tuple[Attempt, ...],
    *,
    decoding: Decoding = "calls",
    reason: str = "",
) -> Reply:
    """A reply: what stands behind the reasoning is calls, or it is content."""
    rest = completion[thought.end :]
    is_block = bool(attempts) or decoding == "calls"
    pieces = [
        Segment("reasoning", completion[: thought.end]),
        Segment("block" if is_block else "content", rest),
    ]
    return BfclReply(
        reasoning=thought.text,
        content="" if is_block else rest,
        attempts=attempts,
        segments=tuple([piece for piece in pieces if piece.text]),
        flags=thought.flags,
        decoding=decoding,
        reason=reason,
    )


def _unread(completion: str, thought: Thought, fault: Fault, context: Context) -> Reply:
    """A text that does not decode: a broken attempt where it begins like calls, else content."""
    decoding: Decoding = "beyond" if fault.status == "limit_exceeded" else "failed"
    rest = completion[thought.end :]
    attempts: tuple[Attempt, ...] = ()
    if rest and (decoding == "beyond" or _LOOKS_LIKE_CALLS.match(rest.lstrip(_STRIPPED))):
        cut_off = decoding == "failed" and context.finish_reason == "length"
        status = _STATUSES["pending" if cut_off else fault.status]
        attempts = (Attempt(status, rest, (thought.end, len(completion)), detail=fault.detail),)
    return _made(completion, thought, attempts, decoding=decoding, reason=fault.detail)
