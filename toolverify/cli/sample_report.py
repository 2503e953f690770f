"""What `toolverify explain` prints of one sample: for a person in 80 columns, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from toolverify.calls import ArgumentVerdict, ExpectedCall, Pair, Reply, Verdict, View
from toolverify.errors import ToolverifyError
from toolverify.explain import BAD, ERROR, GOOD, HEAD, NOTE, PATH, explanation, pair_spans
from toolverify.findings import CODES
from toolverify.formats.engines.messages import content_text
from toolverify.judge import shown
from toolverify.rows import Line, Sample, to_json, verdict_to_dict
from toolverify.styled import WIDTH, Span, StyledLine, phrase, shortened, visible, wrap, written
from toolverify.verifier import Verifier

_MOST_SHOWN = 1_600  # characters of a text
_MOST_LINES = 24
_MOST_CALLS = 16
_MOST_ARGUMENTS = 20
_VALUE_ROOM = 2 * (WIDTH - 10)
_QUESTION_KEYS = ("messages", "prompt", "question", "query")


def report(verifier: Verifier, line: Line, row: Mapping[str, Any], sample: Sample) -> tuple[StyledLine, ...]:
    """The sample and its verdict for a person."""
    verdict, view = _scored(verifier, sample)
    lines = [*_head(verifier, line, row)]
    question = question_of(row)
    if question:
        lines += [*_section("question"), *_text(question)]
    lines += _completion(row)
    if view is not None:
        lines += [*_gold_text(view), *_attempts(view.reply), *_calls(view)]
    lines += [*_section("verdict"), *explanation(verdict, pairs=view is None)]
    return (*lines, *_meanings(verdict))


def _scored(verifier: Verifier, sample: Sample) -> tuple[Verdict, View | None]:
    """The verdict, and what the rules saw; a sample that could not be scored is not looked at again."""
    verdict = verifier.score(sample.completion, calls=sample.calls, case=sample.case, context=sample.context)
    if verdict.reward is None:
        return verdict, None
    view = verifier.view(sample.completion, calls=sample.calls, case=sample.case, context=sample.context)
    return verdict, view


def _head(verifier: Verifier, line: Line, row: Mapping[str, Any]) -> Iterator[StyledLine]:
    profile = (
        f"profile {phrase(verifier.profile.name, 60)} ({verifier.hash}), format {verifier.profile.format.use}"
    )
    yield from wrap([Span(_row_name(line, row), HEAD)], 2)
    yield from wrap([Span(profile, NOTE)], 2)


def _row_name(line: Line, row: Any) -> str:
    id_ = row.get("id") if isinstance(row, Mapping) else None
    told = phrase(id_, 100) if isinstance(id_, str) else written(id_, 100)
    return f"row in line {line.number}" if id_ is None else f"row {told}, line {line.number}"


def _section(title: str) -> Iterator[StyledLine]:
    yield ()
    yield (Span(title, HEAD),)


def question_of(row: Mapping[str, Any]) -> str:
    """What the user asked, where the row tells: the last message of a user, or a text."""
    for key in _QUESTION_KEYS:
        text = _asked(row.get(key))
        if text:
            return text
    return ""


def _asked(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    for message in reversed(value):
        if isinstance(message, list):  # turns, each a list of messages
            text = _asked(message)
        elif isinstance(message, Mapping) and message.get("role") == "user":
            text = content_text(message.get("content"))
        else:
            text = ""
        if text:
            return text
    return ""


def _text(text: str, style: str = "") -> Iterator[StyledLine]:
    """A text in its own lines, its middle left out where it is long."""
    half = _MOST_SHOWN // 2
    if len(text) > _MOST_SHOWN:
        text = f"{text[:half]}\n… {len(text) - _MOST_SHOWN} characters …\n{text[-half:]}"
    lines = text.split("\n") if text else []
    if len(lines) > _MOST_LINES:
        ends = _MOST_LINES // 2
        lines = [*lines[:ends], f"… {len(lines) - 2 * ends} lines …", *lines[-ends:]]
    for line in lines:
        yield from wrap([Span("  "), Span(visible(line), style)], 2)


def _completion(row: Mapping[str, Any]) -> Iterator[StyledLine]:
    completion = row.get("completion")
    if completion is None:
        yield from _section("completion: none, the calls came ready-made")
    elif isinstance(completion, str):
        yield from _section(f"completion, {len(completion)} characters")
        yield from _text(completion)
    else:
        yield from _section("completion")
        yield from wrap([Span("  "), Span(written(completion, 8 * WIDTH))], 2)


def _attempts(reply: Reply) -> Iterator[StyledLine]:
    """The attempts that are no calls; the others stand among the calls."""
    for index, attempt in enumerate(reply.attempts[:_MOST_CALLS]):
        if attempt.call is None:
            name = f" to {phrase(attempt.name, 60)}" if attempt.name else ""
            title = [Span(f"attempts[{index}]", PATH), Span(f"{name}: "), Span(attempt.status, BAD)]
            yield ()
            yield from wrap([*title, Span(f", {phrase(attempt.detail)}" if attempt.detail else "")], 2)
            yield from _raw(attempt.raw)


def _raw(text: str) -> list[StyledLine]:
    return wrap([Span("  "), Span(shortened(visible(text[:_MOST_SHOWN]), 3 * WIDTH - 12), NOTE)], 2)


def _gold_text(view: View) -> Iterator[StyledLine]:
    """The answer, where it is a whole completion."""
    gold = view.case.expected.text
    if gold is not None:
        yield from _section("answer")
        yield from _text(gold)


def _calls(view: View) -> Iterator[StyledLine]:
    options = len(view.case.expected.options)
    chosen = f", option {view.match.option + 1} of {options}" if options > 1 else ""
    read = "no call" if not view.calls else f"{len(view.calls)} call{'s' * (len(view.calls) > 1)}"
    wanted = "none" if not view.expected else str(len(view.expected))
    yield from _section(f"{read} read, {wanted} expected{chosen}")
    for pair in view.match.pairs[:_MOST_CALLS]:
        yield from _pair(view, pair)
    if len(view.match.pairs) > _MOST_CALLS:
        yield (Span(f"  and {len(view.match.pairs) - _MOST_CALLS} more pairs", NOTE),)


def _pair(view: View, pair: Pair) -> Iterator[StyledLine]:
    yield from wrap([Span("  "), *pair_spans(pair)], 4)
    if pair.call is None and pair.expected is not None:
        yield from _alone(view.expected[pair.expected])
    elif pair.expected is None and pair.call is not None:
        call = view.calls[pair.call]
        yield from _alone(ExpectedCall(call.name, call.arguments))
    elif pair.call is not None and pair.expected is not None:
        call, want = view.calls[pair.call], view.expected[pair.expected]
        other = [] if call.name == want.name else [Span(", expected "), Span(phrase(want.name), GOOD)]
        yield from wrap([Span("    "), Span(phrase(call.name), HEAD), *other], 6)
        verdicts = view.judge.arguments(call, want)
        for verdict in verdicts[:_MOST_ARGUMENTS]:
            yield from _argument(verdict)
        yield from _more_arguments(len(verdicts))


def _alone(call: ExpectedCall) -> Iterator[StyledLine]:
    yield from wrap([Span("    "), Span(phrase(call.name), HEAD)], 6)
    for name, value in list(call.arguments.items())[:_MOST_ARGUMENTS]:
        yield from wrap([Span(f"      {phrase(name)}  "), Span(written(shown(value), _VALUE_ROOM))], 10)
    yield from _more_arguments(len(call.arguments))


def _more_arguments(count: int) -> Iterator[StyledLine]:
    if count > _MOST_ARGUMENTS:
        yield (Span(f"      and {count - _MOST_ARGUMENTS} more arguments", NOTE),)


_MARKS = {"equal": ("=", ""), "differs": ("≠", BAD), "missing": ("−", BAD), "surplus": ("+", BAD)}


def _argument(verdict: ArgumentVerdict) -> list[StyledLine]:
    """One argument: `=` as expected, `≠` another value, `−` missing, `+` not expected."""
    mark, style = _MARKS[verdict.outcome]
    spans = [Span(f"    {mark} ", style), Span(f"{phrase(verdict.name)}  ")]
    if verdict.outcome == "missing":
        spans += [
            Span("missing", BAD),
            Span(", expected "),
            Span(written(verdict.expected, _VALUE_ROOM), GOOD),
        ]
    else:
        spans += [Span("left out, its default ")] if verdict.left_out else []
        spans.append(Span(written(verdict.got, _VALUE_ROOM), style))
    if verdict.outcome == "differs":
        spans += [Span(", expected "), Span(written(verdict.expected, _VALUE_ROOM), GOOD)]
    elif verdict.outcome == "surplus":
        spans.append(Span(", not expected"))
    return wrap(spans, 10)


def _meanings(verdict: Verdict) -> Iterator[StyledLine]:
    """What the codes of the errors mean, and what mends them; a leaf's codes stand in its README."""
    codes = dict.fromkeys(finding.code for finding in verdict.findings if finding.level == "error")
    known = [code for code in codes if code in CODES]
    if known:
        yield from _section("what the codes mean")
    for code in known:
        yield from wrap([Span(f"  {code}  ", HEAD), Span(f"{CODES[code].meaning} {CODES[code].mend}")], 4)


def report_of_bad_row(line: Line, row: Any, error: ToolverifyError) -> tuple[StyledLine, ...]:
    """A row that cannot be scored, and why."""
    name = wrap([Span(_row_name(line, row), HEAD), Span(" is bad", ERROR)], 2)
    return (*name, *wrap([Span(f"  {phrase(str(error))}")], 2), *_raw(line.text.decode("utf-8", "replace")))


def report_json(verifier: Verifier, line: Line, row: Mapping[str, Any], sample: Sample) -> str:
    """The verdict as one JSON object, with the calls that were read and those that are expected."""
    verdict, view = _scored(verifier, sample)
    known = {
        "id": row.get("id"),
        "line": line.number,
        "profile": verifier.profile.name,
        "hash": verifier.hash,
        **verdict_to_dict(verdict),
    }
    if view is not None:
        known["calls"] = [msgspec.to_builtins(call) for call in view.calls]
        known["expected"] = [
            {"name": call.name, "arguments": {key: shown(value) for key, value in call.arguments.items()}}
            for call in view.expected
        ]
    return to_json(known).decode()
