"""Rules about the calls: `calls`, `names`, `arguments`, `count`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from toolverify.calls import ArgumentVerdict, Finding, Level, Outcome, Pair, View
from toolverify.paths import member

_PASS = Outcome(1.0)
_ENOUGH = 200  # findings: more than are shown


@dataclass(frozen=True)
class CallsRule:
    """The calls are the expected ones: the share of calls that equal their partner."""

    name: ClassVar[str] = "calls"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True
    fails_when_unequal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 when every call is paired with an equal one and none is left."""
        if view.match.exact and not view.match.surplus_is_free:
            return _PASS
        equal = sum([pair.equal for pair in view.match.pairs])
        score = 1.0 if view.match.exact else equal / _larger(view)
        return Outcome(score, tuple(islice(_differences(view), _ENOUGH)))


def _larger(view: View) -> int:
    """What a share is a share of: surplus calls cost as much as missing ones, unless the matcher lets them go."""
    counted = 0 if view.match.surplus_is_free else len(view.calls)
    return max(counted, len(view.expected), 1)


def _differences(view: View) -> Iterator[Finding]:
    if view.match.capped:
        yield Finding("match.capped", "note", "calls", "too many calls to compare each with each")
    for pair in view.match.pairs:
        if not pair.equal:
            yield from _pair_findings(view, pair)


def _pair_findings(view: View, pair: Pair) -> Iterator[Finding]:
    if pair.call is None and pair.expected is not None:
        want = view.expected[pair.expected]
        yield Finding(
            "call.missing", "error", f"expected[{pair.expected}]", f"no call to {want.name}", want.name
        )
    elif pair.expected is None and pair.call is not None:
        name = view.calls[pair.call].name
        level: Level = "note" if view.match.surplus_is_free else "error"
        yield Finding(
            "call.surplus", level, f"calls[{pair.call}]", f"the call to {name} is not expected", got=name
        )
    else:
        yield from _argument_findings(view, pair)


_ARGUMENT_MESSAGES = {
    "differs": "another value than expected",
    "missing": "an expected argument is missing",
    "surplus": "an argument that is not expected",
}


def _argument_findings(view: View, pair: Pair) -> Iterator[Finding]:
    for verdict in _verdicts(view, pair):
        if verdict.outcome != "equal":
            missing = verdict.outcome == "missing"
            place = f"expected[{pair.expected}]" if missing else f"calls[{pair.call}]"
            yield Finding(
                code=f"argument.{verdict.outcome}",
                level="error",
                path=member(f"{place}.arguments", verdict.name),
                message=_ARGUMENT_MESSAGES[verdict.outcome],
                expected=verdict.expected,
                got=_written(view, pair, verdict),
                comparison=verdict.comparison,
            )


def _written(view: View, pair: Pair, verdict: ArgumentVerdict) -> Any:
    """What the model wrote: the wire value, where coercion read it as another one."""
    if not view.changes or pair.call is None:
        return verdict.got
    return view.reply.calls[pair.call].arguments.get(verdict.name, verdict.got)


def _verdicts(view: View, pair: Pair) -> tuple[ArgumentVerdict, ...]:
    if pair.call is None or pair.expected is None:
        return ()
    verdicts: tuple[ArgumentVerdict, ...] = view.judge.arguments(
        view.calls[pair.call], view.expected[pair.expected]
    )
    return verdicts


@dataclass(frozen=True)
class ArgumentsRule:
    """The arguments of paired calls are right: the share of right ones, averaged over the calls."""

    name: ClassVar[str] = "arguments"
    gate: ClassVar[bool] = False
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 when every argument of every call is as expected."""
        if view.match.exact:
            return _PASS
        score = min(1.0, sum([_share(view, pair) for pair in view.match.pairs]) / _larger(view))
        found = (finding for pair in view.match.pairs for finding in _argument_findings(view, pair))
        findings = list(islice(found, _ENOUGH))
        nothing = not view.calls and not view.expected
        return Outcome(1.0 if nothing else score, tuple(findings))


def _share(view: View, pair: Pair) -> float:
    if pair.equal:
        return 1.0
    verdicts = _verdicts(view, pair)
    right = sum([verdict.outcome == "equal" for verdict in verdicts])
    return right / len(verdicts) if verdicts else 0.0


@dataclass(frozen=True)
class NamesRule:
    """The names of the calls are the expected ones, and exist where tools are given."""

    name: ClassVar[str] = "names"
    gate: ClassVar[bool] = False
    sure_when_equal: ClassVar[bool] = False
    reads_tools: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score the share of names that are right; a tool that is not offered is never right."""
        tools = view.case.tools
        got = Counter([call.name for call in view.calls if tools is None or call.name in tools])
        want = Counter([call.name for call in view.expected])
        score = (got & want).total() / _larger(view) if view.calls or view.expected else 1.0
        return Outcome(score, tuple(islice(_name_findings(view), _ENOUGH)))


def _name_findings(view: View) -> Iterator[Finding]:
    tools = view.case.tools
    for index, call in enumerate(view.calls):
        if tools is not None and call.name not in tools:
            path = f"calls[{index}].name"
            yield Finding(
                "call.unknown_tool", "error", path, f"no tool is named {call.name!r}", got=call.name
            )
    for pair in view.match.pairs:
        if pair.call is None or pair.expected is None:
            yield from _pair_findings(view, pair)


@dataclass(frozen=True)
class CountRule:
    """There are as many calls as expected."""

    name: ClassVar[str] = "count"
    gate: ClassVar[bool] = False
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score the smaller number over the larger one."""
        got, want = len(view.calls), len(view.expected)
        if got == want:
            return _PASS
        message = f"{got} calls instead of {want}"
        return Outcome(
            min(got, want) / max(got, want), (Finding("count.differs", "error", "calls", message, want, got),)
        )
