"""The released tests, one rule each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify import Finding, Outcome
from toolverify.calls import View
from toolverify.rules import CallsRule
from toolverify_tool_n1.reading import ReleaseReply, released

_PASS = Outcome(1.0)
_COMPARE = CallsRule()
_NOTHING_READ = Outcome(0.0)  # rule `read` tells why


def _fail(code: str, path: str, message: str, *, got: Any = None, source_code: str | None = None) -> Outcome:
    return Outcome(0.0, (Finding(code, "error", path, message, got=got, source_code=source_code),))


@dataclass(frozen=True)
class SurvivesRule:
    """The released code would not raise."""

    name: ClassVar[str] = "tool-n1-survives"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 0 where it would, and say what it would raise."""
        raised = released(view.reply).raised
        if not raised:
            return _PASS
        message = f"the released code raises {raised} here and ends the training step"
        return _fail("tool-n1.reference_raises", "attempts[0]", message, source_code=raised)


@dataclass(frozen=True)
class ThinkRule:
    """Both think tags occur in the text, anywhere and in any order."""

    name: ClassVar[str] = "tool-n1-think"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 where they do; where silence counts as an empty list, it needs no thought."""
        reply = released(view.reply)
        if reply.tags or reply.silent:
            return _PASS
        return _fail("tool-n1.no_think", "reply", "<think> and </think> do not both occur")


@dataclass(frozen=True)
class ReadRule:
    """There is a block, and it is JSON."""

    name: ClassVar[str] = "tool-n1-read"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 where a value was read."""
        reply = released(view.reply)
        if reply.outcome == "items":
            return _PASS
        if not reply.attempts:
            return _fail("tool-n1.no_block", "reply", "no <tool_call> block")
        attempt = reply.attempts[0]
        return _fail("tool-n1.unread", "attempts[0]", attempt.detail, got=attempt.raw)


@dataclass(frozen=True)
class ItemsRule:
    """Every element of the list is an object with `name` and `arguments`, of whatever type."""

    name: ClassVar[str] = "tool-n1-items"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 where all are; nothing read is nothing wrong here."""
        for index, item in enumerate(released(view.reply).items):
            if not item.complete:
                return _fail(
                    "tool-n1.incomplete", f"attempts[{index}]", "no object with 'name' and 'arguments'"
                )
        return _PASS


@dataclass(frozen=True)
class CallsLevel:
    """1 where calls and answer are the same multiset, 0.5 where only their names are, else 0."""

    name: ClassVar[str] = "tool-n1-calls"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True
    fails_when_unequal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Compare."""
        reply = released(view.reply)
        if view.match.exact and len(reply.items) == len(view.calls) and reply.outcome == "items":
            return _PASS
        if reply.outcome != "items":
            return _NOTHING_READ
        findings = _COMPARE(view).findings
        return Outcome(0.5 if _names_match(reply, view) else 0.0, findings)


def _names_match(reply: ReleaseReply, view: View) -> bool:
    names = [item.name for item in reply.items]
    if not names or not all(isinstance(name, str) for name in names):
        return False
    return sorted(names) == sorted([call.name for call in view.expected])
