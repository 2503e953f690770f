"""Rule `as-written`: prices what coercion had to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from toolverify.calls import Outcome, View
from toolverify.coerce import CAPPED
from toolverify.paths import split

_PASS = Outcome(1.0)


@dataclass(frozen=True)
class AsWrittenRule:
    """The calls are as their schemas want them, as they were written: the share of calls that coercion left alone.

    It has no findings of its own: every change is told anyway.
    """

    name: ClassVar[str] = "as-written"
    gate: ClassVar[bool] = False

    def __call__(self, view: View) -> Outcome:
        """Score 1 when nothing had to be changed."""
        if not view.changes:
            return _PASS
        changed = {split(change.path)[:2] for change in view.changes if change.reason != CAPPED}
        return Outcome(1 - len(changed) / len(view.calls))
