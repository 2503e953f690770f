"""What the rules see of one completion, for a person to look at."""

from __future__ import annotations

from typing import Any

from toolverify.calls import Case, Context, View
from toolverify.fresh_stack import with_room
from toolverify.parts import Parts
from toolverify.reading import read_completion
from toolverify.verify import best_match, coerce


def examine(parts: Parts, completion: Any, case: Case, context: Context) -> View:
    """Read and match as scoring does. A part that raises, raises here."""
    return with_room(_view, parts, completion, case, context)


def _view(parts: Parts, completion: Any, case: Case, context: Context) -> View:
    reply = read_completion(parts.format, completion, case, context)
    typed, changes = coerce(parts, reply, case) if parts.coerces else (reply.calls, ())
    judge = parts.judge.for_case(case)
    match = best_match(parts, typed, case, context, judge)
    return View(reply, typed, case, match, context, judge, changes)
