"""A verdict in words: what it is worth, every finding with its path and values, and which calls were paired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.calls import Finding, Pair, Verdict
from toolverify.differences import (
    MOST_VALUES,
    OTHER_ORDER,
    Difference,
    differences_and_cost,
    first_difference,
    nature,
)
from toolverify.styled import WIDTH, Span, StyledLine, as_text, phrase, wrap, written

ERROR, NOTE, GOOD, BAD, PATH, HEAD = "bold red", "dim", "green", "red", "cyan", "bold"
_LABELLED = 13  # the column where values stand, behind their labels
_VALUE_ROOM = 3 * (WIDTH - _LABELLED)
_LINE_ROOM = WIDTH - _LABELLED
_BEFORE, _BEHIND = 60, 100  # characters shown around the place where two long texts begin to differ
_MOST_FINDINGS = 100
_MOST_DIFFERENCES = 12
_MOST_PAIRS = 24
_ROOM_FOR_ALL = 5 * MOST_VALUES  # nested values compared for one explanation


def explain(verdict: Verdict) -> str:
    """The explanation as plain text."""
    return as_text(explanation(verdict))


def explanation(verdict: Verdict, *, pairs: bool = True) -> tuple[StyledLine, ...]:
    """The reward, the scores and parts, every finding, and the pairs: errors first, then what costs nothing."""
    errors = [finding for finding in verdict.findings if finding.level == "error"]
    notes = [finding for finding in verdict.findings if finding.level != "error"]
    lines = [_headline(verdict)]
    lines += _numbers("scores", verdict.scores)
    lines += _numbers("parts", verdict.parts)
    lines += _findings(errors)
    lines += _findings(notes)
    if pairs:
        lines += pair_lines(verdict.pairs)
    return tuple(lines)


def _headline(verdict: Verdict) -> StyledLine:
    if verdict.reward is None:
        return (Span("not scorable: a part of the profile raised", ERROR),)
    passed = Span("passed", f"{HEAD} {GOOD}") if verdict.passed else Span("not passed", ERROR)
    return (Span(f"reward {number(verdict.reward)}", HEAD), Span(", "), passed)


def number(value: Any) -> str:
    """A score or a reward, short; `-` where there is none."""
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else written(value, 12)


def _numbers(label: str, numbers: Mapping[str, Any]) -> list[StyledLine]:
    told = "  ".join([f"{phrase(name, 40)} {number(value)}" for name, value in numbers.items()])
    return wrap([Span(f"  {label:6}  "), Span(told)], 10) if told else []


def _findings(findings: Sequence[Finding]) -> Iterator[StyledLine]:
    room = _ROOM_FOR_ALL
    for finding in findings[:_MOST_FINDINGS]:
        found, cost = _nested(finding, min(room, MOST_VALUES))
        room -= cost
        yield from _finding(finding, found)
    if len(findings) > _MOST_FINDINGS:
        yield (Span(f"  and {len(findings) - _MOST_FINDINGS} more", NOTE),)


def _nested(finding: Finding, room: int) -> tuple[tuple[Difference, ...] | None, int]:
    """Where two nested values differ, if a comparison decided between them and more than their order differs."""
    both = (finding.expected, finding.got)
    if finding.comparison is None or not all([isinstance(value, dict | list | tuple) for value in both]):
        return None, 0
    if nature(*both) == OTHER_ORDER:
        return None, 0
    return differences_and_cost(*both, finding.path, finding.comparison, room)


def _finding(finding: Finding, found: tuple[Difference, ...] | None) -> Iterator[StyledLine]:
    error = finding.level == "error"
    title = [
        Span(f"  {phrase(finding.level, 12):5} ", ERROR if error else NOTE),
        Span(phrase(finding.code), HEAD if error else NOTE),
    ]
    where = [Span(" @ "), Span(phrase(finding.path), PATH)] if finding.path else []
    yield from wrap([*title, *where], 8)
    if finding.message:
        yield from wrap([Span(f"    {phrase(finding.message)}", "" if error else NOTE)], 4)
    room = _LINE_ROOM if found else _VALUE_ROOM
    expected, got = _around_the_difference(finding.expected, finding.got)
    if expected is not None:
        yield from value_lines("expected", expected, GOOD, room)
    if got is not None:
        yield from value_lines("got", got, BAD if error else "", room)
    yield from _how_compared(finding)
    yield from _difference_lines(found or ())


def _around_the_difference(expected: Any, got: Any) -> tuple[Any, Any]:
    """Two values as they are, or of two long texts the stretch where they begin to differ."""
    if not isinstance(expected, str) or not isinstance(got, str):
        return expected, got
    place = first_difference(expected, got)
    if place is None or max(len(expected), len(got)) <= _VALUE_ROOM:
        return expected, got
    return _stretch(expected, place), _stretch(got, place)


def _stretch(text: str, place: int) -> str:
    start, end = max(0, place - _BEFORE), place + _BEHIND
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (end < len(text))}"


def value_lines(label: str, value: Any, style: str = "", room: int = _VALUE_ROOM) -> list[StyledLine]:
    """A value behind its label, on as few lines as it needs."""
    return wrap([Span(f"    {label:8} "), Span(written(value, room), style)], _LABELLED)


def _how_compared(finding: Finding) -> Iterator[StyledLine]:
    said = []
    if finding.comparison is not None:
        kind = nature(finding.expected, finding.got) if None not in (finding.expected, finding.got) else ""
        said = ["compared", f"as {phrase(finding.comparison, 40)}{': ' * bool(kind)}{kind}"]
        yield from wrap([Span(f"    {said[0]:8} "), Span(said[1])], _LABELLED)
    if finding.source_code is not None:
        yield from wrap([Span("    source   "), Span(phrase(finding.source_code))], _LABELLED)


_DIFFERENCE_STYLES = {"changed": "yellow", "missing": GOOD, "added": BAD}


def _difference_lines(found: Sequence[Difference]) -> Iterator[StyledLine]:
    for difference in found[:_MOST_DIFFERENCES]:
        head = Span(f"    {difference.kind:8} ", _DIFFERENCE_STYLES[difference.kind])
        yield from wrap([head, Span(phrase(difference.path), PATH), *_sides(difference)], _LABELLED)
    if len(found) > _MOST_DIFFERENCES:
        yield (Span(f"    and {len(found) - _MOST_DIFFERENCES} more differences", NOTE),)


def _sides(difference: Difference) -> list[Span]:
    if difference.kind == "missing":
        return [Span(": "), Span(written(difference.expected), GOOD)]
    if difference.kind == "added":
        return [Span(": "), Span(written(difference.got), BAD)]
    kind = nature(difference.expected, difference.got)
    return [
        Span(": expected "),
        Span(written(difference.expected), GOOD),
        Span(", got "),
        Span(written(difference.got), BAD),
        Span(f" ({kind})" if kind else ""),
    ]


def pair_lines(pairs: Sequence[Pair]) -> list[StyledLine]:
    """Which call was paired with which expected call; of many, those that are not equal come first."""
    if not pairs:
        return []
    shown = pairs if len(pairs) <= _MOST_PAIRS else sorted(pairs, key=lambda pair: pair.equal)[:_MOST_PAIRS]
    lines: list[StyledLine] = [(Span("pairs", HEAD),)]
    for pair in shown:
        lines += wrap([Span("  "), *pair_spans(pair)], 4)
    if len(pairs) > len(shown):
        lines.append((Span(f"  and {len(pairs) - len(shown)} more, {_kinds(pairs)} in all", NOTE),))
    return lines


def pair_spans(pair: Pair) -> list[Span]:
    """A pair in words."""
    call, expected = Span(f"calls[{pair.call}]", PATH), Span(f"expected[{pair.expected}]", PATH)
    if pair.expected is None:
        return [call, Span(" stands alone: "), Span("not expected", BAD)]
    if pair.call is None:
        return [expected, Span(" stands alone: "), Span("not made", BAD)]
    told = Span("equal", GOOD) if pair.equal else Span("not equal", BAD)
    return [call, Span(" with "), expected, Span(": "), told, Span(f", score {number(pair.score)}")]


def _kinds(pairs: Sequence[Pair]) -> str:
    kinds = Counter(
        [
            "alone" if None in (pair.call, pair.expected) else "equal" if pair.equal else "not equal"
            for pair in pairs
        ]
    )
    return ", ".join([f"{count} {kind}" for kind, count in sorted(kinds.items())])
