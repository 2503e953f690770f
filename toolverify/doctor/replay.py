"""The dry run: every gold is written as the model would have to write it, and scored; so is what is next to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, zip_longest

from msgspec import Struct

from toolverify.calls import Case, Context, Finding, ToolCall, Verdict
from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault, warning
from toolverify.doctor.golds import compiled, context_of
from toolverify.doctor.looking import Look
from toolverify.errors import RenderError, ToolverifyError
from toolverify.findings import CODES as FINDINGS
from toolverify.gold_calls import gold_calls
from toolverify.mutations import Mutation, every_mutation, plain
from toolverify.styled import written
from toolverify.verifier import Verifier

_THOUGHT = "The request needs exactly this."
_ANSWERED = "There is nothing to call here."
_TRIED = 24  # wrong replies for one row
_LOOKED_AT = 2_000  # mutations of one row among which these are chosen
_OF_A_KIND = 3
#: What is wrong whatever a reference forgives. The rest, such as a space behind a text, may be meant.
_GRAVE = {
    "call added",
    "call dropped",
    "call renamed",
    "member renamed",
    "text longer",
    "number plus one",
    "boolean flipped",
}
_MENDS = {
    "schema.violated": "Mend the value in the answer, or the tool's schema; or use a profile without rule `schema`.",
    "call.unknown_tool": "Add the tool to the row's tools, or mend the name in the answer.",
    "schema.no_tools": "Give the row its tools.",
}

Writer = Callable[[Sequence[ToolCall]], str]


class Tally(Struct):
    """What was tried and what came of it: golds, and replies next to them."""

    tried: int = 0
    passed: int = 0
    patterns: int = 0
    deep: int = 0
    failed: int = 0
    as_good: int = 0


class Trial(Struct, frozen=True):
    """A gold that was written and scored, and the way it was written."""

    write: Writer
    calls: tuple[ToolCall, ...]
    verdict: Verdict


def look_at_golds(setup: Setup) -> Look:
    """Each gold passes and earns more than what is wrong."""
    if not setup.rows:
        return Look("gold", "no rows", skipped=True)
    tally = Tally()
    faults = [found for index in range(len(setup.rows)) for found in _tried(setup, index, tally)]
    return Look("gold", _told(tally), tuple(faults), skipped=not tally.tried and not faults)


def _told(tally: Tally) -> str:
    told = ["no gold that can be tried"]
    if tally.tried:
        told = [f"{tally.passed} of {tally.tried} golds pass", f"{tally.failed} wrong replies do not"]
    told += [f"{tally.as_good} replies beside the gold are as good to the profile"] if tally.as_good else []
    told += [f"golds that are patterns, which nothing can write: {tally.patterns}"] if tally.patterns else []
    told += [f"golds that nest too deep to be tried: {tally.deep}"] if tally.deep else []
    return "; ".join(told)


def _tried(setup: Setup, index: int, tally: Tally) -> list[Fault]:
    """What is wrong with one row; a gold that nests too deep for the interpreter is counted as one."""
    try:
        return list(_replay(setup, index, tally))
    except RecursionError:
        tally.deep += 1
        return []


def _replay(setup: Setup, index: int, tally: Tally) -> Iterator[Fault]:
    try:
        case = compiled(setup, index)
    except ToolverifyError:  # the check of the rows tells
        return
    where, context = setup.place(index), context_of(setup, index)
    try:
        calls = gold_calls(case)
    except LookupError:
        tally.patterns += 1
        return
    tally.tried += 1
    trial = _best(setup.verifier, case, context, calls)
    if isinstance(trial, RenderError):
        yield fault("gold.unwritten", trial.problem, where=where, mend=trial.mend)
    elif trial.verdict.reward is None:
        yield _unscorable(trial.verdict, where)
    elif not trial.verdict.passed:
        yield _fails(trial.verdict, where)
    else:
        tally.passed += 1
        yield from _next_to_it(setup.verifier, case, context, trial, where, tally)


def _best(
    verifier: Verifier, case: Case, context: Context, calls: tuple[ToolCall, ...]
) -> Trial | RenderError:
    """The first way of writing the gold that passes; else what came of the first way at all."""
    first: Trial | RenderError | None = None
    for write in _writers(verifier, case, calls):
        try:
            text = write(calls)
        except RenderError as error:
            first = first or error
            continue
        trial = Trial(write, calls, verifier.score(text, case=case, context=context))
        if trial.verdict.passed:
            return trial
        first = trial if first is None or isinstance(first, RenderError) else first
    return first or RenderError("the format writes nothing", path="calls", mend="")


def _writers(verifier: Verifier, case: Case, gold: tuple[ToolCall, ...]) -> Iterator[Writer]:
    """With a thought, without one, and with a word to the user, as formats and data have it."""
    render = verifier.format.render
    yield lambda calls: render(calls, reasoning=_THOUGHT)
    yield render
    yield lambda calls: render(calls, reasoning=_THOUGHT, content=_ANSWERED)
    text = case.expected.text
    if text is not None:
        yield lambda calls: text if tuple(calls) == gold else render(calls, reasoning=_THOUGHT)


def _unscorable(verdict: Verdict, where: str) -> Fault:
    told = verdict.findings[-1].message if verdict.findings else "no part says why"
    return fault("gold.unscorable", told, where=where)


def _fails(verdict: Verdict, where: str) -> Fault:
    reason = next((finding for finding in verdict.findings if finding.level == "error"), None)
    if reason is None:
        low = ", ".join([f"{name} {score}" for name, score in verdict.scores.items() if score != 1])
        return fault("gold.fails", f"the gold does not pass, and no finding says why ({low})", where=where)
    told = f"{reason.code} @ {reason.path}: {reason.message}{_values(reason)}"
    return fault("gold.fails", told, where=where, mend=_mend(reason))


def _values(finding: Finding) -> str:
    sides = [("expected", finding.expected), ("got", finding.got)]
    told = ", ".join([f"{side} {written(value, 60)}" for side, value in sides if value is not None])
    return f" ({told})" if told else ""


def _mend(finding: Finding) -> str:
    if finding.code in _MENDS:
        return _MENDS[finding.code]
    known = FINDINGS.get(finding.code)
    return (
        f"{finding.code}: {known.mend}"
        if known
        else f"{finding.code}: see the README of the leaf that gives it"
    )


def _next_to_it(
    verifier: Verifier, case: Case, context: Context, trial: Trial, where: str, tally: Tally
) -> Iterator[Fault]:
    """Wrong replies: each must fail, unless the profile's matcher takes its calls for the expected ones."""
    found: list[Fault] = []
    failed = passed = 0
    for mutation in _chosen(trial.calls, case):
        calls = [ToolCall(**call) for call in mutation.calls]
        try:
            text = trial.write(calls)
        except RenderError:
            continue
        verdict = verifier.score(text, case=case, context=context)
        if verdict.passed and _as_good(verifier, text, case, context):
            tally.as_good += 1
            passed += 1
            continue
        tally.failed += not verdict.passed
        failed += not verdict.passed
        passed += bool(verdict.passed)
        found += _paid(verdict, trial.verdict, mutation, where)
    if passed and not failed:
        yield fault("gold.nothing_fails", f"{passed} wrong replies were tried, and all pass", where=where)
    else:
        yield from found


