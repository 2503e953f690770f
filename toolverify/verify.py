"""The flow: completion → reply → calls → match → scores → verdict. It holds no other logic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from msgspec.structs import replace

from toolverify.calls import (
    Case,
    Change,
    Coerced,
    Context,
    Finding,
    Match,
    Reply,
    ToolCall,
    Verdict,
    View,
)
from toolverify.coerce import CAPPED, notes
from toolverify.fresh_stack import with_room
from toolverify.judge import CallJudge
from toolverify.parts import Parts
from toolverify.reading import read_completion

_MOST_FINDINGS = 100
_MOST_STEPS = 4_000  # values that coercion looks at in one reply; calls behind them stay as they are


Stops = Callable[[Reply, Case], bool]


def verify(parts: Parts, completion: Any, case: Case, context: Context) -> Verdict:
    """Score one completion. Never raises: a part that does makes the verdict unscorable, and is named in it."""
    try:
        return with_room(_verify, parts, completion, case, context, None)  # type: ignore[return-value]  # nothing stops it
    except RecursionError as error:
        return unscorable(parts, "scoring", error)


def verify_unless(
    parts: Parts, completion: Any, case: Case, context: Context, stops: Stops | None
) -> Verdict | None:
    """The same, but None where the reply alone settles what is wanted."""
    try:
        return with_room(_verify, parts, completion, case, context, stops)
    except RecursionError as error:
        return unscorable(parts, "scoring", error)


def _verify(
    parts: Parts, completion: Any, case: Case, context: Context, stops: Stops | None
) -> Verdict | None:
    stage = "format"
    try:
        reply = read_completion(parts.format, completion, case, context)
        if stops is not None and stops(reply, case):
            return None
        stage = "coercion"
        calls, changes = coerce(parts, reply, case) if parts.coerces else (reply.calls, ())
        stage = "matcher"
        judge = parts.judge.for_case(case) if case.defaults else parts.judge
        match = best_match(parts, calls, case, context, judge)
        view = View(reply, calls, case, match, context, judge, changes)
        scores: dict[str, float] = {}
        findings = notes(changes) if changes else []
        for slot in parts.slots:
            stage = slot.name
            outcome = slot.rule(view)
            score = scores[stage] = outcome.score
            if not 0.0 <= score <= 1.0:
                refuse(score)
            findings += outcome.findings
        stage = "combine"
        priced = price(parts, scores, context)
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001  # the one border: a foreign part may raise anything
        return unscorable(parts, stage, error)
    passed = all([scores[gate] == 1 for gate in parts.gates])
    return Verdict(sum(priced.values()), passed, scores, priced, cut(findings), match.pairs)  # type: ignore[arg-type]


def coerce(parts: Parts, reply: Reply, case: Case) -> tuple[tuple[ToolCall, ...], tuple[Change, ...]]:
    """The calls as their tools' schemas want them, as far as the work on one reply may go."""
    calls, tools = reply.calls, case.tools
    if tools is None:
        return calls, ()
    typed, changes, steps = list(calls), [], 0
    for index, call in enumerate(calls):
        if call.name not in tools:
            continue
        coerced = Coerced(call, capped=True)
        if steps < _MOST_STEPS:
            coerced = parts.coercion.coerce(call, tools[call.name])
        typed[index], steps = coerced.call, steps + coerced.steps
        if coerced.capped:
            changes.append(Change(f"calls[{index}].arguments", None, None, CAPPED))
        else:
            changes += [replace(change, path=f"calls[{index}].{change.path}") for change in coerced.changes]
    return tuple(typed), tuple(changes)


def best_match(
    parts: Parts, calls: Sequence[ToolCall], case: Case, context: Context, judge: CallJudge
) -> Match:
    """The pairing with the option of the answer that fits best: an exact one, else the most equal pairs."""
    matcher, options = parts.matcher, case.expected.options
    if parts.binds:
        matcher = matcher.bind(case, context)  # type: ignore[attr-defined]  # the optional half of the protocol
    best = matcher.pair(calls, options[0], judge)
    if len(options) == 1:
        return best
    for index in range(1, len(options)):
        if best.exact:
            break
        match = matcher.pair(calls, options[index], judge)
        if (match.exact, _worth(match)) > (best.exact, _worth(best)):
            best = replace(match, option=index)
    return best


def _worth(match: Match) -> tuple[float, int]:
    """How much of the calls is right, and where that is as much, how many have a partner at all."""
    paired = [pair for pair in match.pairs if pair.call is not None and pair.expected is not None]
    return sum([pair.score for pair in paired]) / max(len(match.pairs), 1), len(paired)


def refuse(score: float) -> NoReturn:
    """A rule's score is from 0 to 1; any other is an error of the rule."""
    raise ValueError(f"a score from 0 to 1 is due, got {score!r}")


def price(parts: Parts, scores: dict[str, float], context: Context) -> dict[str, float]:
    """The priced parts, whose names are the same on every sample."""
    priced = parts.combiner(scores, context)
    if tuple(priced) != parts.part_names:
        raise ValueError(f"the parts {list(parts.part_names)} are due, got {list(priced)}")
    return priced


def cut(findings: list[Finding]) -> tuple[Finding, ...]:
    """The findings, in bounds: a thousand wrong calls need no thousand reasons."""
    if len(findings) <= _MOST_FINDINGS:
        return tuple(findings)
    note = Finding("findings.cut", "note", "", f"only the first {_MOST_FINDINGS} findings are shown")
    return (*findings[:_MOST_FINDINGS], note)


def unscorable(parts: Parts, stage: str, error: Exception) -> Verdict:
    """A verdict that is neither right nor wrong, with all the keys of any other."""
    owner = next((slot.owner for slot in parts.slots if slot.name == stage), parts.owners.get(stage, ""))
    where = f"{stage} of {owner}" if owner else stage
    message = f"{where} raised {type(error).__name__}: {str(error)[:300]}"
    return Verdict(
        reward=None,
        passed=None,
        scores={slot.name: None for slot in parts.slots},
        parts=dict.fromkeys(parts.part_names),
        findings=(Finding("rule.raised", "error", stage, message),),
        pairs=(),
    )
