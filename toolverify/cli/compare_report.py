"""What `toolverify compare` prints: for a person in 80 columns, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.cli.score import figures
from toolverify.explain import BAD, ERROR, GOOD, HEAD, NOTE, PATH, number
from toolverify.flips import STATES, Comparison, Contrast, Example, Flips
from toolverify.rows import Tally, to_json
from toolverify.styled import Span, StyledLine, columns, phrase, wrap, written
from toolverify.verifier import Verifier

_NAME = 30  # columns for a profile's name
_MOST_CODES = 12
_TOTALS = ("scored", "bad", "unscorable", "passed", "mean_reward")


def report(
    verifiers: Sequence[Verifier], labels: Sequence[str], total: Comparison, examples: int
) -> tuple[StyledLine, ...]:
    """The report for a person."""
    shown = [phrase(label, _NAME) for label in labels]
    lines = [*_profiles(verifiers, shown, total)]
    for label, tally, error in zip(shown, total.tallies, total.first_errors, strict=True):
        lines += _bad(label, tally, error)
    for contrast in total.contrasts:
        lines += _contrast(contrast, shown[contrast.first], shown[contrast.second], examples)
    return tuple(lines)


def _profiles(verifiers: Sequence[Verifier], shown: Sequence[str], total: Comparison) -> Iterator[StyledLine]:
    yield (Span(f"rows {total.rows}", HEAD),)
    wide = max(len("profile"), *[columns(label) for label in shown])
    yield (Span(f"{'profile':{wide}}  scored     bad  unsc.    mean      passed", NOTE),)
    for verifier, label, tally in zip(verifiers, shown, total.tallies, strict=True):
        known = figures(verifier, tally)
        counts = "".join([f"{known[key]:>8}" for key in ("scored", "bad")]) + f"{known['unscorable']:>7}"
        rates = (
            f"{known['mean_reward']:>8.4f}{known['passed']:>9} {known['pass_rate']:>6.1%}"
            if known["scored"]
            else ""
        )
        yield (Span(_padded(label, wide), HEAD), Span(f"{counts}{rates}"))


def _padded(text: str, wide: int) -> str:
    return text + " " * (wide - columns(text))


def _bad(label: str, tally: Tally, error: str) -> list[StyledLine]:
    """Bad rows are told with the first error; that all are bad most often means that a profile is the wrong one."""
    if not tally.bad:
        return []
    many = "every row is bad" if tally.bad == tally.rows else _rows(tally.bad, "is bad", "are bad")
    return wrap([Span(f"{many} for {label}", ERROR), Span(f": {phrase(error)}")], 2)


def _rows(count: int, one: str, several: str) -> str:
    return f"1 row {one}" if count == 1 else f"{count} rows {several}"


def _contrast(contrast: Contrast, first: str, second: str, examples: int) -> Iterator[StyledLine]:
    yield ()
    yield (Span(first, HEAD), Span(" against "), Span(second, HEAD))
    yield from _table(contrast, first, second)
    if contrast.other_reward:
        alike = _rows(contrast.other_reward, "comes out alike", "come out alike")
        yield (Span(f"  {alike} with another reward"),)
    yield from _flips(contrast.lost, first, second, examples)
    yield from _flips(contrast.gained, second, first, examples)
    if not contrast.scored_by_both:
        yield (Span("  no row was scored under both", ERROR),)
    elif not contrast.lost.rows and not contrast.gained.rows:
        yield (Span("  no row passes under one and fails under the other", GOOD),)


def _table(contrast: Contrast, first: str, second: str) -> Iterator[StyledLine]:
    """How often each way to come out under the first met each under the second; ways that never came are left out."""
    rows = [state for state in STATES if any(contrast.table[state, other] for other in STATES)]
    across = [state for state in STATES if any(contrast.table[other, state] for other in STATES)]
    wide = columns(first) + 12
    if rows:
        yield (Span(f"  {'':{wide}} {phrase(second, 40)}", NOTE),)
        yield (Span(f"  {'':{wide}}" + "".join([f"{state:>11}" for state in across]), NOTE),)
    for index, state in enumerate(rows):
        name = _padded(first if index == 0 else "", columns(first))
        spans = [Span(f"  {name} {state:11}", NOTE)]
        for other in across:
            flips = {state, other} == {"passed", "failed"} and contrast.table[state, other]
            spans.append(Span(f"{contrast.table[state, other]:>11}", "bold yellow" if flips else ""))
        yield tuple(spans)


def _flips(flips: Flips, passing: str, failing: str, examples: int) -> Iterator[StyledLine]:
    if not flips.rows:
        return
    rows = _rows(flips.rows, "passes", "pass")
    fails = "fails" if flips.rows == 1 else "fail"
    yield from wrap(
        [
            Span(f"  {rows} under ", HEAD),
            Span(passing, f"{HEAD} {GOOD}"),
            Span(f" and {fails} under ", HEAD),
            Span(failing, f"{HEAD} {BAD}"),
        ],
        4,
    )
    common = flips.codes.most_common(_MOST_CODES)
    for code, count in common:
        yield (Span(f"  {count:>8}  "), Span(phrase(code, 60)))
    if len(flips.codes) > len(common):
        yield (Span(f"            and {len(flips.codes) - len(common)} more codes", NOTE),)
    for example in flips.shown(examples):
        yield from _example(example)


def _example(example: Example) -> list[StyledLine]:
    id_ = phrase(example.id, 30) if isinstance(example.id, str) else written(example.id, 30)
    place = f"{phrase(example.file, 30)}:{example.line}" if example.file else f"line {example.line}"
    head = f"{place}, id {id_}" if example.id is not None else place
    before, after = example.rewards
    return wrap(
        [
            Span("    "),
            Span(head, PATH),
            Span(f": {number(before)} → {number(after)}, {phrase(example.reason, 100)}"),
        ],
        6,
    )


def report_json(
    verifiers: Sequence[Verifier], labels: Sequence[str], total: Comparison, examples: int
) -> str:
    """The report for a program."""
    profiles = [
        {"label": label, **figures(verifier, tally), "first_error": error or None}
        for verifier, label, tally, error in zip(
            verifiers, labels, total.tallies, total.first_errors, strict=True
        )
    ]
    pairs = [_contrast_json(contrast, labels, examples) for contrast in total.contrasts]
    return to_json({"rows": total.rows, "profiles": profiles, "pairs": pairs}).decode()


def _contrast_json(contrast: Contrast, labels: Sequence[str], examples: int) -> Mapping[str, Any]:
    first, second = labels[contrast.first], labels[contrast.second]
    return {
        "first": first,
        "second": second,
        "table": {state: {other: contrast.table[state, other] for other in STATES} for state in STATES},
        "other_reward": contrast.other_reward,
        "flips": [
            {"passed": first, "failed": second, **_flips_json(contrast.lost, (first, second), examples)},
            {"passed": second, "failed": first, **_flips_json(contrast.gained, (first, second), examples)},
        ],
    }


def _flips_json(flips: Flips, order: tuple[str, str], examples: int) -> Mapping[str, Any]:
    return {
        "rows": flips.rows,
        "codes": dict(flips.codes.most_common()),
        "examples": [
            {
                "id": example.id,
                "line": example.line,
                **({"file": example.file} if example.file else {}),
                "rewards": dict(zip(order, example.rewards, strict=True)),
                "reason": example.reason,
            }
            for example in flips.shown(examples)
        ],
    }
