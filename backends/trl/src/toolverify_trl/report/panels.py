"""The panels of a picture: a measure of training, passes, and failures by code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolverify.findings import CODES
from toolverify_trl.report.drawing import Theme, drawable
from toolverify_trl.report.headline import commonest
from toolverify_trl.report.record import RunRecord
from toolverify_trl.report.series import Points, Timeline, logged, placed_standings, running_mean, window
from toolverify_trl.report.standings import DECODINGS, Judged, Standing

_MOST_CODES = 6
_FEW_POINTS = 400  # up to so many, a point is easily seen
_CEILINGS = (20, 50)  # percent: for curves at the very bottom of 100; the legend has its place above
_STAGES = {"sft": "imitation (SFT)", "grpo": "GRPO"}
_NAMES = {"sampled": "held-out, sampled", "greedy": "held-out, greedy"}


def draw_measure(
    axes: Any, record: RunRecord, line: Timeline, theme: Theme, *, measure: str, title: str
) -> None:
    """A measure of training, each step a point, and its running mean."""
    points = logged(record, line, measure)
    _draw_training(axes, points, theme, label="")
    axes.set_title(title)
    _finish(axes, line, theme)


def draw_passes(axes: Any, record: RunRecord, line: Timeline, theme: Theme, *, label: str) -> None:
    """The share that passed: in training as points with a running mean, held out with error bars."""
    training = logged(record, line, "passed")
    percent = Points(training.x, tuple([100 * value for value in training.y]))
    _draw_training(axes, percent, theme, label=label)
    for decoding, side in zip(DECODINGS, (-1, 1), strict=True):
        _draw_held_out(axes, placed_standings(record, line), line, theme, decoding=decoding, side=side)
    axes.set_title("Completions that pass, in percent")
    ceiling = next((limit for limit in _CEILINGS if axes.dataLim.y1 < 0.6 * limit), 100)
    axes.set_ylim(-0.02 * ceiling, 1.02 * ceiling)  # marks at the edges are not cut
    _finish(axes, line, theme)


def _draw_training(axes: Any, points: Points, theme: Theme, label: str) -> None:
    if not points.x:
        return
    few = len(points.x) <= _FEW_POINTS
    style = {"markersize": 4.5 if few else 2.5, "alpha": 0.6 if few else 0.25}
    axes.plot(points.x, points.y, ".", color=theme.training, markeredgewidth=0, **style)
    size = window(len(points.y))
    axes.plot(
        points.x,
        running_mean(points.y),
        color=theme.training,
        linewidth=1.8,
        label=f"{label}each step, mean of {size}" if size > 1 else f"{label}each step",
    )


def _draw_held_out(
    axes: Any,
    placed: Sequence[tuple[float, Standing]],
    line: Timeline,
    theme: Theme,
    *,
    decoding: str,
    side: int,
) -> None:
    """Rates with their intervals; the two ways of decoding stand side by side, so that both can be seen."""
    made = [(x, found) for x, standing in placed if (found := standing.of(decoding)) is not None]
    if not made:
        return
    aside = side * 0.005 * max(line.length, 1)
    rates = [100 * found.passed for _, found in made]
    below = [max(0.0, 100 * (found.passed - found.low)) for _, found in made]
    above = [max(0.0, 100 * (found.high - found.passed)) for _, found in made]
    axes.errorbar(
        [x + aside for x, _ in made],
        rates,
        yerr=[below, above],
        color=theme.of(decoding),
        fmt="o-" if decoding == "sampled" else "s--",
        markersize=5,
        linewidth=1.4,
        elinewidth=1.2,
        capsize=3,
        label=f"{_NAMES[decoding]}, with 95 % interval",
    )


def _finish(axes: Any, line: Timeline, theme: Theme) -> None:
    """The axis of steps, and a thin line where another stage begins."""
    axes.set_xlabel(f"steps of {_STAGES.get(line.use, line.use)}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    _explain(axes)
    margin = 0.025 * max(line.length, 1)
    axes.set_xlim(-margin, max(line.length, 1) + margin)
    for stage, offset in line.offsets.items():
        if 0 < offset < line.length:
            axes.axvline(offset, color=theme.faint, linewidth=0.8, linestyle=":")
            axes.text(
                *(offset, 0.98, f" {drawable(stage, 24)}"),
                transform=axes.get_xaxis_transform(),
                va="top",
                fontsize=8,
                color=theme.faint,
            )
    if not axes.has_data():
        say(axes, theme, "nothing has been logged yet")


def _explain(axes: Any) -> None:
    """The legend, at the right, above or below what the curves come to."""
    last = [float(line.get_ydata()[-1]) for line in axes.get_lines() if len(line.get_ydata())]
    if last:
        low, high = axes.get_ylim()
        rises = sum(last) / len(last) > (low + high) / 2
        axes.legend(loc="lower right" if rises else "upper right")


def say(axes: Any, theme: Theme, words: str) -> None:
    """Words in the midst of an empty panel."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=theme.faint)


def draw_failures(axes: Any, known: Sequence[Judged], theme: Theme) -> None:
    """Which share of the held-out tasks fails for what, before and after."""
    ranked = commonest([judged.evaluation.codes for judged in known])
    codes = ranked[:_MOST_CODES][::-1]
    axes.set_title(_failures_title(len(codes), len(ranked), known[-1].evaluation.decoding if known else ""))
    if not codes:
        axes.set_axis_off()
        say(axes, theme, "no failures were found" if known else "no held-out tasks have been judged yet")
        return
    height = 0.76 / len(known)
    for index, judged in enumerate(known):
        places = [row + 0.38 - height * (index + 0.5) for row in range(len(codes))]
        colour = theme.before if judged.side == "before" else theme.sampled
        _draw_bars(axes, places, height, judged, codes, colour=colour)
    _finish_failures(axes, codes)


def _draw_bars(
    axes: Any, places: list[float], height: float, judged: Judged, codes: Sequence[str], *, colour: str
) -> None:
    made = judged.evaluation
    shares = [100 * made.codes.get(code, 0) / max(made.n, 1) for code in codes]
    label = drawable(judged.standing.label())
    bars = axes.barh(places, shares, height=0.92 * height, color=colour, label=label)
    axes.bar_label(bars, [f"{share:.1f}" for share in shares], padding=2.5, fontsize=7.5)


def _finish_failures(axes: Any, codes: Sequence[str]) -> None:
    axes.set_yticks(range(len(codes)), [_code_in_words(code) for code in codes])
    axes.tick_params(axis="y", labelcolor=axes.xaxis.label.get_color())
    axes.set_xlabel("percent of the tasks; one may fail for several reasons")
    axes.margins(x=0.08, y=0.02)
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles, labels, loc="lower right")


def _failures_title(shown: int, count: int, decoding: str) -> str:
    which = f"the {shown} commonest of {count}" if count > shown else ""
    told = ", ".join([part for part in (which, f"held-out, {decoding}" if decoding else "") if part])
    return f"Why completions fail{' (' if told else ''}{told}{')' if told else ''}"


def _code_in_words(code: str) -> str:
    """What a code of the core means, and another code as it is."""
    return CODES[code].meaning.rstrip(".") if code in CODES else drawable(code)
