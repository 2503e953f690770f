"""The report of a run: one page that needs nothing beside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from toolverify.styled import phrase
from toolverify_trl.report.curve import curve_png, loss_png
from toolverify_trl.report.drawing import DARK, LIGHT, Shape, Theme
from toolverify_trl.report.example_section import examples_section
from toolverify_trl.report.examples import all_examples, turns
from toolverify_trl.report.markup import Html, counted, element
from toolverify_trl.report.record import RunRecord
from toolverify_trl.report.run_section import evaluations_section, run_section, training_section
from toolverify_trl.report.sections import categories_section, codes_section, rates_section, shown_codes
from toolverify_trl.report.standings import progress

_WIDE, _NARROW = Shape(9.6, 4.2, dpi=150), Shape(4.4, 4.0, dpi=170, stacked=True)
_LOSS_WIDE, _LOSS_NARROW = Shape(9.6, 2.6, dpi=150), Shape(4.4, 2.6, dpi=170)
_IS_NARROW, _IS_DARK = "(max-width: 640px)", "(prefers-color-scheme: dark)"

_HOW = """\
Held-out tasks only judge. That none of them is trained on is for the files of tasks to see to.
Sampled: one completion a task, at the temperature of the GRPO stage, which is 1 unless the plan says otherwise. \
Greedy: one completion a task, always the likeliest token.
A completion passes when every gate of the profile is met. The verifier decides by rules; no model judges.
The intervals are 95 % Wilson intervals of one evaluation. They tell how far the rate could be off for tasks like \
these. They do not tell how much another seed of the training would differ.
“Before” is where the model stood when GRPO began, or when training began in a run without GRPO; “after” is the last \
time that it was judged.""".splitlines()


def write_report(record: RunRecord, path: Path) -> None:
    """Write the report.

    Raises:
        PlanError: matplotlib is not installed.
    """
    path.write_text(_page(record), encoding="utf-8")


def _page(record: RunRecord) -> str:
    title = f"{phrase(record.run.plan, 80)}, seed {record.run.seed}: training report"
    style = Html(files(__package__).joinpath("page.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", style),
    )
    return f"<!doctype html>\n{element('html', head, _body(record), lang='en')}\n"


def _body(record: RunRecord) -> Html:
    made = progress(record)
    known = made.main()
    examples = all_examples(record, known)
    main = element(
        "main",
        _header(record),
        rates_section(made, turns(examples)),
        _curve(record),
        categories_section(made),
        codes_section(known),
        examples_section(examples, known, set(shown_codes(known))),
        training_section(record, _loss(record)),
        evaluations_section(record),
        run_section(record),
        _how_it_came_about(record),
    )
    return element("body", main)


def _header(record: RunRecord) -> Html:
    run = record.run
    state = "finished" if record.finished else "not finished: the figures are those so far"
    told = [
        f"profile {phrase(run.profile.name, 60)}",
        phrase(run.model.source, 80),
        f"seed {run.seed}",
        state,
    ]
    return element(
        "header",
        element("p", "Training report", class_="eyebrow"),
        element("h1", phrase(run.plan, 120)),
        element("p", phrase(run.summary, 600), class_="lead") if run.summary else Html(),
        element("p", " · ".join([part for part in told if part]), class_="which"),
    )


def _curve(record: RunRecord) -> Html:
    picture = _picture(
        "Rewards in training and passes on held-out tasks, by step",
        (_WIDE, _NARROW),
        lambda shape, theme: curve_png(record, shape, theme),
    )
    return element("section", element("h2", "The curve"), picture)


def _loss(record: RunRecord) -> Html:
    """The loss of imitation, where the curve above is another one."""
    uses = {step.use for step in record.steps}
    if not {"sft", "grpo"} <= uses:
        return Html()
    return _picture(
        "Loss of imitation, by step",
        (_LOSS_WIDE, _LOSS_NARROW),
        lambda shape, theme: loss_png(record, shape, theme),
    )


def _picture(words: str, shapes: tuple[Shape, Shape], draw: Callable[[Shape, Theme], bytes]) -> Html:
    """A picture for wide and narrow screens, light and dark ones."""
    wide, narrow = shapes
    sources = [
        element("source", media=f"{_IS_NARROW} and {_IS_DARK}", srcset=_data(draw(narrow, DARK))),
        element("source", media=_IS_NARROW, srcset=_data(draw(narrow, LIGHT))),
        element("source", media=_IS_DARK, srcset=_data(draw(wide, DARK))),
    ]
    shown = element("img", src=_data(draw(wide, LIGHT)), alt=words)
    return element("picture", *sources, shown)


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _how_it_came_about(record: RunRecord) -> Html:
    lost = f"What could not be read in the logs is left out: {counted(record.skipped, 'line')}."
    points = [
        *_HOW,
        f"This is one run with one seed, {record.run.seed}.",
        *([lost] if record.skipped else []),
    ]
    items = [element("li", point) for point in points]
    return element("footer", element("h2", "How the figures came about"), element("ul", *items))
