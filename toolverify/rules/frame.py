"""Rule `format`: the reply has the form that its format prescribes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from toolverify.calls import Attempt, Finding, Outcome, Reply, View

_PASS = Outcome(1.0)
_NOT_JUDGED = Finding("format.not_judged", "note", "", "the calls came ready-made: there is no text to judge")
_FRAME_FLAGS = {
    "several_blocks": "more than one block of calls, where one list holds all",
    "single_object": "a single call, where a list of calls is due",
}


def _is_sound(reply: Reply) -> bool:
    """Whether nothing at all is odd, whatever the options: the most common case."""
    if reply.flags or not reply.attempts or reply.parsed:
        return False
    for attempt in reply.attempts:
        if attempt.status != "ok" or attempt.flags:
            return False
    return not reply.content or reply.content.isspace()


Flag = Literal["duplicate_keys", "extra_keys", "ambiguous", "several_blocks", "single_object"]


@dataclass(frozen=True)
class FormatRule:
    """Every attempt is well-formed, and nothing but white space stands around the calls.

    Attributes:
        silence: Whether a reply without any call block has the form. Then, and only then, it may hold text.
        text: Whether text may stand beside calls.
        allow: Flags that cost nothing: `duplicate_keys`, `extra_keys`, `ambiguous`, `several_blocks`,
            `single_object`.
    """

    name: ClassVar[str] = "format"
    gate: ClassVar[bool] = True
    judges_reply: ClassVar[bool] = True
    silence: bool = False
    text: Literal["none", "any"] = "none"
    allow: tuple[Flag, ...] = ()
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 where nothing is wrong, else 0."""
        if _is_sound(view.reply):
            return _PASS
        findings = tuple(self._findings(view.reply))
        if not findings:
            return _PASS
        return Outcome(0.0 if any([finding.level == "error" for finding in findings]) else 1.0, findings)

    def _findings(self, reply: Reply) -> Iterator[Finding]:
        for index, attempt in enumerate(reply.attempts):
            if attempt.status != "ok" or attempt.flags:
                yield from self._attempt(index, attempt)
        if reply.parsed:
            yield _NOT_JUDGED
            return
        for flag in reply.flags:
            if flag in _FRAME_FLAGS and flag not in self.allow:
                yield Finding(f"format.{flag}", "error", "reply", _FRAME_FLAGS[flag])
        blocks = any([segment.kind == "block" for segment in reply.segments])
        if not blocks and not self.silence:
            yield Finding(
                "format.silence", "error", "reply", "no call block: an empty one says that no call is right"
            )
        if blocks and self.text == "none" and not (not reply.content or reply.content.isspace()):
            yield Finding("format.text", "error", "reply.content", "text beside the calls", got=reply.content)

    def _attempt(self, index: int, attempt: Attempt) -> Iterator[Finding]:
        path = f"attempts[{index}]"
        if attempt.status != "ok":
            level: Literal["error", "note"] = "note" if attempt.status == "in_reasoning" else "error"
            message = attempt.detail or attempt.status
            yield Finding(f"attempt.{attempt.status}", level, path, message, got=attempt.raw)
        for flag in attempt.flags:
            if flag not in self.allow:
                message = f"{flag.replace('_', ' ')} in the call"
                yield Finding(f"attempt.{flag}", "error", path, message, got=attempt.raw)
