"""What the rules see of one sample, for a person to look at."""

from __future__ import annotations

from typing import Any

from toolverify.calls import Case, Context, View
from toolverify.fresh_stack import with_room
from toolverify.reading import ReadyCalls, read_completion
from toolverify.verifier import Verifier
from toolverify.verify import best_match, coerce


def examine(verifier: Verifier, completion: Any, calls: Any, case: Case, context: Context) -> View:
    """Read and match as scoring does. Only for a sample that could be scored: a part that raises, raises here."""
    return with_room(_view, verifier, completion if calls is None else ReadyCalls(calls), case, context)


def _view(verifier: Verifier, given: Any, case: Case, context: Context) -> View:
    parts = verifier.parts
    reply = read_completion(parts.format, given, case, context)
    typed, changes = coerce(parts, reply, case)
    match = best_match(parts, typed, case.expected)
    return View(reply, typed, case, match, context, parts.judge, changes)
