"""What a run came to, in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolverify.styled import phrase
from toolverify_trl.report.record import CategoryRate, Evaluation, RunRecord
from toolverify_trl.report.standings import DECODINGS, Progress, progress

_MOST_CODES = 5
_MOST_CATEGORIES = 8
_NAME_ROOM = 40


def headline(record: RunRecord) -> str:
    """The rates before and after with their intervals, the categories, and the commonest failures."""
    return "\n".join(_lines(record, progress(record)))


def _lines(record: RunRecord, made: Progress) -> Iterator[str]:
    run = record.run
    state = "" if record.finished else " (not finished)"
    yield f"{phrase(run.plan, _NAME_ROOM)}, {phrase(run.profile.name, _NAME_ROOM)}, seed {run.seed}{state}"
    told = [phrase(standing.label(), 2 * _NAME_ROOM) for standing in (made.before, made.after) if standing]
    if not told:
        yield "no held-out tasks have been judged yet"
        return
    yield f"held-out tasks, {' -> '.join(told)}"
    for decoding in DECODINGS:
        yield from _rates(decoding, [judged.evaluation for judged in made.judged(decoding)])
    yield from _parts([judged.evaluation for judged in made.main()])


def _rates(decoding: str, made: Sequence[Evaluation]) -> Iterator[str]:
    if made:
        told = " -> ".join([_rate(one) for one in made])
        sizes = " and ".join([str(size) for size in dict.fromkeys([one.n for one in made])])
        yield f"{decoding + ':':8} {told} of {sizes}"


def _rate(made: Evaluation) -> str:
    return f"{100 * made.passed:.1f} % [{100 * made.low:.1f}, {100 * made.high:.1f}]"


def _parts(made: Sequence[Evaluation]) -> Iterator[str]:
    """The categories and the commonest failures of one way of decoding."""
    names = sorted({name for one in made for name in one.categories})
    told = [_category(name, [one.categories for one in made]) for name in names[:_MOST_CATEGORIES]]
    if told:
        yield f"by category, {made[-1].decoding}: {_listed(told, len(names))}"
    ranked = commonest([one.codes for one in made])
    codes = [_code(code, [one.codes for one in made]) for code in ranked[:_MOST_CODES]]
    if codes:
        yield f"failures, {made[-1].decoding}: {_listed(codes, len(ranked))}"


def _category(name: str, made: Sequence[Mapping[str, CategoryRate]]) -> str:
    rates = [f"{100 * rates[name].passed:.1f}" if name in rates else "-" for rates in made]
    return f"{phrase(name, _NAME_ROOM)} {' -> '.join(rates)} %"


def _code(code: str, made: Sequence[Mapping[str, int]]) -> str:
    return f"{phrase(code, _NAME_ROOM)} {' -> '.join([str(codes.get(code, 0)) for codes in made])}"


def _listed(told: list[str], count: int) -> str:
    more = [f"and {count - len(told)} more"] if count > len(told) else []
    return ", ".join([*told, *more])


def commonest(made: Sequence[Mapping[str, int]]) -> list[str]:
    """The codes of evaluations, those that tell of the most failures in any of them first."""
    most = {code: max([codes.get(code, 0) for codes in made]) for known in made for code in known}
    return sorted([code for code in most if most[code]], key=lambda code: (-most[code], code))