def _as_good(verifier: Verifier, text: str, case: Case, context: Context) -> bool:
    """Whether the matcher itself says that these are the expected calls."""
    return verifier.view(text, case=case, context=context).match.exact


def _paid(verdict: Verdict, gold: Verdict, mutation: Mutation, where: str) -> list[Fault]:
    if verdict.passed:
        give = fault if mutation.what in _GRAVE else warning
        return [
            give("gold.wrong_passes", f"{mutation.what}: {written(mutation.calls, 120)} passes", where=where)
        ]
    if verdict.reward is not None and gold.reward is not None and verdict.reward >= gold.reward:
        told = f"{mutation.what} earns {verdict.reward:g}, the gold {gold.reward:g}"
        return [warning("gold.wrong_pays", told, where=where)]
    return []


def _chosen(calls: Sequence[ToolCall], case: Case) -> list[Mutation]:
    """A few wrong replies of every kind."""
    if not calls:
        return [Mutation("call added", [{"name": _some_tool(case), "arguments": {}}])]
    kinds: dict[str, list[Mutation]] = {}
    for mutation in islice(every_mutation(plain(calls)), _LOOKED_AT):
        kinds.setdefault(mutation.what, []).append(mutation)
    turns = zip_longest(*[made[:_OF_A_KIND] for made in kinds.values()])  # one of each kind before a second
    return [mutation for turn in turns for mutation in turn if mutation is not None][:_TRIED]


def _some_tool(case: Case) -> str:
    try:
        return next(iter(case.tools or {}), "never_declared")
    except ToolverifyError:
        return "never_declared"
