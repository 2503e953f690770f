"""The parts of a report that hold figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from toolverify.findings import CODES
from toolverify.styled import phrase
from toolverify_trl.report.example_section import anchor
from toolverify_trl.report.examples import TURNS, Turn
from toolverify_trl.report.headline import commonest
from toolverify_trl.report.markup import Html, element, joined, percent, table
from toolverify_trl.report.record import Evaluation
from toolverify_trl.report.standings import DECODINGS, Judged, Progress

_MOST_CODES = 24
_MOST_CATEGORIES = 40
_DECODED = {
    "sampled": ("Sampled", "one completion a task, drawn as in training"),
    "greedy": ("Greedy", "always the likeliest token"),
}
_TURN_CLASSES: Mapping[Turn, str] = {
    (True, True): "kept",
    (False, True): "won",
    (True, False): "lost",
    (False, False): "missed",
}


def rates_section(made: Progress, counts: Counter[Turn]) -> Html:
    """The rates of both ways of decoding, and what became of the tasks."""
    cards = [_card(decoding, judged) for decoding in DECODINGS if (judged := made.judged(decoding))]
    if not cards:
        return element("section", element("p", "No held-out tasks have been judged yet.", class_="note"))
    decoding = made.main()[-1].evaluation.decoding
    return element("section", element("div", *cards, class_="cards"), _turned(counts, decoding))


def _card(decoding: str, known: Sequence[Judged]) -> Html:
    title, meaning = _DECODED[decoding]
    made = [judged.evaluation for judged in known]
    return element(
        "div",
        element("h2", title, " ", element("small", meaning)),
        element("p", *_big(made), class_="big"),
        *[_interval(judged) for judged in known],
        _verdict(made),
        class_="card",
    )


def _big(made: Sequence[Evaluation]) -> Iterator[str]:
    yield element("span", percent(made[0].passed), class_="from" if len(made) > 1 else "to")
    if len(made) > 1:
        yield element("span", "→", class_="arrow")
        yield element("span", percent(made[1].passed), class_="to")
        yield element("span", f"{change(made[0].passed, made[1].passed)} points", class_="change")


def change(before: float, after: float) -> str:
    """A difference in percent points, with its sign."""
    return f"{100 * (after - before):+.1f}".replace("-", "−")  # the sign, not the hyphen


def _interval(judged: Judged) -> Html:
    """A rate and its interval on a line from 0 to 100, and both in words."""
    made = judged.evaluation
    band = f"left:{100 * made.low:.2f}%;width:{100 * max(0.0, made.high - made.low):.2f}%"
    track = element(
        "div",
        element("i", class_="band", style=band),
        element("i", class_="dot", style=f"left:{100 * made.passed:.2f}%"),
        class_=f"track {judged.side}",
    )
    figures = f"{round(made.passed * made.n):,} of {made.n:,}: {100 * made.low:.1f} to {percent(made.high)}"
    moment = element("span", phrase(judged.standing.label(), 80))
    return joined([track, element("p", moment, " ", element("span", figures), class_="told pair")])


def _verdict(made: Sequence[Evaluation]) -> Html:
    """What the intervals say of the difference."""
    told = "The band is the 95 % interval."
    if len(made) > 1:
        apart = made[0].high < made[1].low or made[1].high < made[0].low
        verdict = "do not overlap" if apart else "overlap: the difference may be chance"
        told = f"The bands are 95 % intervals; they {verdict}."
    return element("p", told, class_="told")


def _turned(counts: Counter[Turn], decoding: str) -> Html:
    """What became of the tasks that were judged both times."""
    parts = [turn for turn in _TURN_CLASSES if counts[turn]]
    if not parts:
        return Html()
    total = sum([counts[turn] for turn in parts])
    bar = [element("i", class_=_TURN_CLASSES[turn], style=f"flex:{counts[turn]}") for turn in parts]
    legend = [
        element("li", element("i", class_=_TURN_CLASSES[turn]), f"{TURNS[turn]}: {counts[turn]:,}")
        for turn in parts
    ]
    title = element("h3", f"What became of the {total:,} tasks, {decoding}")
    return joined([title, element("div", *bar, class_="turns"), element("ul", *legend, class_="legend")])


def categories_section(made: Progress) -> Html:
    """The rates of each category."""
    known = [judged for decoding in DECODINGS for judged in made.judged(decoding)]
    names = sorted({name for judged in known for name in judged.evaluation.categories})
    if not names:
        return Html()
    heads = [f"{judged.evaluation.decoding}, {judged.side}" for judged in known]
    rows = [_category_row(name, known) for name in names[:_MOST_CATEGORIES]]
    left_out = len(names) - len(rows)
    more = element("p", f"and {left_out} categories more", class_="note") if left_out else Html()
    content = table(["category", "tasks", *heads], rows)
    return element("section", element("h2", "By category"), content, more)


def _category_row(name: str, known: Sequence[Judged]) -> list[str]:
    rates = [judged.evaluation.categories.get(name) for judged in known]
    sizes = dict.fromkeys([rate.n for rate in rates if rate])
    cells = [percent(rate.passed) if rate else "–" for rate in rates]
    return [phrase(name, 60), " and ".join([f"{size:,}" for size in sizes]), *cells]


def shown_codes(known: Sequence[Judged]) -> list[str]:
    """The codes that have a row, the commonest first."""
    return commonest([judged.evaluation.codes for judged in known])[:_MOST_CODES]


def codes_section(known: Sequence[Judged]) -> Html:
    """What completions fail for, and what each code means."""
    if not known:
        return Html()
    title, codes = element("h2", "Why completions fail"), shown_codes(known)
    if not codes:
        return element("section", title, element("p", "No failures were found.", class_="note"))
    note = (
        f"Held-out tasks, {known[-1].evaluation.decoding}: completions that have a finding of that code which "
        "costs. One completion may have several."
    )
    keys = [joined([element("i", class_=f"key {judged.side}"), judged.side]) for judged in known]
    heads = ["code", *keys, "share of the tasks"]
    rows = [_code_row(code, known, _largest_share(codes, known)) for code in codes]
    return element("section", title, element("p", note, class_="note"), table(heads, rows), class_="codes")


def _share(code: str, judged: Judged) -> float:
    return judged.evaluation.codes.get(code, 0) / max(judged.evaluation.n, 1)


def _largest_share(codes: Sequence[str], known: Sequence[Judged]) -> float:
    return max([_share(code, judged) for code in codes for judged in known])


def _code_row(code: str, known: Sequence[Judged], largest: float) -> list[str]:
    meaning = CODES[code].meaning if code in CODES else "A code of the profile’s own parts."
    told = [element("code", phrase(code, 80), id=anchor(code)), element("div", meaning, class_="meaning")]
    counts = [judged.evaluation.codes.get(code, 0) for judged in known]
    bars = [_bar(_share(code, judged), judged.side, largest) for judged in known]
    return [joined(told), *[f"{count:,}" for count in counts], joined(bars)]


def _bar(share: float, side: str, largest: float) -> Html:
    """A bar that is as long as there is room for where it shows the largest share."""
    style = f"width:{70 * share / largest:.2f}%"
    return element("div", element("i", style=style), element("b", percent(share)), class_=f"bar {side}")
