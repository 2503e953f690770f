"""The part of a report that shows completions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.styled import phrase, written
from toolverify_trl.report.examples import TURNS, Example, chosen, turns
from toolverify_trl.report.markup import Html, cut, element, joined
from toolverify_trl.report.record import Sample, SampleFinding
from toolverify_trl.report.standings import Judged

_QUESTION = (600, 150)  # characters shown of the beginning and of the end
_COMPLETION = (1000, 300)
_CALL_ROOM = 600
_VALUE_ROOM = 240
_MOST_CALLS = 8
_MOST_FINDINGS = 6
_NOTE = (
    "Completions of held-out tasks. Of each kind, these are the first of each category in the file’s order: "
    "nobody picked them."
)


def examples_section(examples: Sequence[Example], known: Sequence[Judged], codes: set[str]) -> Html:
    """Completions by what became of their tasks; nothing where none were kept. `codes` have a row to point to."""
    if not examples:
        return Html()
    counts = turns(examples)
    labels = [judged.standing.label() for judged in known]
    groups = [
        _group(TURNS[turn], counts[turn], chosen(examples, turn), labels, codes)
        for turn in TURNS
        if counts[turn]
    ]
    return element(
        "section", element("h2", "What the model writes"), element("p", _NOTE, class_="note"), *groups
    )


def _group(title: str, count: int, shown: Sequence[Example], labels: Sequence[str], codes: set[str]) -> Html:
    head = element("h3", title, " ", element("span", f"{len(shown)} of {count:,}", class_="count"))
    return joined([head, *[_example(example, labels, codes) for example in shown]])


def _example(example: Example, labels: Sequence[str], codes: set[str]) -> Html:
    task = example.after
    told = [part for part in (phrase(_plain(task.id), 60), phrase(task.category or "", 40)) if part]
    samples = [sample for sample in (example.before, example.after) if sample is not None]
    sides = [
        _side(label, sample, codes) for label, sample in zip(labels[-len(samples) :], samples, strict=True)
    ]
    return element(
        "article",
        element("p", " · ".join(told), class_="which"),
        _labelled("Question", element("div", cut(_plain(task.question), *_QUESTION), class_="words")),
        _labelled("Expected", _expected(task.answer)),
        element("div", *sides, class_="sides"),
        class_="example",
    )


def _labelled(label: str, content: Html) -> Html:
    return element("div", element("h4", label), content, class_="labelled")


def _plain(value: Any) -> str:
    """A text as it is, and another value as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _expected(answer: Any) -> Html:
    """Each expected call on a line of its own."""
    if answer == []:
        return element("div", "no call", class_="words")
    calls = answer if isinstance(answer, list) else [answer]
    lines = [_call(call) for call in calls[:_MOST_CALLS]]
    more = [f"… and {len(calls) - _MOST_CALLS} more"] if len(calls) > _MOST_CALLS else []
    return element("pre", "\n".join([*lines, *more]))


def _call(call: Any) -> str:
    if isinstance(call, str):
        return phrase(call, _CALL_ROOM)
    if isinstance(call, Mapping) and set(call) == {"name", "arguments"} and isinstance(call["name"], str):
        return f"{phrase(call['name'], 80)} {written(call['arguments'], _CALL_ROOM)}"
    return written(call, _CALL_ROOM)


def _side(label: str, sample: Sample, codes: set[str]) -> Html:
    return element(
        "div",
        element("h4", label, " ", badge(sample)),
        element(
            "pre", cut(_plain(sample.completion), *_COMPLETION) or element("span", "(nothing)", class_="cut")
        ),
        *_reasons(sample.findings, codes),
        class_="side",
    )


def badge(sample: Sample) -> Html:
    """Whether a completion passed, in a word."""
    if sample.reward is None:
        return element("span", "not scorable", class_="badge")
    told, kind = ("passed", "good") if sample.passed else ("failed", "bad")
    return element("span", told, class_=f"badge {kind}")


def _reasons(findings: Sequence[SampleFinding], codes: set[str]) -> Iterator[Html]:
    """The findings that cost something; notes only where there are no others."""
    errors = [finding for finding in findings if finding.level == "error"]
    shown = (errors or list(findings))[:_MOST_FINDINGS]
    if shown:
        items = [_reason(finding, codes) for finding in shown]
        left_out = len(errors or findings) - len(shown)
        more = [element("li", f"and {left_out} more")] if left_out else []
        yield element("ul", *items, *more, class_="reasons")


def _reason(finding: SampleFinding, codes: set[str]) -> Html:
    code = element("code", phrase(finding.code, 60))
    linked = element("a", code, href=f"#{anchor(finding.code)}") if finding.code in codes else code
    where = [" at ", element("code", phrase(finding.path, 120))] if finding.path else []
    told = element("div", phrase(finding.message), class_="message") if finding.message else Html()
    return element("li", linked, *where, told, *_values(finding))


def _values(finding: SampleFinding) -> Iterator[Html]:
    for label, value in (("expected", finding.expected), ("got", finding.got)):
        if value is not None:
            told = element("code", written(value, _VALUE_ROOM))
            yield element("div", element("span", label, class_="label"), told, class_=f"value {label}")


def anchor(code: str) -> str:
    """The place of a code's row; an address has no spaces."""
    return f"code-{phrase(code, 80)}".replace(" ", "-")
