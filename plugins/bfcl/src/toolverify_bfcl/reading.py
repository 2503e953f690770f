"""The format of BFCL's prompt mode: a list of calls in Python, Java or JavaScript syntax, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from toolverify.calls import Attempt, Case, Context, Reply, Segment, Status, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import Fault, PythonCalls
from toolverify.limits import Limits
from toolverify_bfcl.decoded import BfclReply, DecodedCall
from toolverify_bfcl.java_calls import read_java_calls
from toolverify_bfcl.javascript_calls import read_javascript_calls
from toolverify_bfcl.kinds import language_of
from toolverify_bfcl.python_calls import read_python_calls

_STRIPPED = "`\n "
_LOOKS_LIKE_CALLS = re.compile(r"\s*+(?:\[|[\w.]++\()")
_WRITER = PythonCalls("bfcl-prompt")
_STATUSES: dict[str, Status] = {
    "invalid": "invalid_json",
    "pending": "truncated",
    "limit_exceeded": "limit_exceeded",
}


@dataclass(frozen=True)
class BfclPrompt:
    """`[f(a=1), g(b="x")]`, read as BFCL's decoder reads it; the category of the context tells the language."""

    name: str = "bfcl-prompt"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text: wholly, or not at all."""
        read = _READERS[language_of(context.category).name]
        inner = completion.strip(_STRIPPED)
        start = completion.find(inner)
        opened = inner.startswith("[")
        text = f"{'' if opened else '['}{inner}{'' if inner.endswith(']') else ']'}"
        offset = start - (not opened)
        try:
            found = read(text, case.limits)
        except Fault as fault:
            return _unread(completion, fault, context)
        if found is None:
            return _wrong_format(completion)
        if len(found) > case.limits.attempts:
            return _unread(
                completion, Fault("limit_exceeded", f"more than {case.limits.attempts} attempts", 0), context
            )
        return _reply(completion, found, offset)

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a list of calls in Python syntax, beside which nothing may stand."""
        if reasoning is not None or content:
            raise RenderError(f"{self.name} writes calls and nothing else", path="content")
        _refuse_names([call.name for call in calls])
        return _WRITER.render(calls)


_READERS: dict[str, Callable[[str, Limits], list[DecodedCall] | None]] = {
    "python": read_python_calls,
    "java": read_java_calls,
    "javascript": read_javascript_calls,
}


def _refuse_names(names: list[str]) -> None:
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise RenderError(f"{name!r} is no dotted name of Python", path="calls", mend=json.dumps(name))


def _reply(completion: str, found: list[DecodedCall], offset: int) -> Reply:
    attempts = []
    for decoded in found:
        begin, end = (max(0, place + offset) for place in decoded.span)
        raw = completion[begin:end]
        attempts.append(Attempt("ok", raw, (begin, begin + len(raw)), decoded.call, decoded.call.name))
    segments = (Segment("block", completion),) if completion else ()
    return BfclReply(None, "", tuple(attempts), segments)


def _unread(completion: str, fault: Fault, context: Context) -> Reply:
    """A text that does not decode: a broken attempt where it begins like calls, else content."""
    decoding: Any = "beyond" if fault.status == "limit_exceeded" else "failed"
    if not completion:
        return BfclReply(None, "", (), (), decoding=decoding, reason=fault.detail)
    if not _LOOKS_LIKE_CALLS.match(completion.lstrip(_STRIPPED)) and decoding == "failed":
        segments = (Segment("content", completion),)
        return BfclReply(None, completion, (), segments, decoding=decoding, reason=fault.detail)
    cut_off = fault.status == "pending" or context.finish_reason == "length"
    status = _STATUSES["pending" if cut_off and decoding == "failed" else fault.status]
    attempt = Attempt(status, completion, (0, len(completion)), detail=fault.detail)
    return BfclReply(
        None, "", (attempt,), (Segment("block", completion),), decoding=decoding, reason=fault.detail
    )


def _wrong_format(completion: str) -> Reply:
    reason = "it decodes to something else than calls"
    segments = (Segment("content", completion),) if completion else ()
    return BfclReply(None, completion, (), segments, decoding="wrong_format", reason=reason)
